import { createHash } from 'node:crypto';
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

test('200 000 lines arrive whole and in order', async () => {
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: long
    image: busybox
    commands:
      - seq 200000 | sed 's/.*/line & of a log that is long enough to be rotated while it is read/'
`),
  );
  expect(ran.code).toBe(0);
  const lines = logOf(ran.out, 'long').slice(1);
  expect(lines).toHaveLength(200_000);
  const expected = createHash('sha256');
  for (let n = 1; n <= 200_000; n++) {
    expected.update(`line ${n} of a log that is long enough to be rotated while it is read\n`);
  }
  const got = createHash('sha256').update(`${lines.join('\n')}\n`);
  expect(got.digest('hex')).toBe(expected.digest('hex'));
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
