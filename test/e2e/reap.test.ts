/** The reaper against the real cluster and the real Drone server: what it clears, and what it leaves. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { LABEL_STAGE, REAPER_PERMISSIONS } from '../../runtime/contract.ts';
import { openFaultProxy, type FaultProxy } from '../stack/fault-proxy.ts';
import { openDaemons, timeUntil, type Daemons, type ReplicaOptions } from './daemon.ts';
import { pipeline, steps, type Repo } from './daemon-repo.ts';
import { grant, kubeconfigOf, reap } from './reap-run.ts';
import { openStrandedObjects, type StrandedObjects } from './reap-objects.ts';

/** Of each kind, stranded and live; 1000 of each take about a minute to make. */
const BULK = Number(process.env['REAP_BULK'] ?? 60);
const LEASE = { DRONE_KUBE_LEASE_DURATION: '3' };
/** Long enough that a replica which renews every second never seems to be silent. */
const GRACE = ['--grace', '5s'];
const PAST_GRACE_MS = 6_500;
const TWO_STEPS =
  'steps:\n  - {name: first, image: busybox, commands: ["sleep 300"]}\n  - {name: second, image: busybox, commands: ["true"]}';

const all: Daemons[] = [];
const proxies: FaultProxy[] = [];

async function open(name: string): Promise<Daemons> {
  const made = await openDaemons(`reap-${name}`);
  all.push(made);
  return made;
}

afterAll(async () => {
  for (const made of all) {
    await made.clean();
    await made.close();
  }
  for (const proxy of proxies) await proxy.close();
}, 90_000);

/** A build whose first step runs, and whose only replica ended; nobody goes on with it. */
async function orphan(
  made: Daemons,
  signal: 'SIGKILL' | 'SIGTERM',
  { environment = {}, ...options }: ReplicaOptions = {},
): Promise<{ readonly repo: Repo; readonly number: number }> {
  const replica = await made.start({ ...options, environment: { ...LEASE, ...environment } });
  const repo = await made.repo();
  const number = await repo.push(pipeline(TWO_STEPS));
  await repo.stepRuns(number, 'first');
  await replica.end(signal);
  return { repo, number };
}

const leases = async ({ namespace, world }: Daemons): Promise<string> =>
  world.kubectl('-n', namespace, 'get', 'leases', '-o', 'name');

describe('the stage of a replica that was killed', () => {
  test.concurrent(
    'ends on the server with the reason, and nothing of it is left',
    async () => {
      const made = await open('killed');
      const { repo, number } = await orphan(made, 'SIGKILL');
      const before = await made.leftovers();
      // A moment ago it lived.
      expect((await reap(made, GRACE)).report.reasons['owner dead']).toMatchObject({ stages: 0 });
      await delay(PAST_GRACE_MS);
      const dry = await reap(made, [...GRACE, '--dry-run']);
      expect(dry).toMatchObject({ code: 0, report: { outcomes: { 'would be removed': 2 } } });
      await expect(made.leftovers()).resolves.toEqual(before);
      expect((await repo.until(number, () => true)).status).toBe('running');

      const { code, report } = await reap(made, GRACE);
      expect(code).toBe(0);
      expect(report.reasons['owner dead']).toMatchObject({
        stages: 1,
        closed: 1,
        records: 1,
        pods: 1,
      });
      expect(report.reasons['dead replica']).toMatchObject({ leases: 1 });
      const build = await repo.ended(number);
      expect(build.status).toBe('error');
      expect(build.stages[0]?.error).toContain('the runner that watched the stage is gone');
      expect(build.stages[0]?.machine).toBe('replica-1');
      expect(steps(build)).toEqual({ first: 'killed 137', second: 'skipped 0' });
      await made.clean();
      expect(await leases(made)).toBe('');
      expect((await reap(made, GRACE)).report.outcomes).toMatchObject({ removed: 0, failed: 0 });
    },
    90_000,
  );

  test.concurrent(
    'is cleared once by two reapers at a time',
    async () => {
      const made = await open('two');
      const { repo, number } = await orphan(made, 'SIGKILL');
      await delay(PAST_GRACE_MS);
      const both = await Promise.all([reap(made, GRACE), reap(made, GRACE)]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      const closed = both.map(({ report }) => report.reasons['owner dead']?.['closed'] ?? 0);
      expect(closed.reduce((a, b) => a + b, 0)).toBe(1);
      expect((await repo.ended(number)).status).toBe('error');
      await made.clean();
    },
    90_000,
  );

  test.concurrent(
    'waits for a Drone server that is down, and not for ever',
    async () => {
      const made = await open('down');
      const proxy = await openFaultProxy(made.stack.drone);
      proxies.push(proxy);
      const through = { DRONE_RPC_HOST: new URL(proxy.url).host };
      const { repo, number } = await orphan(made, 'SIGKILL', { drone: proxy.url });
      await delay(PAST_GRACE_MS);
      await proxy.refuse();
      const kept = await reap(made, GRACE, through);
      expect(kept.code).toBe(1);
      expect(kept.report.outcomes).toMatchObject({ kept: 1, removed: 0 });
      expect(kept.report.actions[0]?.note).toContain('DRONE_RPC_HOST');
      expect(await made.leftovers()).toContainEqual(expect.stringMatching(/^pod\//));

      const { report } = await reap(made, [...GRACE, '--keep', '6s'], through);
      expect(report.reasons['owner dead']).toMatchObject({ stages: 1, closed: 0, pods: 1 });
      expect(report.actions[0]?.note).toContain('the server may still show the stage as running');
      await made.clean();
      expect((await repo.until(number, () => true)).status).toBe('running');
    },
    120_000,
  );
});

describe('under an account with the permissions of the contract and no others', () => {
  test.concurrent(
    'all of it can be done',
    async () => {
      const made = await open('rights');
      const { namespace, world } = made;
      const builds = `${namespace}-builds`;
      await world.kubectl('create', 'namespace', builds);
      const { runner, stages } = REAPER_PERMISSIONS;
      const account = { name: 'reaper', namespace };
      await world.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
      for (const [where, permissions] of [
        [namespace, runner],
        [builds, stages],
      ] as const) {
        for (const object of grant(permissions, where, account)) await world.apply(object);
      }
      const environment = { DRONE_NAMESPACE_DEFAULT: builds };
      const { repo, number } = await orphan(made, 'SIGKILL', { environment });
      const rest = async (): Promise<string> =>
        world.kubectl(
          '-n',
          builds,
          'get',
          'pods,configmaps,secrets',
          '-l',
          LABEL_STAGE,
          '-o',
          'name',
        );
      expect(await rest()).toContain('pod/');
      await delay(PAST_GRACE_MS);

      const kubeconfig = await kubeconfigOf(world, account);
      const as = { ...environment, DRONE_KUBERNETES_CONFIG: kubeconfig };
      const { code, report } = await reap(made, GRACE, as);
      expect({ code, problems: report.problems }).toEqual({ code: 0, problems: [] });
      expect(report.reasons['owner dead']).toMatchObject({ stages: 1, closed: 1, pods: 1 });
      expect(report.reasons['dead replica']).toMatchObject({ leases: 1 });
      expect((await repo.ended(number)).status).toBe('error');
      await timeUntil('the end of its objects', async () => (await rest()) === '');

      // What it may not list, it says, and judges nothing there.
      const blind = await reap(made, [...GRACE, '--namespace', 'kube-system'], as);
      expect(blind.code).toBe(1);
      expect(blind.report.problems).toEqual([expect.stringContaining('kube-system')]);
      await world.kubectl('delete', 'namespace', builds, '--wait=false');
    },
    120_000,
  );
});

describe('the stage of a replica that ended in good order', () => {
  test.concurrent(
    'has the whole time to find another one',
    async () => {
      const made = await open('released');
      const { repo, number } = await orphan(made, 'SIGTERM');
      await delay(PAST_GRACE_MS);
      const first = await reap(made, GRACE);
      expect(first).toMatchObject({ code: 0, report: { outcomes: { removed: 0 } } });
      expect(first.report.waiting).toHaveLength(1);

      const second = await made.start({ environment: LEASE });
      await second.said('a stage is taken over');
      await delay(PAST_GRACE_MS);
      const meanwhile = await reap(made, GRACE);
      expect(meanwhile.report).toMatchObject({ outcomes: { removed: 0 }, waiting: [] });
      expect((await repo.until(number, () => true)).status).toBe('running');

      await second.end();
      expect((await reap(made, GRACE)).report.waiting).toHaveLength(1);
      await delay(PAST_GRACE_MS);
      const last = await reap(made, GRACE);
      expect(last.report.reasons['owner dead']).toMatchObject({ stages: 1, closed: 1 });
      expect((await repo.ended(number)).status).toBe('error');
      await made.clean();
    },
    120_000,
  );
});

describe('the stage of a replica that lives', () => {
  test.concurrent(
    'is not touched, even without its record',
    async () => {
      const made = await open('alive');
      await made.start({ environment: LEASE });
      const repo = await made.repo();
      const number = await repo.push(
        pipeline('steps:\n  - {name: first, image: busybox, commands: ["sleep 30"]}'),
      );
      await repo.stepRuns(number, 'first');
      await delay(PAST_GRACE_MS);
      const idle = { removed: 0, changed: 0, failed: 0, kept: 0 };
      const { report } = await reap(made, GRACE);
      expect(report.outcomes).toMatchObject({ ...idle, 'in use': 0 });
      const records = 'drone-kube.io/role=record';
      await made.world.kubectl('-n', made.namespace, 'delete', 'configmap', '-l', records);
      const without = await reap(made, GRACE);
      expect(without.report.outcomes).toMatchObject({ ...idle, 'in use': 1 });
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'success' });
      await made.clean();
    },
    90_000,
  );
});

describe('among many live objects', () => {
  let made: Daemons;
  let objects: StrandedObjects;

  beforeAll(async () => {
    made = await open('bulk');
    objects = await openStrandedObjects(made, BULK);
  }, 900_000);

  afterAll(async () => objects.close(), 600_000);

  test('all the stranded ones go within a minute, and none of the others', async () => {
    await delay(2_500);
    const { code, report } = await reap(made, ['--grace', '2s']);
    process.stdout.write(`reap of ${BULK} of each kind: ${report.seconds.toFixed(1)} s\n`);
    expect({ code, problems: report.problems }).toEqual({ code: 0, problems: [] });
    const half = { pods: BULK / 2, configMaps: BULK / 2, secrets: BULK / 2 };
    expect(report.reasons).toMatchObject({
      'owner dead': { stages: BULK, records: BULK },
      'no record': { stages: BULK / 2, ...half },
      'exec left behind': half,
      'dead replica': { leases: BULK },
    });
    expect(report.reasons['own namespace']?.['namespaces']).toBeGreaterThanOrEqual(5);
    expect(report.seconds).toBeLessThan(60);
    await timeUntil('the end of what was stranded', async () => (await objects.stranded()) === 0);
    await expect(objects.live()).resolves.toEqual(objects.liveBefore);
  }, 120_000);
});
