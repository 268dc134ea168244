import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { at, parseJson } from '../json.ts';
import { pushImage } from './registry.ts';

describe('pushImage', () => {
  const servers: Server[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  /** As much of a registry as a push needs: blobs and manifests by path. */
  async function registry(refuse?: string) {
    const stored = new Map<string, Buffer>();
    const uploads: string[] = [];
    const server = createServer((request, response) => void answer(request, response));
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(Buffer.from(chunk));
      }
      const url = new URL(request.url ?? '', 'http://registry');
      const digest = url.searchParams.get('digest');
      const key = digest === null ? url.pathname : url.pathname.replace('uploads/1', digest);
      if (refuse !== undefined && url.pathname.includes(refuse)) {
        response.writeHead(403).end('{"errors":[{"code":"DENIED"}]}');
      } else if (request.method === 'HEAD') {
        response.writeHead(stored.has(key) ? 200 : 404).end();
      } else if (request.method === 'POST') {
        response.writeHead(202, { location: `${url.pathname}1?state=x` }).end();
      } else {
        stored.set(key, Buffer.concat(chunks));
        uploads.push(key);
        response.writeHead(201).end();
      }
    };
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return { host: `127.0.0.1:${String(at(address, 'port'))}`, stored, uploads };
  }

  const image = { layers: [Buffer.from('a tar')], entrypoint: ['/hello'], user: '1:2' };

  test('stores the image under each of its names, each blob once', async () => {
    const { host, stored, uploads } = await registry();
    await pushImage(host, ['a/b:1', 'a/b:2'], image);
    const manifest = parseJson(String(stored.get('/v2/a/b/manifests/2')));
    const config = parseJson(
      String(stored.get(`/v2/a/b/blobs/${String(at(manifest, 'config', 'digest'))}`)),
    );
    const layer = String(at(manifest, 'layers', '0', 'digest'));
    expect(String(stored.get(`/v2/a/b/blobs/${layer}`))).toBe('a tar');
    expect(at(config, 'config')).toMatchObject({ Entrypoint: ['/hello'], User: '1:2' });
    expect(at(config, 'rootfs', 'diff_ids')).toEqual([layer]);
    expect(stored.get('/v2/a/b/manifests/1')).toEqual(stored.get('/v2/a/b/manifests/2'));
    expect(new Set(uploads).size).toBe(uploads.length);
  });

  test('says what the registry refused', async () => {
    const { host } = await registry('manifests');
    await expect(pushImage(host, ['a/b:1'], image)).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      message: expect.stringContaining('403 to PUT /v2/a/b/manifests/1'),
    });
  });
});
