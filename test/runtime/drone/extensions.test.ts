import { afterEach, describe, expect, test } from '@jest/globals';
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import {
  Extension,
  findSecret,
  listRegistries,
  listVariables,
  type ExtensionKind,
} from '../../../runtime/drone/extensions.ts';
import { decrypt, signedHeaders } from '../../../runtime/drone/signature.ts';
import { contextOf } from '../support.ts';
import { LimitClock } from './clocks.ts';
import { bodyOf, listen } from './fake-http.ts';

const TOKEN = 'bea26a2221fd8090ea38720fc445eca6';
const DATE = new Date(1_700_000_000_000);
const { repo, build } = contextOf();
const SUBJECT = { repo: { ...repo, uid: '5' }, build };
const never = new AbortController().signal;
const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(clean.splice(0).map(async (end) => end()));
});

test('the signature is the one that OpenSSL makes', () => {
  const body = '{"repo":{"id":1},"build":{"id":2}}';
  expect(signedHeaders(TOKEN, 'application/vnd.drone.env.v2+json', body, DATE)).toEqual({
    accept: 'application/vnd.drone.env.v2+json',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    date: 'Tue, 14 Nov 2023 22:13:20 GMT',
    digest: 'SHA-256=suJi4SqT4sUaPR5H2WB6X/GdO7Dt7yaBZSnZLVK6CKA=',
    signature:
      'keyId="hmac-key",algorithm="hmac-sha256",signature="wLnt9E+ZINqTMZrg16O1IvJyQlJxK3FwT0g/Qxv1FBs=",headers="accept accept-encoding content-type date digest"',
  });
});

test('an encrypted answer of another implementation is read, a changed one is not', () => {
  const answer = Buffer.from(
    'AAECAwQFBgcICQoLQ5ympRw1dSmGYqP1Dl4L3AFcmQtuY25DsbRvKo4Gv0gYmCt8G9rZ',
    'base64',
  );
  expect(decrypt(TOKEN, answer)).toBe('{"name":"a","data":"b"}');
  expect(decrypt(`${TOKEN} and more`, answer)).toBe('{"name":"a","data":"b"}');
  expect(decrypt('short', answer)).toBeUndefined();
  expect(decrypt(TOKEN, answer.subarray(0, 20))).toBeUndefined();
  answer.writeUInt8(answer.readUInt8(15) ^ 1, 15);
  expect(decrypt(TOKEN, answer)).toBeUndefined();
});

/** Whether a plug-in that has the token would take the request. */
function isSigned(headers: IncomingHttpHeaders, body: string): boolean {
  const signature = String(headers['signature']);
  const part = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(signature)?.[1] ?? '';
  const text = part('headers')
    .split(' ')
    .map((name) => `${name}: ${String(headers[name])}`)
    .join('\n');
  const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
  const expected = createHmac('sha256', TOKEN).update(text).digest('base64');
  return headers['digest'] === digest && part('signature') === expected;
}

interface Asked {
  readonly accept: string | undefined;
  readonly signed: boolean;
  readonly body: unknown;
}

/** A double of a plug-in, and an extension that asks it. */
async function plugin(kind: ExtensionKind, answer: RequestListener) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      const { headers } = request;
      const body: unknown = JSON.parse(text);
      asked.push({ accept: headers.accept, signed: isSigned(headers, text), body });
      answer(request, response);
    });
  });
  const http = await listen(server);
  const clock = new LimitClock();
  const extension = new Extension(kind, {
    endpoint: `${http.url}/ask?key=hidden`,
    token: TOKEN,
    tls: { skipVerify: false },
    environment: {},
    clock,
    date: () => DATE,
  });
  clean.push(async () => {
    await extension.close();
    await http.close();
  });
  return { asked, extension, clock };
}

const says =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.statusCode = status;
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

describe('what is asked and answered', () => {
  test('a secret', async () => {
    const answer = { name: 'token', data: 'value', pull_request: true };
    const { asked, extension } = await plugin('secret', says(200, answer));
    const wanted = { ...SUBJECT, path: 'kv/data/ci', name: 'token' };
    expect(await findSecret(extension, wanted, never)).toEqual(answer);
    expect(asked).toEqual([
      {
        accept: 'application/vnd.drone.secret.v1+json',
        signed: true,
        body: { path: 'kv/data/ci', name: 'token', ...SUBJECT },
      },
    ]);
  });

  test('registries', async () => {
    const answer = [{ address: 'r.io', username: 'me', password: 'p', token: '' }];
    const { asked, extension } = await plugin('registry', says(200, answer));
    expect(await listRegistries(extension, SUBJECT, never)).toEqual([
      { address: 'r.io', username: 'me', password: 'p' },
    ]);
    expect(asked).toEqual([
      { accept: 'application/vnd.drone.registry.v1+json', signed: true, body: SUBJECT },
    ]);
  });

  test('variables', async () => {
    const answer = [{ name: 'A', data: 'b', mask: true }, { name: 'C' }];
    const { asked, extension } = await plugin('env', says(200, answer));
    expect(await listVariables(extension, SUBJECT, never)).toEqual([
      { name: 'A', data: 'b', mask: true },
      { name: 'C', data: '', mask: false },
    ]);
    expect(asked).toEqual([
      { accept: 'application/vnd.drone.env.v2+json', signed: true, body: SUBJECT },
    ]);
  });

  test.each([
    { name: '204', answer: says(204, '') },
    { name: 'a secret without a value', answer: says(200, { name: 'token' }) },
    { name: 'null', answer: says(200, null) },
  ])('nothing: $name', async ({ answer }) => {
    const secret = await plugin('secret', answer);
    const wanted = { ...SUBJECT, path: 'a', name: 'token' };
    expect(await findSecret(secret.extension, wanted, never)).toBeUndefined();
  });

  test.each([says(204, ''), says(200, null), says(200, [])])('no entries', async (answer) => {
    const { extension } = await plugin('env', answer);
    expect(await listVariables(extension, SUBJECT, never)).toEqual([]);
    expect(await listRegistries(extension, SUBJECT, never)).toEqual([]);
  });

  test('an encrypted answer', async () => {
    const { extension } = await plugin('env', (_request, response) => {
      const nonce = Buffer.alloc(12, 7);
      const cipher = createCipheriv('aes-256-gcm', TOKEN, nonce);
      const text = cipher.update('[{"name":"A","data":"b"}]');
      response.setHeader('content-encoding', 'aesgcm');
      response.end(Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()]));
    });
    expect(await listVariables(extension, SUBJECT, never)).toEqual([
      { name: 'A', data: 'b', mask: false },
    ]);
  });
});

describe('what goes wrong', () => {
  const aes: RequestListener = (_request, response) => {
    response.setHeader('content-encoding', 'aesgcm');
    response.end('not encrypted with anything known');
  };
  test.each([
    { answer: says(400, 'Invalid Signature'), code: 'rejected', text: /400: Invalid Sig.*_TOKEN/ },
    { answer: says(500, `no ${TOKEN}`), code: 'rejected', text: /status 500: no \*{6}$/ },
    { answer: says(302, ''), code: 'rejected', text: /status 302$/ },
    { answer: says(200, '<html>'), code: 'bad-answer', text: /not JSON/ },
    { answer: says(200, { a: 1 }), code: 'bad-answer', text: /answer is not a list/ },
    { answer: says(200, [{ name: 7 }]), code: 'bad-answer', text: /variable\.name is not a text/ },
    { answer: aes, code: 'bad-answer', text: /cannot be decrypted; set DRONE_ENV_PLUGIN_TOKEN/ },
  ])('$code: $text', async ({ answer, code, text }) => {
    const { asked, extension } = await plugin('env', answer);
    const listing = listVariables(extension, SUBJECT, never);
    await expect(listing).rejects.toMatchObject({ code: `extension-${code}` });
    await expect(listing).rejects.toThrow(text);
    await expect(listing).rejects.toThrow(/^the env plug-in at http:\/\/127\.0\.0\.1:\d+\/ask /);
    await expect(listing).rejects.not.toThrow(/hidden/);
    expect(asked).toHaveLength(1);
  });

  test('a plug-in that breaks off', async () => {
    const { extension } = await plugin('env', (request) => request.socket.destroy());
    const listing = listVariables(extension, SUBJECT, never);
    await expect(listing).rejects.toMatchObject({ code: 'extension-unavailable' });
  });

  test('a plug-in that hangs, after a minute', async () => {
    let clock: LimitClock | undefined;
    const hanging = await plugin('env', () => clock?.expire());
    clock = hanging.clock;
    const listing = listVariables(hanging.extension, SUBJECT, never);
    await expect(listing).rejects.toThrow(/did not answer in 60 s/);
  });

  test('the signal ends a call', async () => {
    const stop = new AbortController();
    const { extension } = await plugin('env', () => stop.abort(new Error('stopped')));
    await expect(listVariables(extension, SUBJECT, stop.signal)).rejects.toThrow('stopped');
  });

  test.each(['', 'plugin:3000', 'file:///etc'])('the endpoint "%s"', (endpoint) => {
    const options = { endpoint, token: TOKEN, tls: { skipVerify: false }, environment: {} };
    expect(() => new Extension('secret', options)).toThrow(/DRONE_SECRET_PLUGIN_ENDPOINT/);
  });
});
