import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openFaultProxy, type Fault, type FaultProxy } from './fault-proxy.ts';

/** A server that counts what it was asked and answers with it. */
async function openServer() {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    let body = '';
    incoming.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    incoming.on('end', () => {
      asked.push(`${incoming.method} ${incoming.url} ${body}`);
      outgoing.writeHead(201, { 'x-token': incoming.headers['x-token'] ?? '' }).end(`did ${body}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { asked, url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

describe('a proxy', () => {
  let server: Awaited<ReturnType<typeof openServer>>;
  let proxy: FaultProxy;

  beforeEach(async () => {
    server = await openServer();
    proxy = await openFaultProxy(server.url);
  });

  afterEach(async () => {
    await proxy.close();
    server.close();
  });

  const ask = async (signal?: AbortSignal) => {
    const response = await fetch(`${proxy.url}/rpc/v2/stage?x=1`, {
      method: 'POST',
      headers: { 'x-token': 'abc' },
      body: 'this',
      ...(signal === undefined ? {} : { signal }),
    });
    return `${response.status} ${await response.text()}`;
  };

  test('passes a request and its answer as they are', async () => {
    const response = await fetch(`${proxy.url}/a?b=c`, {
      method: 'PUT',
      headers: { 'x-token': 'abc' },
      body: 'this',
    });
    expect(response.headers.get('x-token')).toBe('abc');
    await expect(response.text()).resolves.toBe('did this');
    expect(server.asked).toEqual(['PUT /a?b=c this']);
    expect(proxy.seen).toEqual([{ method: 'PUT', path: '/a?b=c', body: 'this' }]);
  });

  test.each<[string, Fault, string, number]>([
    ['a status', { kind: 'answer', status: 500, body: 'no' }, '500 no', 0],
    ['a status without a body', { kind: 'answer', status: 204 }, '204 ', 0],
    ['garbage', { kind: 'garbage' }, '200 {"id": 1, <html>', 0],
    ['a cut connection', { kind: 'reset' }, 'fetch failed', 0],
    ['a lost answer', { kind: 'lost' }, 'fetch failed', 1],
    ['a late answer', { kind: 'late', ms: 20 }, '201 did this', 1],
  ])('gives %s until it passes again', async (_, fault, expected, reached) => {
    proxy.disturb(() => fault);
    await expect(ask().catch((error: Error) => error.message)).resolves.toBe(expected);
    expect(server.asked).toHaveLength(reached);
    proxy.pass();
    await expect(ask()).resolves.toBe('201 did this');
  });

  test('lets hang what it is told to, and cuts it when it passes again', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    proxy.disturb(() => {
      resolve();
      return { kind: 'hang' };
    });
    const hanging = ask();
    await reached;
    proxy.pass();
    await expect(hanging).rejects.toThrow('fetch failed');
    expect(server.asked).toEqual([]);
  });

  test('disturbs only the requests that are chosen', async () => {
    proxy.disturb(({ method }) => (method === 'GET' ? { kind: 'reset' } : undefined));
    await expect(fetch(proxy.url)).rejects.toThrow('fetch failed');
    await expect(ask()).resolves.toBe('201 did this');
  });

  test('refuses connections until it listens again at the same port', async () => {
    await ask();
    await proxy.refuse();
    const refused = await ask().catch((error: Error) => error.cause);
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.listen();
    await expect(ask()).resolves.toBe('201 did this');
  });

  test('gives a request up at the server when its client does', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>();
    const silent = createServer((incoming) => incoming.on('close', () => resolve()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const before = await openFaultProxy(`http://127.0.0.1:${port}`);
    const client = new AbortController();
    const asked = fetch(before.url, { signal: client.signal }).catch(() => 'given up');
    await once(silent, 'request');
    client.abort();
    await expect(asked).resolves.toBe('given up');
    await gone;
    await before.close();
    silent.close();
  });
});
