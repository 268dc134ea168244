import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { logOf, openWorld, pipelineOf, rows, type World } from './drone.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld('logs');
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.close();
}, 60_000);

// Over some seconds: a kubelet serves a log about a second after the container has started, and only
// the newest file of it. What is written faster and moved aside before that can be read by nobody.
test('200 000 lines arrive whole and in order', async () => {
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: long
    image: busybox
    commands:
      - >-
        for part in $(seq 0 19); do
        seq $((part * 10000 + 1)) $((part * 10000 + 10000)) |
        sed 's/.*/line & of a log that is long enough to be rotated while it is read/';
        sleep 0.2;
        done
`),
  );
  expect(ran.code).toBe(0);
  const lines = logOf(ran.out, 'long').slice(1);
  const lineOf = (index: number): string =>
    `line ${index + 1} of a log that is long enough to be rotated while it is read`;
  const wrong = lines.findIndex((line, index) => line !== lineOf(index));
  expect(wrong < 0 ? '' : lines.slice(wrong - 2, wrong + 8).join('\n')).toBe('');
  expect(lines).toHaveLength(200_000);
}, 120_000);

test('secrets are masked: plain, inside a word, over several lines, cut between two writes', async () => {
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: leak
    image: busybox
    environment:
      TOKEN: {from_secret: token}
      KEY: {from_secret: key}
    commands:
      - echo "$TOKEN"
      - echo "before$\${TOKEN}after"
      - printf 'cut sword'; sleep 1; printf 'fish here\\n'
      - echo "$KEY"
      - printf 'no newline swordfish'
`),
    ['--secret-file', 'secrets'],
    {
      secrets:
        'token=swordfish\nkey="-----BEGIN KEY-----\nfirst-half\nsecond-half\n-----END KEY-----"\n',
    },
  );
  expect(ran.code).toBe(0);
  const log = logOf(ran.out, 'leak');
  expect(log.filter((line) => !line.startsWith('+ '))).toEqual([
    '******',
    'before******after',
    'cut ****** here',
    '******',
    '******',
    '******',
    '******',
    'no newline ******',
  ]);
  expect(ran.out + ran.err).not.toMatch(/swordfish|first-half|second-half/);
}, 60_000);

test('logs of steps that were over before one could be read come in the order of the steps', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const steps = names.map((name) => `  - {name: ${name}, image: busybox, commands: [echo it]}\n`);
  const ran = await world.exec(pipelineOf(`steps:\n${steps.join('')}`));
  expect(ran.out.match(/^\[.\] it$/gm)).toEqual(names.map((name) => `[${name}] it`));
}, 60_000);

test('empty lines, carriage returns and bytes that are no text', async () => {
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: odd
    image: busybox
    commands:
      - echo
      - printf 'a\\rb\\n'
      - printf '\\377\\n'
      - printf 'last'
`),
  );
  expect(rows(ran.out)).toMatchObject({ odd: 'success 0' });
  expect(logOf(ran.out, 'odd').filter((line) => !line.startsWith('+ '))).toEqual([
    '',
    'a\rb',
    '\uFFFD',
    'last',
  ]);
}, 60_000);
