import { afterEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transport } from '../../../runtime/kube/transport.ts';
import { answer, failure, fakeApi, instantClock, portOf, type FakeApi } from './helpers.ts';

const PODS = '/api/v1/namespaces/ci/pods';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function start(listener: RequestListener): Promise<Transport> {
  api = await fakeApi(listener, { clock: instantClock(), random: () => 1 });
  return api.transport;
}

/** The first `times` requests fail by `fail`, later ones succeed. */
const failing =
  (times: number, fail: RequestListener): RequestListener =>
  (request, response) => {
    times -= 1;
    if (times >= 0) fail(request, response);
    else answer(response, 200, { fine: true });
  };

describe('requests', () => {
  test('send JSON with the credentials and read JSON', async () => {
    const seen: unknown[] = [];
    const transport = await start((request, response) => {
      seen.push(request.method, request.url, request.headers.authorization);
      seen.push(request.headers['content-type']);
      answer(response, 201, { metadata: { name: 'a' } });
    });
    const body = { kind: 'Pod' };
    const query = { dryRun: 'All' };
    const pod = await transport.request('POST', PODS, { body, query });
    expect(pod).toEqual({ metadata: { name: 'a' } });
    expect(seen).toEqual(['POST', `${PODS}?dryRun=All`, 'Bearer secret-token', 'application/json']);
  });

  test('too many requests: waits as long as the server says', async () => {
    const clock = instantClock();
    const listener = failing(2, (_request, response) =>
      answer(response, 429, failure(429, 'TooManyRequests', 'slow down'), { 'retry-after': '3' }),
    );
    api = await fakeApi(listener, { clock });
    await expect(api.transport.request('POST', PODS, { body: {} })).resolves.toEqual({
      fine: true,
    });
    expect(clock.sleeps).toEqual([3_000, 3_000]);
    expect(api.transport.counts().get('POST pods')).toBe(3);
  });

  test.each(['GET', 'DELETE', 'PATCH', 'PUT'] as const)(
    '%s is sent again when the connection breaks',
    async (method) => {
      const transport = await start(failing(3, (request) => request.socket.destroy()));
      await expect(transport.request(method, `${PODS}/a`)).resolves.toEqual({ fine: true });
    },
  );

  test('a create is not sent again when the connection breaks: it may have happened', async () => {
    const transport = await start(failing(1, (request) => request.socket.destroy()));
    const created = transport.request('POST', PODS, { body: {} });
    await expect(created).rejects.toMatchObject({ code: 'kube-network' });
    expect(transport.counts().get('POST pods')).toBe(1);
  });

  test('an answer that is not JSON is an error', async () => {
    const transport = await start((_request, response) => answer(response, 200, '<html>'));
    await expect(transport.request('GET', PODS)).rejects.toMatchObject({
      code: 'kube-bad-response',
    });
  });

  test('a server that does not answer in time', async () => {
    const transport = await start(() => undefined);
    const hung = transport.request('GET', PODS, { timeoutMs: 50 });
    await expect(hung).rejects.toMatchObject({ code: 'kube-timeout' });
  });

  test('a server that is not there', async () => {
    const transport = await start(() => undefined);
    api?.server.close();
    await once(api!.server, 'close');
    await expect(transport.request('POST', PODS)).rejects.toThrow(
      /no answer from http.*ECONNREFUSED/,
    );
  });

  test('the signal ends a request with its reason', async () => {
    const controller = new AbortController();
    const transport = await start(() => controller.abort(new Error('enough')));
    const aborted = transport.request('GET', PODS, { signal: controller.signal });
    await expect(aborted).rejects.toThrow('enough');
    const early = transport.request('GET', PODS, { signal: controller.signal });
    await expect(early).rejects.toThrow('enough');
  });
});

test('forty open streams do not keep requests from being sent', async () => {
  const transport = await start((request, response) => {
    if (request.url?.includes('watch') === true) response.writeHead(200).flushHeaders();
    else answer(response, 200, { fine: true });
  });
  const { signal } = new AbortController();
  const query = { watch: true };
  const open = { query, signal, headersTimeoutMs: 1_000 };
  await Promise.all(Array.from({ length: 40 }, async () => transport.stream(PODS, open)));
  await expect(transport.request('GET', PODS)).resolves.toEqual({ fine: true });
  expect(Object.fromEntries(transport.counts())).toEqual({ 'WATCH pods': 40, 'LIST pods': 1 });
});

test('requests share connections', async () => {
  const transport = await start((_request, response) => answer(response, 200, {}));
  let connections = 0;
  api?.server.on('connection', () => {
    connections += 1;
  });
  await Promise.all(Array.from({ length: 90 }, async () => transport.request('GET', PODS)));
  expect(connections).toBeLessThanOrEqual(16);
});

describe('https', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-tls-'));
  const subject = ['-subj', '/CN=kube.example', '-addext', 'subjectAltName=DNS:kube.example'];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', [...kind, '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
  const key = readFileSync(join(folder, 'key.pem'));
  const cert = readFileSync(join(folder, 'cert.pem'));
  rmSync(folder, { recursive: true });

  test.each([
    [
      'trusts the CA of the cluster and its tls-server-name',
      { ca: cert, servername: 'kube.example' },
      undefined,
    ],
    ['refuses another name', { ca: cert }, 'kube-network'],
    ['refuses an unknown CA', { servername: 'kube.example' }, 'kube-network'],
    ['trusts all where the kubeconfig says so', { rejectUnauthorized: false }, undefined],
  ])('%s', async (_name, tls, code) => {
    const server = createServer({ key, cert }, (_request, response) => answer(response, 200, {}));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const transport = new Transport({
      server: `https://127.0.0.1:${portOf(server)}`,
      namespace: 'default',
      credentials: async () => ({ headers: {}, tls }),
    });
    const outcome = await transport.request('GET', PODS).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
    await transport.close();
    server.close();
    expect(outcome).toBe(code);
  });
});

test('tells the time of the cluster, whatever the clock of this machine says', async () => {
  const clock = instantClock();
  api = await fakeApi(
    (_request, response) => answer(response, 200, {}, { date: 'Tue, 01 Jan 2030 00:00:00 GMT' }),
    { clock },
  );
  expect(api.transport.clusterTime()).toBeUndefined();
  await api.transport.request('GET', '/version');
  await clock.sleep(5_000);
  expect(api.transport.clusterTime()).toBe(Date.UTC(2030, 0, 1, 0, 0, 5));
});
