import { afterEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDroneClient } from '../../../runtime/drone/client.ts';
import { proxyFor, type Tls } from '../../../runtime/drone/dispatcher.ts';
import { LimitClock } from './clocks.ts';
import { listen } from './fake-http.ts';

const never = new AbortController().signal;
const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of clean.splice(0).toReversed()) await end();
});

describe('which proxy', () => {
  const BOTH = { HTTP_PROXY: 'http://web:1', HTTPS_PROXY: 'http://tls:2' };
  test.each([
    { url: 'http://drone', environment: BOTH, proxy: 'http://web:1' },
    { url: 'https://drone', environment: BOTH, proxy: 'http://tls:2' },
    { url: 'https://drone', environment: { https_proxy: 'http://low:3' }, proxy: 'http://low:3' },
    { url: 'https://drone', environment: { HTTPS_PROXY: 'bare:3128' }, proxy: 'http://bare:3128' },
    { url: 'https://drone', environment: { HTTP_PROXY: 'http://web:1' }, proxy: undefined },
    { url: 'https://drone', environment: { HTTPS_PROXY: '', NO_PROXY: '' }, proxy: undefined },
    { url: 'http://localhost:80', environment: BOTH, proxy: undefined },
    { url: 'http://127.0.0.9', environment: BOTH, proxy: undefined },
    { url: 'http://[::1]', environment: BOTH, proxy: undefined },
  ])('$url with $environment', ({ url, environment, proxy }) => {
    expect(proxyFor(new URL(url), environment)).toBe(proxy);
  });

  test.each([
    { url: 'http://drone.ci.svc', exempt: '*', is: true },
    { url: 'http://drone.ci.svc', exempt: 'other, .svc', is: true },
    { url: 'http://drone.ci.svc.', exempt: '*.svc', is: true },
    { url: 'http://svc', exempt: '.svc', is: false },
    { url: 'http://DRONE.example.com', exempt: 'Example.com', is: true },
    { url: 'http://example.com', exempt: 'example.com', is: true },
    { url: 'http://badexample.com', exempt: 'example.com', is: false },
    { url: 'http://drone:8080', exempt: 'drone:8080', is: true },
    { url: 'http://drone', exempt: 'drone:80', is: true },
    { url: 'https://drone', exempt: 'drone:80', is: false },
    { url: 'http://10.1.2.3', exempt: '10.0.0.0/8', is: true },
    { url: 'http://11.1.2.3', exempt: '10.0.0.0/8', is: false },
    { url: 'http://10.1.2.3', exempt: '10.0.0.0/99', is: false },
    { url: 'http://10.1.2.3:81', exempt: '10.1.2.3', is: true },
    { url: 'http://10.1.2.3:81', exempt: '10.1.2.3:82', is: false },
    { url: 'http://[fd00::1]', exempt: 'fd00::/8', is: true },
    { url: 'http://[fd00::1]', exempt: 'fd00::1', is: true },
    { url: 'http://[fd00::1]:81', exempt: '[fd00::1]:81', is: true },
    { url: 'http://drone', exempt: ',', is: false },
  ])('$url is exempt by "$exempt": $is', ({ url, exempt, is }) => {
    const proxy = proxyFor(new URL(url), { ...BOTH, no_proxy: exempt });
    expect(proxy === undefined).toBe(is);
  });
});

const clientOf = (url: string, tls: Tls, environment = {}) => {
  const options = { url, tls, environment, secret: 's', clock: new LimitClock() };
  const stop = new AbortController();
  let problem = '';
  const drone = createDroneClient({
    ...options,
    onCall: ({ error }) => {
      problem = error?.message ?? '';
      if (error !== undefined) stop.abort(error);
    },
  });
  clean.push(async () => drone.close());
  return { drone, signal: stop.signal, problem: () => problem };
};

test('a plain server is asked through the proxy', async () => {
  const seen: unknown[] = [];
  const proxy = await listen(
    createServer((request, response) => {
      seen.push(request.url, request.headers.host);
      response.end();
    }),
  );
  clean.push(async () => proxy.close());
  const environment = { HTTP_PROXY: proxy.url };
  await clientOf('http://drone.invalid', { skipVerify: false }, environment).drone.ping(never);
  expect(seen).toEqual(['http://drone.invalid/rpc/v2/ping', 'drone.invalid']);
});

describe('a server with a certificate of its own', () => {
  const certificate = (): { readonly key: string; readonly cert: string } => {
    const folder = mkdtempSync(join(tmpdir(), 'drone-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const name = ['-subj', '/CN=drone', '-addext', 'subjectAltName=DNS:localhost,DNS:drone.test'];
    execFileSync('openssl', [...kind, '-nodes', ...name, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    });
    const pair = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
    rmSync(folder, { recursive: true });
    return pair;
  };
  const pair = certificate();
  const start = async (): Promise<string> => {
    const server = await listen(createTlsServer(pair, (_request, response) => response.end()));
    clean.push(async () => server.close());
    return new URL(server.url).port;
  };

  test('is refused, with a hint', async () => {
    const port = await start();
    const { drone, signal, problem } = clientOf(`https://localhost:${port}`, { skipVerify: false });
    await expect(drone.ping(signal)).rejects.toMatchObject({ code: 'drone-unavailable' });
    expect(problem()).toMatch(/SELF_SIGNED.*DRONE_RPC_SKIP_VERIFY/);
  });

  test.each<Tls>([{ skipVerify: true }, { skipVerify: false, ca: pair.cert }])(
    'is trusted where that is said',
    async (tls) => {
      const port = await start();
      const { drone } = clientOf(`https://localhost:${port}`, tls);
      await expect(drone.ping(never)).resolves.toBeUndefined();
    },
  );

  test('is asked through a tunnel of the proxy', async () => {
    const port = await start();
    const tunnels: unknown[] = [];
    const server = createServer();
    server.on('connect', (request, client) => {
      tunnels.push(request.url);
      const target = connect(Number(port), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(client).pipe(target);
      });
      clean.push(async () => {
        target.destroy();
        client.destroy();
      });
    });
    const proxy = await listen(server);
    clean.push(async () => proxy.close());
    const environment = { HTTPS_PROXY: proxy.url };
    const tls = { skipVerify: false, ca: pair.cert };
    const { drone, signal } = clientOf('https://drone.test', tls, environment);
    await drone.ping(signal);
    expect(tunnels).toEqual(['drone.test:443']);
  });
});
