/** Replicas that come and go, and what they take from the queue. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { openFaultProxy } from '../stack/fault-proxy.ts';
import { openDaemons, requestsBetween, runDaemon, timeUntil, type Daemons } from './daemon.ts';
import { pipeline, serial, steps } from './daemon-repo.ts';

const all: Daemons[] = [];

/** In a namespace of its own for each test, because each has other replicas. */
async function open(name: string): Promise<Daemons> {
  const made = await openDaemons(`daemon-${name}`);
  all.push(made);
  return made;
}

afterAll(async () => {
  await Promise.all(all.map(async (made) => made.close()));
}, 60_000);

const LEASE = { DRONE_KUBE_LEASE_DURATION: '3' };
/** Until it is told to end, however long a replica takes to begin. */
const COUNTING = 'i=0; until [ -e /tmp/go ]; do i=$((i + 1)); echo line-$i; sleep 0.1; done';

// One block: those of one block run at the same time.
describe('replicas', () => {
  test.concurrent.each([{ signal: 'SIGTERM' as const }, { signal: 'SIGKILL' as const }])(
    'another replica goes on with the stages of one that ends by $signal',
    async ({ signal }) => {
      const made = await open(signal.toLowerCase());
      const repo = await made.repo();
      const first = await made.start({ environment: LEASE });
      const number = await repo.push(
        pipeline(
          `steps:\n  - {name: count, image: busybox, commands: ["${COUNTING}", "exit 7"]}\n  - {name: after, image: busybox, commands: ["true"], when: {status: [failure]}}`,
        ),
      );
      await repo.liveUntil(number, 1, 'line-5\n');
      const second = await made.start({ environment: LEASE });
      const ms = await first.end(signal);
      expect(ms).toBeLessThan(1_000);
      await second.said('a stage is taken over');
      const pods = await made.world.kubectl('-n', made.namespace, 'get', 'pods', '-o', 'name');
      const go = ['-c', '1-count', '--', 'touch', '/tmp/go'];
      await made.world.kubectl('-n', made.namespace, 'exec', pods.trim(), ...go);
      const build = await repo.ended(number);
      expect(steps(build)).toEqual({ count: 'failure 7', after: 'success 0' });
      expect(build.status).toBe('failure');
      const log = (await repo.log(build, 'count')).split('\n');
      const lines = log.filter((line) => line.startsWith('line-'));
      expect(lines.length).toBeGreaterThan(5);
      expect(lines).toEqual(lines.map((_, index) => `line-${index + 1}`));
    },
    90_000,
  );

  test.concurrent.each([
    { who: 'replica', variable: 'DRONE_RUNNER_CAPACITY', replicas: 1 },
    { who: 'namespace', variable: 'DRONE_KUBE_NAMESPACE_CAPACITY', replicas: 2 },
  ])(
    'a stage stays in the queue while the $who has as many as it may',
    async ({ who, variable, replicas }) => {
      const made = await open(`full-${who}`);
      for (let n = 0; n < replicas; n += 1) await made.start({ environment: { [variable]: '1' } });
      const repo = await made.repo();
      const one = await repo.push(pipeline(serial(1, 'sleep 3')));
      await repo.stepRuns(one, 's1');
      const two = await repo.push(pipeline(serial(1, 'true')));
      await repo.ended(one);
      const [first, second] = [await repo.ended(one), await repo.ended(two)];
      expect([first.status, second.status]).toEqual(['success', 'success']);
      expect(second.stages[0]?.started).toBeGreaterThanOrEqual(
        first.stages[0]?.stopped ?? Infinity,
      );
    },
    60_000,
  );

  test.concurrent(
    'a stage stays in the queue while the quota of the namespace has no room for it',
    async () => {
      const made = await open('quota');
      await made.world.apply({
        apiVersion: 'v1',
        kind: 'ResourceQuota',
        metadata: { name: 'small', namespace: made.namespace },
        spec: { hard: { pods: '0' } },
      });
      await timeUntil('the quota', async () => {
        const quota = ['get', 'resourcequota', 'small', '-o', 'jsonpath={.status.hard.pods}'];
        return (await made.world.kubectl('-n', made.namespace, ...quota)) === '0';
      });
      const replica = await made.start();
      const repo = await made.repo();
      const number = await repo.push(pipeline(serial(1, 'true')));
      await replica.said('a stage stays in the queue');
      const waiting = await repo.until(number, () => true);
      expect(waiting.status).toBe('pending');
      expect(waiting.stages[0]?.machine ?? '').toBe('');
      await expect(made.leftovers()).resolves.toEqual([]);
      const more = JSON.stringify({ spec: { hard: { pods: '5' } } });
      const patch = ['patch', 'resourcequota', 'small', '--type', 'merge', '-p', more];
      await made.world.kubectl('-n', made.namespace, ...patch);
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'success' });
    },
    60_000,
  );

  test.concurrent(
    'the timeout of the repository counts from the first step, and its end says what to do',
    async () => {
      const made = await open('timeout');
      await made.start();
      const repo = await made.repo();
      await made.api.setRepo(repo.slug, { timeout: 1 });
      const build = await repo.run(pipeline(serial(2, 'echo begun; sleep 80')), 80_000);
      expect(build.status).toBe('killed');
      expect(steps(build)).toMatchObject({ s1: 'killed 137', s2: 'skipped 0' });
      const [stage] = build.stages;
      const first = stage?.steps?.[0];
      expect(stage?.error).toMatch(/timeout of 1m; raise the timeout in the settings/);
      expect((first?.stopped ?? 0) - (first?.started ?? 0)).toBeGreaterThanOrEqual(59);
      expect((first?.stopped ?? 0) - (first?.started ?? 0)).toBeLessThan(63);
      await expect(repo.log(build, 's1')).resolves.toContain('begun');
    },
    90_000,
  );

  test.concurrent(
    'a replica without work asks the API server for its Lease only, and Drone for a stage',
    async () => {
      const made = await open('idle');
      const proxy = await openFaultProxy(made.stack.drone);
      const replica = await made.start({ drone: proxy.url });
      const repo = await made.repo();
      await repo.run(pipeline(serial(1, 'true')));
      await made.clean();
      // What a stage leaves open for the next one is closed after a while.
      await delay(12_000);
      const before = await replica.metrics();
      const seen = proxy.seen.length;
      await delay(10_000);
      const requests = requestsBetween(before, await replica.metrics());
      expect(Object.keys(requests)).toEqual(['PATCH leases']);
      expect(requests['PATCH leases']).toBeLessThanOrEqual(3);
      expect(proxy.seen.slice(seen).filter(({ path }) => path !== '/rpc/v2/stage')).toEqual([]);
      expect(proxy.seen.length - seen).toBeLessThanOrEqual(1);
      await proxy.close();
    },
    60_000,
  );

  test.concurrent(
    'a wrong configuration ends the process with all that is wrong',
    async () => {
      const { code, err } = await runDaemon({
        DRONE_RPC_PROTO: 'ftp',
        DRONE_RUNNER_CAPACITY: 'many',
        DRONE_RPC_SECRET: 'hunter2',
      });
      expect(code).toBe(2);
      for (const name of ['DRONE_RPC_PROTO', 'DRONE_RPC_HOST', 'DRONE_RUNNER_CAPACITY']) {
        expect(err).toContain(name);
      }
      expect(err).not.toContain('hunter2');
    },
    60_000,
  );
});
