/** How a Pushgateway can fail; servers of ours stand for it, the real one cannot be made to. */
import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { push } from '../../../runtime/reaper/push.ts';
import { bodyOf, listen } from '../drone/fake-http.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = await listen(createServer(listener));
  open.push(async () => server.close());
  return server.url;
}

async function pushTo(url: string, limitMs?: number): Promise<string | undefined> {
  const dispatcher = new Agent();
  open.push(async () => dispatcher.destroy());
  return push('drone_kube_reaper_ok 1\n', {
    url: new URL(url),
    namespace: 'drone-system',
    dispatcher,
    ...(limitMs === undefined ? {} : { limitMs }),
  });
}

test.each(['', '/', '/behind/a/proxy', '/behind/a/proxy/'])(
  'the metrics of the run before are replaced, at "%s"',
  async (path) => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      void bodyOf(request).then((body) => {
        seen.push(`${request.method} ${request.url} ${body}`);
        response.end();
      });
    });
    await expect(pushTo(`${url}${path}`)).resolves.toBeUndefined();
    const folder = path.replace(/\/$/, '');
    expect(seen).toEqual([
      `PUT ${folder}/metrics/job/drone-kube-reaper/namespace/drone-system drone_kube_reaper_ok 1\n`,
    ]);
  },
);

test('a refusal is told with its status', async () => {
  const url = await serve((_, response) => response.writeHead(400).end('pushed metrics are wrong'));
  await expect(pushTo(url)).resolves.toBe(
    `${url}/metrics/job/drone-kube-reaper/namespace/drone-system answers with status 400`,
  );
});

test('one that is not there', async () => {
  const url = await serve(() => undefined);
  await open.pop()?.();
  await expect(pushTo(url)).resolves.toMatch(/^no answer from .* \(ECONNREFUSED\)$/);
});

test('one that does not answer is not waited for', async () => {
  const url = await serve(() => undefined);
  await expect(pushTo(url, 50)).resolves.toMatch(/^no answer from .* \(none within 0\.05 s\)$/);
});
