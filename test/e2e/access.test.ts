import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EXEC_PERMISSIONS } from '../../runtime/contract.ts';
import { logOf, openWorld, pipelineOf, rows, waitFor, type World } from './drone.ts';

const run = promisify(execFile);
let world: World;
let folder: string;
beforeAll(async () => {
  world = await openWorld('access');
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-access-'));
}, 60_000);
afterAll(async () => {
  await world.clean();
  await world.close();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('the permissions of the contract are enough for `exec`, and no more is asked for', async () => {
  const { namespace } = world;
  const metadata = { name: 'developer', namespace };
  const rbac = 'rbac.authorization.k8s.io';
  await world.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await world.apply({
    apiVersion: `${rbac}/v1`,
    kind: 'Role',
    metadata,
    rules: EXEC_PERMISSIONS.map(({ group, resource, verbs }) => ({
      apiGroups: [group],
      resources: [resource],
      verbs,
    })),
  });
  await world.apply({
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'developer' },
    subjects: [{ kind: 'ServiceAccount', name: 'developer', namespace }],
  });
  const token = (await world.kubectl('-n', namespace, 'create', 'token', 'developer')).trim();
  const view: { clusters: { cluster: object }[] } = JSON.parse(
    await world.kubectl('config', 'view', '--raw', '--minify', '-o', 'json'),
  );
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: view.clusters[0]?.cluster }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace } }],
    }),
  );
  const ran = await world.exec(
    pipelineOf(`
steps:
  - name: a
    image: busybox
    commands: ["cat given.txt"]
  - name: plugin
    image: plugins/echo
    settings: {token: {from_secret: token}}
  - name: missing
    image: drone-kube/no-such-image
    failure: ignore
    commands: ["true"]
`),
    ['--kubeconfig', kubeconfig, '--secret-file', 'secrets'],
    { 'given.txt': 'given\n', secrets: 'token=swordfish\n' },
  );
  expect(rows(ran.out)).toMatchObject({
    a: 'success 0',
    plugin: 'success 0',
    missing: 'error 255',
  });
  expect(logOf(ran.out, 'a')).toContain('given');
  expect(ran.code).toBe(0);
}, 90_000);

test('`--clone` clones from a real git server', async () => {
  const host = world.cluster.host;
  if (host === undefined)
    throw new Error(
      'this test needs an address at which Pods reach this machine: DRONE_KUBE_TEST_HOST',
    );
  const repository = join(folder, 'hello');
  const git = async (...args: string[]): Promise<string> => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
    const { stdout } = await run('git', ['-C', repository, ...identity, ...args]);
    return stdout.trim();
  };
  await run('git', ['init', '-q', '-b', 'main', repository]);
  await writeFile(join(repository, 'committed.txt'), 'committed\n');
  await git('add', '.');
  await git('commit', '-q', '-m', 'first');
  const commit = await git('rev-parse', 'HEAD');
  await git('remote', 'add', 'origin', `git://${host}:19418/hello`);
  await writeFile(join(repository, 'not-committed.txt'), 'no\n');
  const pipeline =
    'kind: pipeline\ntype: kubernetes\nname: default\n\nsteps:\n  - name: look\n    image: busybox\n    commands: ["ls", "echo $DRONE_COMMIT_SHA"]\n';
  await writeFile(join(repository, '.drone.yml'), pipeline);

  const daemon = spawn(
    'git',
    [
      'daemon',
      '--reuseaddr',
      `--listen=${host}`,
      '--port=19418',
      `--base-path=${folder}`,
      '--export-all',
      folder,
    ],
    { stdio: 'ignore', detached: true },
  );
  try {
    await waitFor('the git server', async () =>
      run('git', ['ls-remote', `git://${host}:19418/hello`]).then(
        () => true,
        () => false,
      ),
    );
    const ran = await world.drone(
      ['exec', '--clone', '--namespace', world.namespace, join(repository, '.drone.yml')],
      {},
    );
    expect(rows(ran.out)).toEqual({ clone: 'success 0', look: 'success 0' });
    expect(logOf(ran.out, 'look')).toContain('committed.txt');
    expect(logOf(ran.out, 'look')).not.toContain('not-committed.txt');
    expect(logOf(ran.out, 'look')).toContain(commit);
    expect(ran.code).toBe(0);
  } finally {
    if (daemon.pid !== undefined) process.kill(-daemon.pid, 'SIGKILL');
    await once(daemon, 'close').catch(() => undefined);
  }
}, 90_000);
