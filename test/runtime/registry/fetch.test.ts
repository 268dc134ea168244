import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  openFetch,
  isAsSafe,
  type Answer,
  type OpenFetch,
} from '../../../runtime/registry/fetch.ts';

const servers: Server[] = [];
const opened: OpenFetch[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async ({ close }) => close()));
  for (const server of servers.splice(0)) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

const get = async (
  url: string,
  signal = AbortSignal.timeout(5000),
  redirects = 3,
): Promise<Answer> => {
  const open = openFetch({});
  opened.push(open);
  const headers = { authorization: 'Basic c2VjcmV0', accept: 'x' };
  return open.fetch({ method: 'GET', url: new URL(url), headers, redirects }, signal);
};

describe('asking a registry', () => {
  test('follows redirects, and shows no other host who is asking', async () => {
    const seen: unknown[] = [];
    const store = await serve((request, response) => {
      seen.push(request.headers.authorization, request.headers.accept);
      response.end('blob');
    });
    const registry = await serve((request, response) => {
      const location = request.url === '/b' ? `${store}/c` : '/b';
      seen.push(request.headers.authorization);
      response.writeHead(307, { location }).end();
    });
    expect(String((await get(`${registry}/a`)).body)).toBe('blob');
    expect(seen).toEqual(['Basic c2VjcmV0', 'Basic c2VjcmV0', undefined, 'x']);
    expect((await get(`${registry}/a`, undefined, 0)).status).toBe(307);
  });

  test('gives up redirects that do not end', async () => {
    let asked = 0;
    const registry = await serve((_, response) => {
      asked += 1;
      response.writeHead(302, { location: '/again' }).end();
    });
    expect((await get(registry)).status).toBe(302);
    expect(asked).toBe(4);
  });

  test.each([
    ['https://a', 'https://b', true],
    ['https://a', 'http://a', false],
    ['http://a', 'http://b', true],
    ['http://a', 'https://b', true],
    ['http://a', 'file:///etc/passwd', false],
  ])('from %s to %s: %p', (from, to, safe) => {
    expect(isAsSafe(new URL(from), new URL(to))).toBe(safe);
  });

  test('takes no answer that is longer than manifests are', async () => {
    const registry = await serve((_, response) => response.end(Buffer.alloc(5 * 1024 * 1024)));
    await expect(get(registry)).rejects.toMatchObject({ code: 'registry-answer' });
  });

  test('says that there is no way, without what was sent', async () => {
    const registry = await serve((request) => request.destroy());
    await expect(get(registry)).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: `there is no way to ${new URL(registry).host}`,
    });
  });

  test('stops when nobody waits any more', async () => {
    const registry = await serve(() => {});
    const stop = new AbortController();
    const reason = new Error('enough');
    const asking = get(registry, stop.signal);
    stop.abort(reason);
    await expect(asking).rejects.toBe(reason);
  });
});
