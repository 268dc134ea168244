/** Builds that are cancelled, forgotten, or taken by somebody else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openFaultProxy } from '../stack/fault-proxy.ts';
import { openDaemons, timeUntil, type Daemons } from './daemon.ts';
import { pipeline, serial, type Repo } from './daemon-repo.ts';

let daemons: Daemons;
beforeAll(async () => {
  daemons = await openDaemons('daemon-cancel');
  await daemons.start();
}, 60_000);
afterAll(async () => {
  await daemons.close();
}, 60_000);

const UNLIKELY = 'node_selector: {drone-kube.test/no-such-node: "yes"}';
const ONE = serial(1, 'true');

// Not at the same time, since times are measured.
describe('a cancelled build', () => {
  test.each([
    {
      phase: 'waits for a node',
      text: pipeline(`${UNLIKELY}\n${ONE}`),
      ready: async (repo: Repo) =>
        timeUntil('a Pod', async () => (await daemons.podsOf(repo)).length > 0),
    },
    {
      phase: 'pulls an image',
      text: pipeline(
        'steps:\n  - {name: s1, image: drone-kube/no-such-image:9, commands: ["true"]}',
      ),
      ready: async (repo: Repo) =>
        timeUntil('a Pod', async () => (await daemons.podsOf(repo)).length > 0),
    },
    {
      phase: 'runs',
      text: pipeline(serial(1, 'sleep 1000')),
      ready: async (repo: Repo, number: number) => repo.stepRuns(number, 's1'),
    },
    {
      phase: 'writes a long log',
      text: pipeline(serial(1, 'yes a line of some length | head -n 100000000')),
      ready: async (repo: Repo, number: number) => {
        await repo.stepRuns(number, 's1');
        await repo.liveUntil(number, 1, 'a line of some length');
      },
    },
  ])(
    'ends at once while it $phase; its Pod is gone as soon as the kubelet can be',
    async ({ text, ready }) => {
      const repo = await daemons.repo();
      const number = await repo.push(text);
      await ready(repo, number);
      await repo.cancel(number);
      const asked = await timeUntil(
        'a deletion',
        async () => (await daemons.podsOf(repo, true)).length === 0,
      );
      // A tenth of it where the machine has nothing else to do: these limits hold on a busy one, too.
      expect(asked).toBeLessThan(2_000);
      const gone = await timeUntil('no Pod', async () => (await daemons.podsOf(repo)).length === 0);
      // The kubelet looks at its containers once a second, and has to do so twice or three times.
      expect(asked + gone).toBeLessThan(6_000);
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'killed' });
    },
    60_000,
  );

  test('is not begun when that happens between its request and its acceptance', async () => {
    const made = await openDaemons('daemon-between');
    try {
      const repo = await made.repo();
      const proxy = await openFaultProxy(made.stack.drone);
      proxy.disturb(({ method, path }) =>
        method === 'POST' && path.includes('?machine=') ? { kind: 'hang' } : undefined,
      );
      await made.start({ drone: proxy.url });
      const number = await repo.push(pipeline(ONE));
      await timeUntil('the acceptance', async () =>
        proxy.seen.some(({ path }) => path.includes('?machine=')),
      );
      await repo.cancel(number);
      // What hangs is cut off, and sent again.
      proxy.pass();
      await made.clean();
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'killed' });
      await proxy.close();
    } finally {
      await made.close();
    }
  }, 60_000);
});

describe('a build that this runner does not have', () => {
  test('was accepted by another runner first', async () => {
    const made = await openDaemons('daemon-other');
    try {
      const repo = await made.repo();
      const proxy = await openFaultProxy(made.stack.drone);
      let isTaken = false;
      const headers = { 'x-drone-token': made.stack.rpcSecret };
      proxy.disturb(async ({ path }) => {
        const id = /stage\/(\d+)\?machine=/.exec(path)?.[1];
        if (id === undefined || isTaken) return undefined;
        isTaken = true;
        const other = `${made.stack.drone}/rpc/v2/stage/${id}?machine=other`;
        await fetch(other, { method: 'POST', headers });
        // Only then is ours sent again.
        return { kind: 'answer', status: 502 };
      });
      const replica = await made.start({ drone: proxy.url });
      const number = await repo.push(pipeline(ONE));
      await replica.said('refused');
      await made.clean();
      const build = await repo.until(number, ({ stages }) => stages[0]?.machine === 'other');
      expect(build.status).not.toBe('error');
      // It goes on with others.
      const other = await made.repo();
      await expect(other.run(pipeline(ONE))).resolves.toMatchObject({ status: 'success' });
      await repo.cancel(number);
      await proxy.close();
    } finally {
      await made.close();
    }
  }, 60_000);

  test('was forgotten by Drone while it ran: nothing is left', async () => {
    const repo = await daemons.repo();
    const number = await repo.push(pipeline(serial(1, 'sleep 1000')));
    await repo.stepRuns(number, 's1');
    await daemons.api.deleteRepo(repo.slug);
    await timeUntil('no Pod', async () => (await daemons.podsOf(repo)).length === 0);
    await expect(daemons.podsOf(repo)).resolves.toEqual([]);
  }, 60_000);
});
