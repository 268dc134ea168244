/** Keys under `kubernetes` of the pipeline: what they do, and whom a policy lets use them. */
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, parseJson } from '../cluster/json.ts';
import { openDaemons, type Daemons } from './daemon.ts';
import { pipeline } from './daemon-repo.ts';
import { logOf, openWorld, pipelineOf, rows, waitFor, type World } from './drone.ts';

const SUFFIX = process.pid;
/** Objects of the whole cluster, so this run has its own. */
const PRIORITY_CLASS = `e2e-keys-${SUFFIX}`;
const DEVICE = `example.com/e2e-${SUFFIX}`;

let world: World;
beforeAll(async () => {
  world = await openWorld('keys');
  await world.apply({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: PRIORITY_CLASS },
    value: 7,
    preemptionPolicy: 'Never',
  });
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.kubectl('delete', 'priorityclass', PRIORITY_CLASS);
  await world.close();
}, 60_000);

/** The one Pod of a namespace, as soon as it has a node. */
async function podIn(namespace: string): Promise<unknown> {
  let found: unknown;
  await waitFor('a Pod on a node', async () => {
    const text = await world.kubectl('-n', namespace, 'get', 'pods', '-o', 'json');
    found = at(parseJson(text), 'items', '0');
    return at(found, 'spec', 'nodeName') !== undefined;
  });
  return found;
}

describe('exec', () => {
  test('a workspace in memory, a user, few rights: the steps see it', async () => {
    const ran = await world.exec(
      pipelineOf(`
platform: {os: linux}
steps:
  - name: first
    image: busybox
    commands:
      - id -u
      - stat -f -c %T .
      - cat given.txt && echo own > given.txt
      - touch /elsewhere 2>/dev/null || echo read-only
      - grep CapBnd /proc/self/status
    kubernetes:
      resources:
        requests: {ephemeral_storage: 1MiB, memory: 1MiB}
      security_context:
        read_only_root_filesystem: true
        allow_privilege_escalation: false
        capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}
  - name: other
    image: busybox
    user: 4321
    commands: [id -u]
kubernetes:
  security_context: {run_as_user: 1234, run_as_non_root: true, fs_group: 77}
  workspace: {medium: memory, size: 16MiB}
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              - {key: kubernetes.io/os, operator: In, values: [linux]}
`),
      [],
      { 'given.txt': 'from the working tree\n' },
    );
    expect(rows(ran.out)).toEqual({
      workspace: 'success 0',
      first: 'success 0',
      other: 'success 0',
    });
    const output = logOf(ran.out, 'first').filter((line) => !line.startsWith('+ '));
    expect(output).toEqual([
      '1234',
      'tmpfs',
      'from the working tree',
      'read-only',
      'CapBnd:\t0000000000000400',
    ]);
    expect(logOf(ran.out, 'other')).toContain('4321');
  }, 60_000);

  test('a priority class and a device of the node, for the container that asks for it', async () => {
    const [node = ''] = (await world.kubectl('get', 'nodes', '-o', 'name')).split('\n');
    const patch = async (operation: object): Promise<string> =>
      world.kubectl(
        'patch',
        node,
        '--subresource=status',
        '--type=json',
        `-p=${JSON.stringify([{ path: `/status/capacity/${DEVICE.replace('/', '~1')}`, ...operation }])}`,
      );
    await patch({ op: 'add', value: '1' });
    const running = await world.startExec(
      pipelineOf(`
steps:
  - name: train
    image: busybox
    commands: [echo begun, sleep 1000]
    kubernetes:
      resources:
        limits: {${DEVICE}: 1}
kubernetes:
  priority_class: ${PRIORITY_CLASS}
`),
    );
    try {
      await running.seen('[train] begun');
      const pod = await podIn(world.namespace);
      expect(at(pod, 'spec', 'priorityClassName')).toBe(PRIORITY_CLASS);
      expect(at(pod, 'spec', 'priority')).toBe(7);
      expect(at(pod, 'spec', 'containers', '1', 'resources', 'limits')).toEqual({ [DEVICE]: '1' });
      expect(at(pod, 'spec', 'containers', '0', 'resources', 'limits')).toBeUndefined();
    } finally {
      running.child.kill('SIGINT');
      await running.end();
      await patch({ op: 'remove' });
    }
  }, 60_000);

  test('no node of the architecture that the file names', async () => {
    const running = await world.startExec(
      pipelineOf(
        'platform: {arch: s390x}\nsteps: [{name: a, image: busybox, commands: ["true"]}]\n',
      ),
    );
    const reason = "didn't match Pod's node affinity/selector";
    await running.seen(reason);
    running.child.kill('SIGINT');
    const { code, err, out } = await running.end();
    expect(out + err).toContain(reason);
    expect(code).not.toBe(0);
  }, 60_000);
});

describe('the daemon', () => {
  let daemons: Daemons;
  const file = join(tmpdir(), `e2e-keys-${SUFFIX}.yml`);
  beforeAll(async () => {
    daemons = await openDaemons('keys-daemon');
    await writeFile(file, `name: default\nallow: [workspace]\npriority_class: ${PRIORITY_CLASS}\n`);
    await daemons.start({ environment: { DRONE_POLICY_FILE: file } });
  }, 60_000);
  afterAll(async () => {
    await daemons.close();
    await rm(file);
  }, 60_000);

  test('what a policy does not allow ends the stage, and tells whom to ask', async () => {
    const { build } = await daemons.build(
      pipeline(`
steps:
  - {name: a, image: busybox, commands: ["true"]}
kubernetes:
  runtime_class: gvisor
`),
    );
    expect(build.status).toBe('error');
    expect(build.stages[0]?.error).toMatch(
      /^\d+:18: `kubernetes\.runtime_class` is not allowed for \S+ on this runner; remove it, or ask the operator of the runner to add `runtime_class` to `allow` of the policy `default` \(DRONE_POLICY_FILE\)$/,
    );
  }, 60_000);

  test('what it allows is there, and its priority class with it', async () => {
    const repo = await daemons.repo();
    const number = await repo.push(
      pipeline(`
steps:
  - {name: a, image: busybox, commands: [sleep 1000]}
kubernetes:
  workspace: {size: 16MiB}
`),
    );
    await repo.stepRuns(number, 'a');
    const pod = await podIn(daemons.namespace);
    expect(at(pod, 'spec', 'priorityClassName')).toBe(PRIORITY_CLASS);
    expect(at(pod, 'spec', 'volumes')).toContainEqual({
      name: 'workspace',
      emptyDir: { sizeLimit: '16777216' },
    });
    await repo.cancel(number);
    await expect(repo.ended(number)).resolves.toMatchObject({ status: 'killed' });
  }, 60_000);
});
