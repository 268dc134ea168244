import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Check, Pulse } from '../../../runtime/telemetry/health.ts';
import { AUTHORIZED, start } from './served.ts';
import { NOW } from './stages.ts';

describe('the probes', () => {
  const fresh: Pulse = { name: 'Drone server', last: NOW - 30_000, limit: 60_000 };
  const good: Check = { name: 'polling', ok: true, text: '1 s ago' };

  test.each([
    [[], 200, true],
    [[good], 200, true],
    [[good, { ...good, ok: false }], 503, false],
  ])('/healthz of %j is %d', async (checks, status, ok) => {
    const { get } = await start({ health: () => checks, dashboard: undefined });
    const response = await get('/healthz');
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ ok, checks });
  });

  test.each<[string, Pulse, number, string]>([
    ['fresh', fresh, 200, '30 s ago'],
    ['at its limit', { ...fresh, limit: 30_000 }, 200, '30 s ago'],
    [
      'stale',
      { ...fresh, last: NOW - 61_000, error: 'drone-network' },
      503,
      'last 61 s ago, at most 60 s are fine: drone-network',
    ],
    ['missing', { ...fresh, last: undefined }, 503, 'last never, at most 60 s are fine'],
  ])('/readyz with a contact that is %s', async (_name, contact, status, text) => {
    const { get } = await start({ contacts: () => [contact] });
    const response = await get('/readyz');
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      ok: status === 200,
      checks: [{ name: 'Drone server', ok: status === 200, text }],
    });
  });

  test('/metrics and /version need no password', async () => {
    const { get } = await start();
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await metrics.text()).toBe('a_metric 1\n');
    expect(await (await get('/version')).json()).toEqual({
      version: '1.2.3',
      node: process.version,
    });
  });

  test('a defect is 500 without a detail, and is logged', async () => {
    const health = (): readonly Check[] => {
      throw new Error('the detail');
    };
    const { get, lines } = await start({ health });
    const response = await get('/healthz');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('detail');
    expect(lines.join('')).toContain('the detail');
  });
});

describe('HTTP', () => {
  test('the style is the only thing that a browser may load', async () => {
    const { get } = await start();
    const response = await get('/', AUTHORIZED);
    const style = /<style>([^]*)<\/style>/.exec(await response.text())?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${hash}'`);
  });

  test.each(['/', '/healthz', '/metrics', '/nothing'])('%s is never cached', async (path) => {
    const { get } = await start();
    const { headers } = await get(path, AUTHORIZED);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    const { get } = await start();
    const response = await get('/healthz', {}, method);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('HEAD is GET without the body', async () => {
    const { get } = await start();
    const response = await get('/metrics', {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('11');
    expect(await response.text()).toBe('');
  });

  test('ends at once, although connections are open or have not said anything yet', async () => {
    const never = new Promise<string>(() => {});
    const metrics = { contentType: 'text/plain', text: async () => never };
    const { server, get } = await start({ metrics });
    await get('/healthz');
    const silent = connect(server.port, '127.0.0.1');
    await once(silent, 'connect');
    silent.on('error', () => {});
    const pending = get('/metrics').then(
      () => 'answered',
      () => 'broken',
    );
    await get('/healthz');
    const begin = performance.now();
    await server.close();
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(await pending).toBe('broken');
  });

  test('an address that is taken is told', async () => {
    const { server } = await start();
    const error: unknown = await start({ address: { host: '127.0.0.1', port: server.port } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'telemetry-listen',
      message: expect.stringContaining('somebody listens there already'),
    });
  });
});
