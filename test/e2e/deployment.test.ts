/**
 * What the cdk8s app makes, applied to the real cluster as a GitOps tool would: the runner comes up
 * as deployed, and takes stages of the real Drone server with just the rights that it was given, and
 * no more of the network than its NetworkPolicies open.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { at, parseJson } from '../cluster/json.ts';
import { canEnforce, enforcePolicies, ignorePolicies } from '../cluster/policies.ts';
import { ownLayout } from '../cluster/settings.ts';
import { readCluster } from '../cluster/state.ts';
import { pipeline, steps, type Repo } from './daemon-repo.ts';
import { deploy, type Deployed, type Place } from './deployed.ts';
import { waitFor } from './drone.ts';
import { openOutside, type Outside } from './outside.ts';
import { all, reached, REACHES, tryEach, tryEachInNode, type Targets } from './reach.ts';

// Those of kind are enforced, too, but its node is not this machine; a kernel without sets of addresses
// cannot.
const isEnforced = readCluster()?.way === 'source' && (await canEnforce());

/** A Pod, how kubectl runs something in it, and its address. */
interface Found {
  readonly exec: readonly string[];
  readonly host: string;
}

const isPlace = (name: string): name is Place => name in deployed.namespaces;

let deployed: Deployed;
const kubectl = async (...args: string[]): Promise<string> => deployed.kubectl(...args);
const get = async (namespace: string, ...what: string[]): Promise<unknown> =>
  deployed.get(namespace, ...what);
const inSystem = async (...args: string[]): Promise<string> =>
  kubectl('-n', deployed.namespaces.system, ...args);

beforeAll(async () => {
  deployed = await deploy();
  if (isEnforced) await enforcePolicies(ownLayout(), () => undefined);
}, 300_000);

afterAll(async () => {
  // First: whatever else is left, no rule of the machine is.
  if (isEnforced) await ignorePolicies(ownLayout());
  await deployed.remove();
}, 60_000);

test('applied again, it changes nothing', async () => {
  await deployed.apply();
  await expect(deployed.diff()).resolves.toBe('');
}, 60_000);

test('two replicas come up with their probes green, in a namespace that enforces restricted', async () => {
  const { system } = deployed.namespaces;
  await inSystem('rollout', 'status', 'deployment/drone-kube', '--timeout=90s');
  const namespace = parseJson(await kubectl('get', 'namespace', system, '-o', 'json'));
  expect(at(namespace, 'metadata', 'labels')).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
  });
  expect(await get(system, 'deployment', 'drone-kube')).toMatchObject({
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

  test.each<[string, string, Place]>([
    ['of any repository', 'e2e', 'untrusted'],
    ['of a trusted one', 'trusted', 'trusted'],
  ])(
    '%s is taken and finished, in its namespace',
    async (_, name, place) => {
      const namespace = deployed.namespaces[place];
      const repo = await deployed.repo(name);
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
    const repo = await deployed.repo('e2e');
    const number = await repo.push(pipeline(`resources: {requests: {memory: 1GiB}}\n${body}`));
    const build = await repo.ended(number);
    expect(build.status).toBe('error');
    expect(build.stages[0]?.error).toContain('memory');
  }, 60_000);
});

(isEnforced ? describe : describe.skip)('the network', () => {
  /** Has a service at port 8080, and runs until it is told to end. */
  const HOLDS = `steps:
  - {name: web, image: drone-kube/web, detach: true}
  - name: holds
    image: busybox
    commands: ["for i in $(seq 600); do test -e go && exit 0; sleep 0.1; done; exit 1"]`;

  let outside: Outside;
  let repo: Repo;
  let held: number;
  let pods: { readonly build: Found; readonly runner: Found };

  const found = async (namespace: string, selector: string): Promise<Found> => {
    const pod = at(await get(namespace, 'pods', '-l', selector), 'items', '0');
    const name = String(at(pod, 'metadata', 'name'));
    return { exec: ['-n', namespace, 'exec', name], host: String(at(pod, 'status', 'podIP')) };
  };
  /** There for everybody, but not for builds and the runner. */
  const elsewhere = (): Targets => {
    const { kubelet, metadata, pod } = outside;
    return { kubelet, metadata, pod, gateway: deployed.gateway };
  };
  const apiServers = (): Targets => {
    const { apiServer, apiService } = deployed.servers;
    return { apiServer, apiService };
  };
  const ours = (): Targets => ({
    build: { host: pods.build.host, port: 8080 },
    runner: { host: pods.runner.host, port: 3000 },
  });

  beforeAll(async () => {
    outside = await openOutside(deployed);
    repo = await deployed.repo('e2e');
    held = await repo.push(pipeline(HOLDS));
    await repo.stepRuns(held, 'holds');
    const { system, untrusted } = deployed.namespaces;
    pods = {
      build: await found(untrusted, `io.drone.repo.name=${repo.name}`),
      runner: await found(system, 'app.kubernetes.io/component=runner'),
    };
  }, 90_000);

  afterAll(async () => {
    await outside.close();
  }, 30_000);

  test('is open for what no policy selects', async () => {
    const targets = { ...elsewhere(), ...apiServers() };
    await expect(outside.reach(targets)).resolves.toEqual(all(targets, 'open'));
  }, 30_000);

  test('lets a build clone and reach Git, registries and the Drone server, and nothing else', async () => {
    const { apiServer, drone, git, registry } = deployed.servers;
    const open = { drone, git, registry };
    const closed = { ...elsewhere(), ...apiServers(), ...ours() };
    const commands = [
      REACHES,
      // A Pod has its rules some moments after its start.
      `for i in $(seq 100); do reaches ${apiServer.host} ${apiServer.port} || break; sleep 0.1; done`,
      ...tryEach({ ...open, ...closed }),
    ];
    const build = await repo.run(
      pipeline(
        `steps: [{name: tries, image: drone-kube/bash, commands: ${JSON.stringify(commands)}}]`,
        { clone: true },
      ),
      90_000,
    );
    expect(steps(build)).toEqual({ clone: 'success 0', tries: 'success 0' });
    expect(reached(await repo.log(build, 'tries'))).toEqual({
      ...all(open, 'open'),
      ...all(closed, 'closed'),
    });
  }, 120_000);

  test('lets the runner reach API server, Drone server and registries, and nothing else', async () => {
    const { drone, git, registry } = deployed.servers;
    const open = { ...apiServers(), drone, registry };
    const closed = { ...elsewhere(), git, build: ours()['build'] ?? git };
    const node = ['--', '/nodejs/bin/node', '--eval', tryEachInNode({ ...open, ...closed })];
    expect(reached(await kubectl(...pods.runner.exec, ...node))).toEqual({
      ...all(open, 'open'),
      ...all(closed, 'closed'),
    });
  }, 30_000);

  test('lets nobody reach a build or the runner', async () => {
    await expect(outside.reach(ours())).resolves.toEqual(all(ours(), 'closed'));
    // They do listen.
    const inStep = [...pods.build.exec, '-c', '2-holds', '--'];
    const own = ['wget', '-q', '-O', '-', 'http://127.0.0.1:8080/'];
    await expect(kubectl(...inStep, ...own)).resolves.not.toBe('');
    const health = tryEachInNode({ health: { host: '127.0.0.1', port: 3000 } });
    const node = ['--', '/nodejs/bin/node', '--eval', health];
    expect(reached(await kubectl(...pods.runner.exec, ...node))).toEqual({ health: 'open' });
    await kubectl(...inStep, 'touch', 'go');
    expect(steps(await repo.ended(held))).toMatchObject({ holds: 'success 0' });
  }, 60_000);
});

describe('the accounts', () => {
  const can = async (account: string, ...what: string[]): Promise<boolean> => {
    const as = `--as=system:serviceaccount:${deployed.namespaces.system}:${account}`;
    return kubectl('auth', 'can-i', '--quiet', as, ...what).then(
      () => true,
      () => false,
    );
  };

  test.each<[string, string, string, Place]>([
    ['drone-kube', 'create', 'pods', 'untrusted'],
    ['drone-kube', 'create', 'secrets', 'trusted'],
    ['drone-kube', 'update', 'configmaps', 'system'],
    ['drone-kube-reaper', 'delete', 'pods', 'untrusted'],
  ])('%s may %s %s in %s', async (account, verb, resource, place) => {
    const namespace = deployed.namespaces[place];
    await expect(can(account, verb, resource, '-n', namespace)).resolves.toBe(true);
  });

  test.each([
    ['drone-kube', 'list', 'secrets', 'untrusted'],
    ['drone-kube', 'get', 'secrets', 'system'],
    ['drone-kube', 'create', 'pods', 'system'],
    ['drone-kube', 'create', 'pods', 'default'],
    ['drone-kube', 'get', 'secrets', 'kube-system'],
    ['drone-kube-reaper', 'create', 'pods', 'untrusted'],
  ])('%s may not %s %s in %s', async (account, verb, resource, place) => {
    const namespace = isPlace(place) ? deployed.namespaces[place] : place;
    await expect(can(account, verb, resource, '-n', namespace)).resolves.toBe(false);
  });

  test('neither may run a command in a Pod', async () => {
    for (const account of ['drone-kube', 'drone-kube-reaper']) {
      const exec = ['create', 'pods', '--subresource=exec', '-n', deployed.namespaces.untrusted];
      await expect(can(account, ...exec)).resolves.toBe(false);
    }
  });
});

test('the reaper runs to its end, and tells what it did', async () => {
  await inSystem('create', 'job', '--from=cronjob/drone-kube-reaper', 'once');
  const complete = ['--for=condition=complete', 'job/once', '--timeout=60s'];
  await expect(inSystem('wait', ...complete)).resolves.toContain('condition met');
  expect(parseJson(await inSystem('logs', 'job/once'))).toMatchObject({ ok: true });
  const labels = `instance="",job="drone-kube-reaper",namespace="${deployed.namespaces.system}"`;
  await expect(deployed.gateway.metrics()).resolves.toContain(
    `\ndrone_kube_reaper_ok{${labels}} 1\n`,
  );
}, 90_000);

test('room is kept, and the images are on the node', async () => {
  const { system } = deployed.namespaces;
  for (const name of ['deployment/drone-kube-balloon', 'daemonset/drone-kube-warm-up']) {
    await inSystem('rollout', 'status', name, '--timeout=60s');
  }
  const from = '--from=cronjob/drone-kube-balloon-window';
  await inSystem('create', 'job', from, 'by-hand');
  await waitFor('the Pod of the window', async () => {
    const pods = await get(system, 'pods', '-l', 'job-name=by-hand');
    return at(pods, 'items', '0', 'status', 'phase') === 'Running';
  });
  expect(await get(system, 'daemonset', 'drone-kube-warm-up')).toMatchObject({
    status: { numberReady: 1 },
  });
}, 150_000);
