/** What the cdk8s app makes for the test cluster, applied as a GitOps tool would. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from '../../infra/environments/settings.ts';
import { synth } from '../../infra/synth.ts';
import { addressOf, apiServerAddresses, openingOf, type Address } from '../cluster/addresses.ts';
import { pushRunnerImage } from '../cluster/images/runner.ts';
import { parseJson } from '../cluster/json.ts';
import { ownLayout } from '../cluster/settings.ts';
import { mirrorsOf, readCluster } from '../cluster/state.ts';
import { stackApi } from '../stack/drone-api.ts';
import { readStack } from '../stack/state.ts';
import { Repo } from './daemon-repo.ts';
import { openPushgateway, type Pushgateway } from './pushgateway.ts';

const PROGRAM = new URL('../../build/drone-kube.js', import.meta.url).pathname;

const run = promisify(execFile);

/** The namespaces of the deployment. */
export type Place = 'system' | 'trusted' | 'untrusted';

export interface Deployed {
  readonly namespaces: Readonly<Record<Place, string>>;
  /** Where servers listen that the deployment may speak to. */
  readonly servers: Readonly<
    Record<'apiService' | 'apiServer' | 'drone' | 'git' | 'registry', Address>
  >;
  /** For the reaper alone. */
  readonly gateway: Pushgateway;
  kubectl(...args: string[]): Promise<string>;
  get(namespace: string, ...what: string[]): Promise<unknown>;
  apply(): Promise<void>;
  /** @throws where what is there is not what was applied */
  diff(): Promise<string>;
  /** A new repository whose builds the deployment takes. */
  repo(name: string): Promise<Repo>;
  remove(): Promise<void>;
}

/** Returns when all is applied; nothing of it need run yet. */
export async function deploy(): Promise<Deployed> {
  const cluster = readCluster();
  const stack = readStack();
  if (cluster?.registry === undefined) throw new Error('no cluster with a registry');
  if (stack === undefined) throw new Error('no stack: npm run stack -- up');
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const kubectl = async (...args: string[]): Promise<string> =>
    (await run(cluster.kubectl, args, { env, maxBuffer: 1 << 26 })).stdout;
  const get = async (namespace: string, ...what: string[]): Promise<unknown> =>
    parseJson(await kubectl('-n', namespace, 'get', ...what, '-o', 'json'));

  const id = `e2e-deployment-${process.pid}`;
  const label = randomBytes(4).toString('hex');
  const namespaces = {
    system: `${id}-system`,
    trusted: `${id}-trusted`,
    untrusted: `${id}-untrusted`,
  };
  const apiServer = await apiServerAddresses(async (...what) => get('default', ...what));
  const servers = {
    apiService: apiServer.service,
    apiServer: apiServer.own,
    drone: addressOf(stack.drone),
    git: addressOf(stack.gitea),
    registry: addressOf(`http://${cluster.registry}`),
  };
  const image = await pushRunnerImage(cluster.registry, PROGRAM, ownLayout().cache);
  const gateway = await openPushgateway(servers.git.host, ownLayout().cache);
  const environment: Environment = {
    name: 'e2e',
    instance: id,
    image,
    drone: {
      host: new URL(stack.drone).host,
      proto: 'http',
      rpcSecret: { kind: 'existing', name: 'drone-rpc', key: 'secret' },
    },
    namespaces,
    runner: {
      labels: { only: label },
      cpu: '10m',
      environment: { DRONE_DEBUG: 'true', DRONE_KUBE_REGISTRY_MIRRORS: mirrorsOf(cluster) },
    },
    stage: { cpu: '50m', memory: '64Mi' },
    untrusted: { podSecurity: 'restricted', container: { memory: '256Mi' } },
    trusted: { repos: [`${stack.user}/trusted-*`] },
    network: {
      apiServer: [openingOf(servers.apiService), openingOf(servers.apiServer)],
      drone: [openingOf(servers.drone)],
      git: [openingOf(servers.git)],
      registries: [openingOf(servers.registry)],
    },
    capacity: {
      kind: 'balloon',
      stages: 1,
      windows: [{ name: 'window', schedule: '0 3 1 1 *', hours: 1, stages: 1 }],
      pauseImage: 'docker.io/drone-kube/pause:1',
    },
    reaper: {
      pushgateway: {
        url: `http://${gateway.host}:${gateway.port}`,
        opening: openingOf(gateway),
      },
    },
    // The second has no shell and no files but its own program.
    warmUp: { images: ['docker.io/library/busybox:musl', 'docker.io/drone-kube/pause:1'] },
    gitops: { repository: 'https://git.example.com/ci.git' },
  };

  const folder = await mkdtemp(join(tmpdir(), 'drone-kube-deployment-'));
  const output = join(folder, environment.name);
  const serverSide = ['--server-side', '--field-manager=e2e', '-k', output];
  const api = stackApi(stack);
  const repos: Repo[] = [];
  const deployed: Deployed = {
    namespaces,
    servers,
    gateway,
    kubectl,
    get,
    apply: async () => void (await kubectl('apply', ...serverSide)),
    // Ends with 1, which rejects, where there is a difference.
    diff: async () => kubectl('diff', ...serverSide),
    repo: async (name) => {
      const made = await api.createRepo(`${name}-${randomBytes(4).toString('hex')}`);
      const repo = new Repo(made, stack, api, label, `the Pods of ${namespaces.system}`);
      repos.push(repo);
      return repo;
    },
    remove: async () => {
      for (const { slug } of repos) await api.deleteRepo(slug).catch(() => undefined);
      await kubectl('delete', '-k', output, '--wait=false', '--ignore-not-found');
      await rm(folder, { recursive: true, force: true });
      await gateway.close();
    },
  };
  try {
    synth([environment], folder);
    await deployed.apply();
    const secret = `--from-literal=secret=${stack.rpcSecret}`;
    await kubectl('-n', namespaces.system, 'create', 'secret', 'generic', 'drone-rpc', secret);
    return deployed;
  } catch (error) {
    await deployed.remove();
    throw error;
  }
}
