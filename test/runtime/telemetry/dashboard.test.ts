import { describe, expect, test } from '@jest/globals';
import type { Pulse } from '../../../runtime/telemetry/health.ts';
import { AUTHORIZED, basic, start } from './served.ts';
import { ended, historyOf, NOW, stepEntry, taken } from './stages.ts';

describe('who may see the dashboard', () => {
  test.each(['/', '/view?id=3', '/logs'])('%s exists only with a password', async (path) => {
    const { get } = await start({ dashboard: undefined });
    const response = await get(path, AUTHORIZED);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('Set DRONE_UI_USERNAME and DRONE_UI_PASSWORD');
  });

  test.each([
    ['nothing', {}, 401],
    ['a wrong password', { authorization: basic('octo:pass') }, 401],
    ['a wrong name', { authorization: basic('octa:pä:ss') }, 401],
    ['a name alone', { authorization: basic('octo') }, 401],
    ['the beginning of the password', { authorization: basic('octo:pä') }, 401],
    ['another scheme', { authorization: basic('octo:pä:ss').replace('Basic', 'Bearer') }, 401],
    ['no base64', { authorization: 'Basic %%%' }, 401],
    ['the right ones', AUTHORIZED, 200],
    [
      'a scheme in other letters',
      { authorization: AUTHORIZED.authorization.replace('B', 'b') },
      200,
    ],
  ])('with %s', async (_name, headers, status) => {
    const { get } = await start();
    for (const path of ['/', '/logs']) {
      const response = await get(path, headers);
      expect(response.status).toBe(status);
      expect(response.headers.get('www-authenticate')).toBe(
        status === 401 ? 'Basic realm="MyRealm", charset="UTF-8"' : null,
      );
    }
  });

  test('an empty name is a name too, and a realm cannot break the header', async () => {
    const dashboard = { username: '', password: 'p', realm: 'a"b\n' };
    const { get } = await start({ dashboard });
    expect((await get('/')).headers.get('www-authenticate')).toBe(
      'Basic realm="a\\"b?", charset="UTF-8"',
    );
    expect((await get('/', { authorization: basic(':p') })).status).toBe(200);
  });
});

describe('the dashboard', () => {
  const nasty = '"><script>alert(1)</script>';
  const history = historyOf([
    taken(3, NOW - 60_000, {
      build: { message: nasty, link: 'javascript:alert(1)', source: nasty },
      stage: { name: nasty },
    }),
    {
      type: 'steps',
      stage: 3,
      at: NOW,
      steps: [
        stepEntry({ name: nasty, error: nasty, status: 'error', started: NOW, stopped: NOW }),
      ],
    },
    { type: 'waiting', stage: 3, at: NOW, text: 'no node can take the Pod' },
    taken(4, NOW - 90_000, { build: { link: 'https://drone.example.com/octocat/hello/42' } }),
    ended(4, NOW - 80_000, 'nope:1 was not found'),
  ]);

  test('lists what waits and why, and what ended and why', async () => {
    const { get } = await start({ history });
    const page = await (await get('/', AUTHORIZED)).text();
    expect(page).toContain('0 running, 1 waiting to start; room for 100.');
    expect(page).toContain('no node can take the Pod');
    expect(page).toContain('image pull');
    expect(page).toContain('nope:1 was not found');
    expect(page).toContain('href="https://drone.example.com/octocat/hello/42"');
    expect(page).toContain('runner-1');
    expect(page).toContain('<meta http-equiv="refresh" content="10" />');
  });

  test('says when there is nothing, and what is wrong', async () => {
    const contacts = (): Pulse[] => [{ name: 'Drone server', last: undefined, limit: 60_000 }];
    const { get } = await start({ contacts });
    const page = await (await get('/', AUTHORIZED)).text();
    expect(page).toContain('The runner is idle');
    expect(page).toContain('No contact: Drone server');
  });

  test.each([
    ['/view?id=3', 'Waiting', '30'],
    ['/view?id=4', 'Ended: image pull', undefined],
  ])('%s shows a stage', async (path, text, refresh) => {
    const { get, book } = await start({ history });
    book.add({ time: NOW, level: 'warn', message: 'about it', fields: { 'stage.id': 4 } }, 4);
    const page = await (await get(path, AUTHORIZED)).text();
    expect(page).toContain(text);
    expect(page.includes('about it')).toBe(path.endsWith('4'));
    expect(/refresh" content="(\d+)"/.exec(page)?.[1]).toBe(refresh);
  });

  test.each(['/view', '/view?id=', '/view?id=99', '/view?id=3x', '/view?id=__proto__', '/nothing'])(
    '%s is not found',
    async (path) => {
      const { get } = await start({ history });
      expect((await get(path, AUTHORIZED)).status).toBe(404);
    },
  );

  test('the pages need not be loaded again and again', async () => {
    const { get } = await start({ history });
    const page = await (await get('/view?id=3', AUTHORIZED)).text();
    expect(page).toContain('href="/view?id=3&#38;refresh=off"');
    expect(await (await get('/view?id=3&refresh=off', AUTHORIZED)).text()).not.toContain(
      'refresh"',
    );
  });

  test('the log is shown newest first', async () => {
    const { get, book } = await start();
    for (const message of ['older', 'newer']) {
      book.add({ time: NOW, level: 'info', message, fields: { image: nasty } }, undefined);
    }
    const page = await (await get('/logs', AUTHORIZED)).text();
    expect(page.indexOf('newer')).toBeGreaterThan(0);
    expect(page.indexOf('newer')).toBeLessThan(page.indexOf('older'));
    expect(page).not.toContain('<script');
  });

  test.each(['/', '/view?id=3'])(
    'nothing that a build brings becomes markup in %s',
    async (path) => {
      const { get } = await start({ history });
      const page = await (await get(path, AUTHORIZED)).text();
      expect(page).toContain('&#60;script&#62;');
      expect(page).not.toMatch(/<script|href="javascript/);
    },
  );

  test('programs get JSON', async () => {
    const { get, book } = await start({ history });
    book.add({ time: NOW, level: 'info', message: 'hello', fields: {} }, undefined);
    const headers = { ...AUTHORIZED, accept: 'application/json' };
    expect(await (await get('/', headers)).json()).toMatchObject([
      { stage: { id: 3, waiting: 'no node can take the Pod' } },
      { stage: { id: 4, reason: 'image pull' }, repo: { slug: 'octocat/hello' } },
    ]);
    expect(await (await get('/view?id=4', headers)).json()).toMatchObject({ stage: { id: 4 } });
    expect(await (await get('/logs', headers)).json()).toMatchObject([{ message: 'hello' }]);
    const browser = { ...AUTHORIZED, accept: 'text/html,application/json;q=0.9' };
    expect((await get('/', browser)).headers.get('content-type')).toContain('text/html');
  });
});
