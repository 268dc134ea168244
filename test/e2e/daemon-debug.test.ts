/**
 * Builds in debug mode, from a real Drone server, in a namespace that enforces `restricted`. tmate and
 * the image that brings it are doubles (test/cluster/images/fake-tmate): no server of tmate is here.
 */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openDaemons, type Daemons, type Replica } from './daemon.ts';
import { pipeline, steps, type Repo } from './daemon-repo.ts';

let daemons: Daemons;
beforeAll(async () => {
  daemons = await openDaemons('daemon-debug');
  const level = 'pod-security.kubernetes.io/enforce=restricted';
  await daemons.world.kubectl('label', 'namespace', daemons.namespace, level);
}, 60_000);
afterAll(async () => {
  await daemons.close();
}, 60_000);

const PIPELINE = pipeline(`
steps:
  - {name: fine, image: busybox, commands: ["true"]}
  - {name: break, image: busybox, commands: ["echo first", "exit 7"]}
  - {name: sorry, image: busybox, commands: ["echo sorry"], when: {status: [failure]}}
`);

// Only one at a time, for each would take the builds of another.
let replica: Replica | undefined;
async function replicaWith(environment: Readonly<Record<string, string>>): Promise<void> {
  replica = await daemons.start({ environment });
}
afterEach(async () => {
  await daemons.clean();
  await replica?.end();
}, 30_000);

/** The same build once more, in debug mode. */
async function debugBuild(repo: Repo): Promise<number> {
  const plain = await repo.run(PIPELINE);
  expect(steps(plain)).toMatchObject({ break: 'failure 7' });
  expect(await repo.log(plain, 'break')).toBe('+ echo first\nfirst\n+ exit 7');
  return (await daemons.api.restart(repo.slug, plain.number, { debug: true })).number;
}

test('a person logs in where a command failed; the step ends with the session', async () => {
  await replicaWith({
    DRONE_TMATE_IMAGE: 'drone-kube/tmate-double',
    DRONE_TMATE_HOST: 'tmate.example.com',
    DRONE_TMATE_PORT: '2200',
  });
  const repo = await daemons.repo();
  const number = await debugBuild(repo);
  await repo.liveUntil(number, 2, 'ssh session: ssh fake@tmate');
  await repo.stepRuns(number, 'break');
  const [pod] = await daemons.podsOf(repo, true);
  if (pod === undefined) throw new Error('no Pod');
  await daemons.world.kubectl(
    '-n',
    daemons.namespace,
    'exec',
    pod,
    '-c',
    '2-break',
    '--',
    'touch',
    '/drone/src/end',
  );
  const build = await repo.ended(number);
  expect(steps(build)).toEqual({ fine: 'success 0', break: 'failure 7', sorry: 'success 0' });
  const log = (await repo.log(build, 'break')).split('\n');
  expect(log.slice(0, 3)).toEqual(['+ echo first', 'first', '+ exit 7']);
  expect(log[3]).toContain('debug mode: exit code 7; log in');
  expect(log[4]).toMatch(/^fake tmate -f .*\.tmate\.conf -F$/);
  expect(log.slice(5)).toEqual([
    'set -g tmate-server-host "tmate.example.com"',
    'set -g tmate-server-port 2200',
    'ssh session: ssh fake@tmate',
  ]);
}, 120_000);

test('tmate is not enabled: a build in debug mode is like any other', async () => {
  await replicaWith({ DRONE_TMATE_ENABLED: 'false' });
  const repo = await daemons.repo();
  const build = await repo.ended(await debugBuild(repo));
  expect(steps(build)).toMatchObject({ break: 'failure 7' });
  expect(await repo.log(build, 'break')).toBe('+ echo first\nfirst\n+ exit 7');
}, 120_000);

test.each([
  ['drone-kube/no-such-image', 'the container of debug mode does not start'],
  ['busybox', 'set DRONE_TMATE_IMAGE of the runner'],
])(
  'an image without tmate (%s) is an error that says so',
  async (image, text) => {
    await replicaWith({ DRONE_TMATE_IMAGE: image });
    const repo = await daemons.repo();
    const build = await repo.ended(await debugBuild(repo));
    expect(build.status).toBe('error');
    expect(build.stages[0]?.error).toContain(text);
  },
  120_000,
);
