import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openWorld, pipelineOf, type World } from './drone.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld('invalid');
}, 60_000);
afterAll(async () => world.close(), 60_000);

const BOMB = [
  'a0: &a0 [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    { length: 9 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`,
  ),
].join('\n');

const CASES: readonly (readonly [title: string, text: string, message: RegExp])[] = [
  ['broken YAML', 'kind: pipeline\n  type: kubernetes\n', /^\.drone\.yml:\d+:\d+: error: /m],
  [
    'a wrong type',
    pipelineOf('steps:\n  - name: a\n    image: busybox\n    commands: make\n'),
    /^\.drone\.yml:11:15: error: /m,
  ],
  [
    'no image',
    pipelineOf('steps:\n  - name: a\n    commands: ["true"]\n'),
    /:\d+:\d+: error: .*image/,
  ],
  [
    'an unknown dependency',
    pipelineOf(
      'steps:\n  - {name: build, image: busybox, commands: ["true"]}\n  - {name: b, image: busybox, commands: ["true"], depends_on: [biuld]}\n',
    ),
    /:\d+:\d+: error: .*biuld[\s\S]*build/,
  ],
  [
    'a cycle',
    pipelineOf(
      'steps:\n  - {name: a, image: busybox, commands: ["true"], depends_on: [b]}\n  - {name: b, image: busybox, commands: ["true"], depends_on: [a]}\n',
    ),
    /:\d+:\d+: error: .*a → b → a|b → a → b/,
  ],
  [
    'a name twice',
    pipelineOf(
      'steps:\n  - {name: a, image: busybox, commands: ["true"]}\n  - {name: a, image: busybox, commands: ["true"]}\n',
    ),
    /:\d+:\d+: error: .*a/,
  ],
  ['10 MB', `# ${'x'.repeat(10_000_000)}\n`, /^\.drone\.yml:1:1: error: .*/m],
  ['an alias bomb', `${BOMB}\n`, /^\.drone\.yml:\d+:\d+: error: .*alias/m],
  [
    'a host volume in a repository that is not trusted',
    pipelineOf(
      'volumes:\n  - name: v\n    host: {path: /}\nsteps:\n  - {name: a, image: busybox, commands: ["true"]}\n',
    ),
    /error: .*trusted/,
  ],
  [
    'scripts that are longer than Kubernetes keeps',
    pipelineOf(`steps:\n  - {name: a, image: busybox, commands: [": ${'x'.repeat(600_000)}"]}\n`),
    /step "a" alone has 120\d{4}.*\[stage-too-large\]/,
  ],
  [
    'an unsupported substitution',
    pipelineOf('steps:\n  - {name: a, image: busybox, commands: ["echo ${A-b}"]}\n'),
    /^\.drone\.yml:\d+:\d+: error: /m,
  ],
];

describe('an invalid pipeline', () => {
  test.each(CASES)(
    '%s: a clear error with its place, exit code 2, nothing created',
    async (_, text, message) => {
      const ran = await world.exec(text);
      expect(ran.err).toMatch(message);
      expect(ran.err).toMatch(/fix: /);
      expect(ran.err).not.toMatch(/\n {4}at /);
      expect(ran.code).toBe(2);
      expect(ran.ms).toBeLessThan(3_000);
      expect(await world.leftovers()).toEqual([]);
    },
    30_000,
  );

  test('an unknown key is a warning, and the pipeline runs', async () => {
    const ran = await world.exec(
      pipelineOf(
        'steps:\n  - name: a\n    image: busybox\n    comands: [x]\n    commands: ["true"]\n',
      ),
    );
    expect(ran.err).toMatch(/:\d+:\d+: warning: .*comands[\s\S]*commands/);
    expect(ran.code).toBe(0);
    await world.clean();
  }, 30_000);

  test('what is called wrongly is told so', async () => {
    expect(await world.drone(['exec', 'no-such-file.yml'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no such file'),
    });
    expect(await world.drone(['exec', '--no-such-option'], {})).toMatchObject({ code: 2 });
    const pipeline = pipelineOf('steps:\n  - {name: a, image: busybox, commands: [pwd]}\n');
    const files = { '.drone.yml': pipeline };
    expect(await world.drone(['exec', '--namespace='], files)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--namespace is empty'),
    });
    expect(await world.drone(['exec', '--namespace', 'no-such'], files)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no namespace "no-such"'),
    });
    expect(await world.drone(['frobnicate'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no verb'),
    });
  });
});

test('lint does not call a file good in which there is nothing to check', async () => {
  const files = { '.drone.yml': 'kind: pipeline\ntype: docker\nname: x\n', empty: '' };
  expect(await world.drone(['lint', '.drone.yml', 'empty'], files)).toMatchObject({
    code: 0,
    out: [
      '.drone.yml: no pipeline of type kubernetes, nothing was checked\n',
      'empty: no pipeline of type kubernetes, nothing was checked\n',
    ].join(''),
  });
});

test('lint and compile need no cluster', async () => {
  const good = pipelineOf(
    'steps:\n  - name: a\n    image: busybox:1.37\n    commands: ["echo $HOME"]\n    environment: {X: {from_secret: x}}\n',
  );
  const lint = await world.drone(['lint'], { '.drone.yml': good });
  expect(lint).toMatchObject({ code: 0, out: '.drone.yml: ok\n', err: '' });
  const files = { '.drone.yml': good, s: 'x=swordfish\n' };
  const compiled = await world.drone(['compile', '--secret-file', 's'], files);
  expect(compiled.code).toBe(0);
  expect(compiled.out).toMatch(/kind: Pod[\s\S]*name: 1-a/);
  expect(compiled.out).not.toContain('swordfish');
}, 30_000);
