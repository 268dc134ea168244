import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../runtime/kube/config.ts';
import { deleteObject } from '../../runtime/kube/objects.ts';
import { PODS } from '../../runtime/kube/request.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import { processesWhere, signal } from '../cluster/processes.ts';
import { openWorld, pipelineOf, rows, waitFor, type World } from './drone.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld('ends');
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.close();
}, 60_000);

const SLEEP = pipelineOf(`
steps:
  - name: sleep
    image: busybox
    commands: ["echo asleep", "sleep 1000"]
`);

describe('what cannot run', () => {
  test('an image that cannot be pulled: said within seconds, the rest of the pipeline goes on', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: good
    image: busybox
    commands: ["true"]
  - name: bad
    image: drone-kube/no-such-image:1
    commands: ["true"]
  - name: rescue
    image: busybox
    commands: ["echo rescued"]
    when: {status: [failure]}
`),
    );
    expect(ran.code).toBe(1);
    expect(ran.ms).toBeLessThan(20_000);
    expect(rows(ran.out)).toMatchObject({
      good: 'success 0',
      bad: 'error 255',
      rescue: 'success 0',
    });
    expect(ran.out).toMatch(/step "bad": its image cannot be pulled: .*no-such-image/);
  }, 60_000);

  test('a request that no node can hold: the words of the scheduler at once, an end at the limit', async () => {
    const running = await world.startExec(
      pipelineOf(`
resources:
  requests: {cpu: 1000000}
steps:
  - name: a
    image: busybox
    commands: ["true"]
`),
      ['--start-timeout', '4s'],
    );
    const began = performance.now();
    await running.seen('Insufficient cpu');
    expect(performance.now() - began).toBeLessThan(5_000);
    const ran = await running.end();
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(
      /error after .* \(unschedulable\): gave up after 4 s: .*Insufficient cpu/,
    );
    await world.clean();
  }, 60_000);

  test('a coordinator image that has no valid name', async () => {
    const ran = await world.exec(SLEEP, ['--coordinator-image', 'NOT AN IMAGE']);
    expect(ran.code).toBe(1);
    expect(ran.ms).toBeLessThan(20_000);
    expect(ran.out).toMatch(/\(image pull\): the coordinator of the Pod does not start/);
    await world.clean();
  }, 60_000);

  test('a step that takes more memory than it may', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - name: hungry
    image: busybox
    commands: ["tail /dev/zero"]
    resources:
      limits: {memory: 32Mi}
`),
    );
    expect(ran.code).toBe(1);
    expect(rows(ran.out)).toMatchObject({ hungry: 'failure 137' });
    expect(ran.out).toMatch(/OOMKilled.*its limit is 32 MiB/);
  }, 60_000);

  test('somebody deletes the Pod', async () => {
    const running = await world.startExec(SLEEP);
    await running.seen('asleep');
    await world.kubectl(
      '-n',
      world.namespace,
      'delete',
      'pods',
      '-l',
      'drone-kube.io/stage',
      '--wait=false',
    );
    const ran = await running.end();
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('(deleted by somebody)');
    expect(rows(ran.out)).toMatchObject({ sleep: 'killed 137' });
    await world.clean();
  }, 60_000);

  // The node tells the containers of a Pod to end one after the other. Here the step is told by this
  // test, between the deletion and the node, so that the coordinator always hears of it first.
  test('somebody deletes the Pod, and its coordinator hears of the end of the step first', async () => {
    const seconds = `1000.${process.pid}`;
    const running = await world.startExec(SLEEP.replace('sleep 1000', `sleep ${seconds}`));
    await running.seen('asleep');
    const pod = await world.kubectl('-n', world.namespace, 'get', 'pods', '-o', 'name');
    const isSleep = (argv: readonly string[]): boolean =>
      argv.includes('sleep') && argv.includes(seconds);
    let pids: readonly number[] = [];
    await waitFor('the sleep', async () => {
      pids = processesWhere(isSleep);
      return pids.length > 0;
    });
    const reference = {
      resource: PODS,
      namespace: world.namespace,
      name: pod.trim().replace('pod/', ''),
    };
    await deleteObject(
      new Transport(await loadConfig({ kubeconfig: world.cluster.kubeconfig })),
      reference,
    );
    for (const pid of pids) signal(pid, 'SIGTERM');
    const ran = await running.end();
    expect(ran.out).toContain('(deleted by somebody)');
    expect(rows(ran.out)).toMatchObject({ sleep: 'killed 137' });
    await world.clean();
  }, 60_000);

  test('the timeout counts from the first step', async () => {
    const ran = await world.exec(SLEEP, ['--timeout', '2s']);
    expect(ran.code).toBe(1);
    expect(rows(ran.out)).toMatchObject({ sleep: 'killed 137' });
    expect(ran.out).toContain('(timeout): the stage ran for longer than its timeout of 2s');
  }, 60_000);
});

describe('what must leave nothing behind', () => {
  test('Ctrl-C', async () => {
    const running = await world.startExec(SLEEP);
    await running.seen('asleep');
    const asked = performance.now();
    running.child.kill('SIGINT');
    const ran = await running.end();
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('killed after');
    expect(performance.now() - asked).toBeLessThan(8_000);
    await world.clean();
  }, 60_000);

  test('Ctrl-C while the Pod waits for a node', async () => {
    const running = await world.startExec(
      pipelineOf(`
node_selector: {no: such-node}
steps:
  - name: a
    image: busybox
    commands: ["true"]
`),
    );
    await running.seen('no node can take the Pod');
    running.child.kill('SIGINT');
    expect((await running.end()).code).toBe(1);
    await world.clean();
  }, 60_000);

  test('a detached plugin that ignores SIGTERM, and holds nothing up', async () => {
    const ran = await world.exec(
      pipelineOf(`
steps:
  - {name: web, image: drone-kube/web, detach: true}
  - name: client
    image: busybox
    commands: ["sleep 4"]
`),
    );
    expect(rows(ran.out)).toMatchObject({ web: 'success 0', client: 'success 0' });
    expect(ran.ms).toBeLessThan(15_000);
    await world.clean();
  }, 60_000);

  test('kill -9', async () => {
    const running = await world.startExec(SLEEP);
    await running.seen('asleep');
    running.child.kill('SIGKILL');
    await running.end();
    expect(await world.leftovers()).not.toEqual([]);
    await world.clean();
  }, 60_000);
});

describe('a namespace with a quota', () => {
  let small: World;
  beforeAll(async () => {
    small = await openWorld('quota');
    await small.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'small', namespace: small.namespace },
      spec: { hard: { 'requests.memory': '10Mi' } },
    });
    await waitFor('the quota', async () => {
      const status = await small.kubectl(
        '-n',
        small.namespace,
        'get',
        'resourcequota',
        'small',
        '-o',
        'jsonpath={.status.hard}',
      );
      return status.includes('10Mi');
    });
  }, 60_000);
  afterAll(async () => small.close());

  test('that refuses the Pod', async () => {
    const ran = await small.exec(SLEEP);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(
      /\(quota\): the quota of the namespace is used up: .*exceeded quota: small/,
    );
    await small.clean();
  }, 60_000);
});
