/** What a run has for itself: namespaces, repositories, a label that no other runner takes. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { readCluster, type Cluster } from '../cluster/state.ts';
import { stackApi, type StackApi } from '../stack/drone-api.ts';
import { openFaultProxy, type FaultProxy } from '../stack/fault-proxy.ts';
import { readStack, type Stack } from '../stack/state.ts';
import { countHits, type Hits } from './hits.ts';
import { SCENARIOS, type Place, type Scenario } from './scenarios.ts';

export interface World {
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly api: StackApi;
  readonly hits: Hits;
  readonly place: Place;
  /** Of Pods that name none, of records and Leases. */
  readonly namespace: string;
  /** Between the replicas and Drone. */
  readonly proxy: FaultProxy;
  /** Logs of the replicas, and more. */
  readonly folder: string;
  /** Of `drone-kube daemon`. */
  readonly environment: Readonly<Record<string, string>>;
  slug(scenario: Scenario): string;
  /** Words with spaces between them. */
  kubectl(command: string): Promise<string>;
  /** Objects in the namespaces that no replica needs: `namespace kind/name`. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * @param name unlike that of any other run, in the form of a DNS label
 * @throws ClusterError NO_CLUSTER, NO_STACK
 */
export async function openWorld(name: string): Promise<World> {
  const cluster = readCluster();
  const stack = readStack();
  if (cluster?.host === undefined) {
    throw new ClusterError('NO_CLUSTER', 'no cluster: `npm run cluster -- up` makes one');
  }
  if (stack === undefined) {
    throw new ClusterError('NO_STACK', 'no stack: `npm run stack -- up` makes one');
  }
  const api = stackApi(stack);
  const kubectl = async (command: string): Promise<string> =>
    run(cluster.kubectl, ['--kubeconfig', cluster.kubeconfig, ...command.split(' ')]);
  const namespaces = [name, `${name}-other`];
  for (const each of namespaces) await kubectl(`create namespace ${each}`);
  const hits = await countHits(cluster.host);
  const proxy = await openFaultProxy(stack.drone);
  const place = { label: name, hits: hits.url, otherNamespace: `${name}-other` };
  const slug = (scenario: Scenario): string => `${stack.user}/${name}-${scenario.name}`;
  for (const scenario of SCENARIOS)
    await makeRepo(api, scenario, `${name}-${scenario.name}`, place);
  const folder = mkdtempSync(join(tmpdir(), 'drone-kube-chaos-'));
  return {
    cluster,
    stack,
    api,
    hits,
    place,
    namespace: name,
    proxy,
    folder,
    environment: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: folder,
      // Half of the time of a start.
      NODE_COMPILE_CACHE: join(folder, 'compiled'),
      DRONE_RPC_PROTO: 'http',
      DRONE_RPC_HOST: new URL(proxy.url).host,
      DRONE_RPC_SECRET: stack.rpcSecret,
      DRONE_KUBE_SERVER_TOKEN: stack.droneToken,
      DRONE_KUBERNETES_CONFIG: cluster.kubeconfig,
      DRONE_KUBE_NAMESPACE: name,
      DRONE_NAMESPACE_DEFAULT: name,
      DRONE_RUNNER_LABELS: `chaos:${name}`,
      DRONE_KUBE_LEASE_DURATION: '3',
      DRONE_DEBUG: 'true',
    },
    slug,
    kubectl,
    leftovers: async () => {
      const lists = await Promise.all(
        namespaces.map(async (namespace) => {
          const text = await kubectl(`-n ${namespace} get pods,configmaps,secrets,leases -o name`);
          return text
            .split('\n')
            .filter((line) => line !== '' && line !== 'configmap/kube-root-ca.crt')
            .map((line) => `${namespace} ${line}`);
        }),
      );
      return lists.flat();
    },
    close: async () => {
      await hits.close();
      await proxy.close();
      for (const scenario of SCENARIOS) await api.deleteRepo(slug(scenario));
      await kubectl(`delete namespace --wait=false ${namespaces.join(' ')}`);
    },
  };
}

async function makeRepo(
  api: StackApi,
  scenario: Scenario,
  name: string,
  place: Place,
): Promise<void> {
  const { slug } = await api.createRepo(name, { private: scenario.isPrivate === true });
  for (const [key, value] of Object.entries(scenario.secrets ?? {})) {
    await api.setSecret(slug, key, value);
  }
  await api.push(slug, scenario.files(place), 'The pipeline of the chaos [CI SKIP]');
}
