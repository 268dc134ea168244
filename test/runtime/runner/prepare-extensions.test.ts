import { afterEach, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import { openExtensions, type OpenExtensions } from '../../../runtime/runner/prepare-extensions.ts';
import { bodyOf, listen } from '../drone/fake-http.ts';
import { contextOf } from '../support.ts';

const { repo, build } = contextOf();
const SUBJECT = { repo, build };
const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(clean.splice(0).map(async (end) => end()));
});

const ANSWERS: Readonly<Record<string, unknown>> = {
  'application/vnd.drone.secret.v1+json': { name: 'key', data: 'abc', pull_request: true },
  'application/vnd.drone.registry.v1+json': [{ address: 'a', username: 'b', password: 'c' }],
  'application/vnd.drone.env.v2+json': [{ name: 'A', data: 'b', mask: true }],
};

/** Plug-ins of all kinds at one address, which keep what they are asked. */
async function open(
  signal: AbortSignal,
): Promise<{ readonly extensions: OpenExtensions; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = await listen(
    createServer((request, response) => {
      void bodyOf(request).then((body) => {
        asked.push(body);
        response.end(JSON.stringify(ANSWERS[request.headers.accept ?? '']));
      });
    }),
  );
  const endpoint = { endpoint: server.url, token: 'x'.repeat(32), skipVerify: false };
  const configured = { secret: endpoint, registry: endpoint, env: endpoint };
  const extensions = openExtensions(configured, {}, signal);
  clean.push(async () => {
    await extensions.close();
    await server.close();
  });
  return { extensions, asked };
}

test('each is asked in its own way, for the run that it is about', async () => {
  const { extensions, asked } = await open(new AbortController().signal);
  const wanted = { path: 'secret/ci', name: 'key', ...SUBJECT };
  expect([
    await extensions.secret?.(wanted),
    await extensions.registries?.(SUBJECT),
    await extensions.variables?.(SUBJECT),
  ]).toEqual(Object.values(ANSWERS));
  const bodies: unknown[] = asked.map((body) => JSON.parse(body));
  expect(bodies).toEqual([wanted, SUBJECT, SUBJECT]);
});

test('none is there that is not configured', async () => {
  const none = { secret: undefined, registry: undefined, env: undefined };
  const extensions = openExtensions(none, {}, new AbortController().signal);
  const { secret, registries, variables } = extensions;
  expect([secret, registries, variables]).toEqual([undefined, undefined, undefined]);
  await extensions.close();
});

test('the end of the process interrupts them', async () => {
  const stop = new AbortController();
  const { extensions, asked } = await open(stop.signal);
  stop.abort(new Error('the process ends'));
  await expect(extensions.variables?.(SUBJECT)).rejects.toThrow('the process ends');
  expect(asked).toEqual([]);
});
