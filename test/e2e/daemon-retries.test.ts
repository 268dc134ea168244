/** Stages that the cluster ends, and which of them are begun again. */
import { describe, expect, test } from '@jest/globals';
import { pipeline, steps, type Repo } from './daemon-repo.ts';
import { waitFor } from './drone.ts';
import { oneReplica } from './one-replica.ts';

const daemons = oneReplica('daemon-retries');

/** Deletes the Pod of the only build of a repository, as the drain of a node does. */
async function lose(repo: Repo, lost = ''): Promise<string> {
  const { namespace, world } = await daemons();
  const pod = await podOf(repo, lost);
  await world.kubectl('-n', namespace, 'delete', 'pod', pod, '--wait=false');
  return pod;
}

/** Waits for a Pod of the repository that is another one. */
async function podOf(repo: Repo, lost: string): Promise<string> {
  let found: readonly string[] = [];
  await waitFor('a Pod', async () => {
    found = (await (await daemons()).podsOf(repo, true)).filter((name) => name !== lost);
    return found.length === 1;
  });
  return found[0] ?? '';
}

describe('a stage whose Pod is deleted', () => {
  test.concurrent(
    'while a step runs is begun again where the pipeline says that it may be',
    async () => {
      const repo = await (await daemons()).repo();
      const number = await repo.push(
        pipeline(`
metadata:
  annotations: {drone-kube.io/retry: "1"}
steps:
  - {name: quick, image: busybox, commands: ["echo done quickly"]}
  - {name: slow, image: busybox, commands: ["sleep 10", "exit 9"]}
`),
      );
      await repo.stepRuns(number, 'slow');
      await podOf(repo, await lose(repo));
      const build = await repo.ended(number);
      expect(steps(build)).toEqual({ quick: 'success 0', slow: 'failure 9' });
      expect(build.stages[0]?.status).toBe('failure');
      expect(build.stages[0]?.error ?? '').toBe('');
      await expect(repo.log(build, 'quick')).resolves.toContain('done quickly');
    },
    90_000,
  );

  test.concurrent.each([
    ['without leave: nothing is done twice', []],
    ['a second time: one retry is one', ['metadata: {annotations: {drone-kube.io/retry: "1"}}']],
  ])(
    'while a step runs ends as an error %s',
    async (_title, leave) => {
      const repo = await (await daemons()).repo();
      const stage = [
        ...leave,
        'steps:',
        '  - {name: slow, image: busybox, commands: ["sleep 60"]}',
      ];
      const number = await repo.push(pipeline(stage.join('\n')));
      await repo.stepRuns(number, 'slow');
      const first = await lose(repo);
      if (leave.length > 0) await lose(repo, first);
      const build = await repo.ended(number);
      expect(build.stages[0]).toMatchObject({
        status: 'error',
        error: 'somebody deleted the Pod of the stage; start the build again',
      });
    },
    90_000,
  );

  test.concurrent(
    'before it has a node is begun again by itself',
    async () => {
      const repo = await (await daemons()).repo();
      const number = await repo.push(
        pipeline(`
node_selector: {drone-kube.io/nowhere: "true"}
steps:
  - {name: never, image: busybox, commands: ["true"]}
`),
      );
      await podOf(repo, await lose(repo));
      await repo.cancel(number);
      await expect(repo.ended(number)).resolves.toMatchObject({ status: 'killed' });
    },
    90_000,
  );
});
