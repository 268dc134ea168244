/**
 * What the cdk8s app makes, applied to the real cluster as a GitOps tool would: the runner comes up
 * as deployed, and takes stages of the real Drone server with just the rights that it was given.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Environment } from '../../infra/environments/settings.ts';
import { synth } from '../../infra/synth.ts';
import { pushRunnerImage } from '../cluster/images/runner.ts';
import { at, parseJson } from '../cluster/json.ts';
import { ownLayout } from '../cluster/settings.ts';
import { readCluster } from '../cluster/state.ts';
import { stackApi } from '../stack/drone-api.ts';
import { readStack } from '../stack/state.ts';
import { pipeline, Repo, steps } from './daemon-repo.ts';
import { waitFor } from './drone.ts';

const PROGRAM = new URL('../../build/drone-kube.js', import.meta.url).pathname;

const run = promisify(execFile);
const id = `e2e-deployment-${process.pid}`;
const label = randomBytes(4).toString('hex');
const SYSTEM = `${id}-system`;
const UNTRUSTED = `${id}-untrusted`;
const TRUSTED = `${id}-trusted`;

const cluster = readCluster();
const stack = readStack();
if (cluster?.registry === undefined) throw new Error('no cluster with a registry');
if (stack === undefined) throw new Error('no stack: npm run stack -- up');
const { registry } = cluster;

const environmentOf = (image: string, drone: URL): Environment => ({
  name: 'e2e',
  instance: id,
  image,
  drone: {
    host: drone.host,
    proto: 'http',
    rpcSecret: { kind: 'existing', name: 'drone-rpc', key: 'secret' },
  },
  namespaces: { system: SYSTEM, trusted: TRUSTED, untrusted: UNTRUSTED },
  runner: { labels: { only: label }, cpu: '10m', environment: { DRONE_DEBUG: 'true' } },
  stage: { cpu: '50m', memory: '64Mi' },
  untrusted: { podSecurity: 'restricted', container: { memory: '256Mi' } },
  trusted: { repos: [`${stack.user}/trusted-*`] },
  network: {
    apiServer: [{ cidr: '10.96.0.1/32', ports: [443] }],
    drone: [{ cidr: `${drone.hostname}/32`, ports: [Number(drone.port)] }],
  },
  capacity: {
    kind: 'balloon',
    stages: 1,
    windows: [{ name: 'window', schedule: '0 3 1 1 *', hours: 1, stages: 1 }],
    pauseImage: 'docker.io/drone-kube/pause:1',
  },
  // The second has no shell and no files but its own program.
  warmUp: { images: ['docker.io/library/busybox:musl', 'docker.io/drone-kube/pause:1'] },
  gitops: { repository: 'https://git.example.com/ci.git' },
});

let folder: string;
let output: string;
const repos: Repo[] = [];
const api = stackApi(stack);

const kubectl = async (...args: string[]): Promise<string> => {
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const { stdout } = await run(cluster.kubectl, args, { env, maxBuffer: 1 << 26 });
  return stdout;
};
const apply = async (): Promise<string> =>
  kubectl('apply', '--server-side', '--field-manager=e2e', '-k', output);
const get = async (namespace: string, ...what: string[]): Promise<unknown> =>
  parseJson(await kubectl('-n', namespace, 'get', ...what, '-o', 'json'));

async function repoOf(name: string): Promise<Repo> {
  const made = await api.createRepo(`${name}-${randomBytes(4).toString('hex')}`);
  if (stack === undefined) throw new Error('checked above');
  const repo = new Repo(made, stack, api, label, `the Pods of ${SYSTEM}`);
  repos.push(repo);
  return repo;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-deployment-'));
  output = join(folder, 'e2e');
  const image = await pushRunnerImage(registry, PROGRAM, ownLayout().cache);
  synth([environmentOf(image, new URL(stack.drone))], folder);
  await apply();
  const secret = `--from-literal=secret=${stack.rpcSecret}`;
  await kubectl('-n', SYSTEM, 'create', 'secret', 'generic', 'drone-rpc', secret);
}, 120_000);

afterAll(async () => {
  for (const { slug } of repos) await api.deleteRepo(slug).catch(() => undefined);
  await kubectl('delete', '-k', output, '--wait=false', '--ignore-not-found');
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('applied again, it changes nothing', async () => {
  await apply();
  // Ends with 1, which rejects, where there is a difference.
  await expect(kubectl('diff', '--server-side', '--field-manager=e2e', '-k', output)).resolves.toBe(
    '',
  );
}, 60_000);

test('two replicas come up with their probes green, in a namespace that enforces restricted', async () => {
  await kubectl('-n', SYSTEM, 'rollout', 'status', 'deployment/drone-kube', '--timeout=90s');
  const namespace = parseJson(await kubectl('get', 'namespace', SYSTEM, '-o', 'json'));
  expect(at(namespace, 'metadata', 'labels')).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  expect(await get(SYSTEM, 'deployment', 'drone-kube')).toMatchObject({
    status: { readyReplicas: 2, updatedReplicas: 2 },
  });
}, 120_000);

describe('a stage', () => {
  const body = `steps:
  - name: work
    image: busybox
    commands: ["id -u", "sleep 2", "echo $DRONE_STAGE_STATUS"]
  - name: plugin
    image: plugins/echo
    settings: {word: hello}
  - name: fails
    image: busybox
    commands: ["exit 3"]
    failure: ignore`;

  test.each([
    ['of any repository', 'e2e', UNTRUSTED],
    ['of a trusted one', 'trusted', TRUSTED],
  ])(
    '%s is taken and finished, in its namespace',
    async (_, name, namespace) => {
      const repo = await repoOf(name);
      const number = await repo.push(pipeline(body));
      await repo.stepRuns(number, 'work');
      const pods = await get(namespace, 'pods', '-l', `io.drone.repo.name=${repo.name}`);
      expect(pods).toMatchObject({
        items: [{ spec: { serviceAccountName: 'default', automountServiceAccountToken: false } }],
      });
      const build = await repo.ended(number);
      expect(steps(build)).toEqual({ work: 'success 0', plugin: 'success 0', fails: 'failure 3' });
      expect(build.status).toBe('success');
      await waitFor('an empty namespace', async () => {
        const left = await kubectl('-n', namespace, 'get', 'pods,secrets', '-o', 'name');
        return left.trim() === '';
      });
    },
    90_000,
  );

  test('that wants more than a container may have is refused with the reason', async () => {
    const repo = await repoOf('e2e');
    const number = await repo.push(pipeline(`resources: {requests: {memory: 1GiB}}\n${body}`));
    const build = await repo.ended(number);
    expect(build.status).toBe('error');
    expect(build.stages[0]?.error).toContain('memory');
  }, 60_000);
});

describe('the accounts', () => {
  const can = async (account: string, ...what: string[]): Promise<boolean> => {
    const as = `--as=system:serviceaccount:${SYSTEM}:${account}`;
    return kubectl('auth', 'can-i', '--quiet', as, ...what).then(
      () => true,
      () => false,
    );
  };

  test.each([
    ['drone-kube', 'create', 'pods', UNTRUSTED],
    ['drone-kube', 'create', 'secrets', TRUSTED],
    ['drone-kube', 'update', 'configmaps', SYSTEM],
    ['drone-kube-reaper', 'delete', 'pods', UNTRUSTED],
  ])('%s may %s %s in %s', async (account, verb, resource, namespace) => {
    await expect(can(account, verb, resource, '-n', namespace)).resolves.toBe(true);
  });

  test.each([
    ['drone-kube', 'list', 'secrets', UNTRUSTED],
    ['drone-kube', 'get', 'secrets', SYSTEM],
    ['drone-kube', 'create', 'pods', SYSTEM],
    ['drone-kube', 'create', 'pods', 'default'],
    ['drone-kube', 'get', 'secrets', 'kube-system'],
    ['drone-kube-reaper', 'create', 'pods', UNTRUSTED],
  ])('%s may not %s %s in %s', async (account, verb, resource, namespace) => {
    await expect(can(account, verb, resource, '-n', namespace)).resolves.toBe(false);
  });

  test('neither may run a command in a Pod', async () => {
    for (const account of ['drone-kube', 'drone-kube-reaper']) {
      const exec = ['create', 'pods', '--subresource=exec', '-n', UNTRUSTED];
      await expect(can(account, ...exec)).resolves.toBe(false);
    }
  });
});

test('the reaper runs to its end', async () => {
  await kubectl('-n', SYSTEM, 'create', 'job', '--from=cronjob/drone-kube-reaper', 'once');
  const complete = ['--for=condition=complete', 'job/once', '--timeout=60s'];
  await expect(kubectl('-n', SYSTEM, 'wait', ...complete)).resolves.toContain('condition met');
}, 90_000);

test('room is kept, and the images are on the node', async () => {
  await kubectl(
    '-n',
    SYSTEM,
    'rollout',
    'status',
    'deployment/drone-kube-balloon',
    '--timeout=60s',
  );
  await kubectl('-n', SYSTEM, 'rollout', 'status', 'daemonset/drone-kube-warm-up', '--timeout=60s');
  const from = '--from=cronjob/drone-kube-balloon-window';
  await kubectl('-n', SYSTEM, 'create', 'job', from, 'by-hand');
  await waitFor('the Pod of the window', async () => {
    const pods = await get(SYSTEM, 'pods', '-l', 'job-name=by-hand');
    return at(pods, 'items', '0', 'status', 'phase') === 'Running';
  });
  expect(await get(SYSTEM, 'daemonset', 'drone-kube-warm-up')).toMatchObject({
    status: { numberReady: 1 },
  });
}, 150_000);
