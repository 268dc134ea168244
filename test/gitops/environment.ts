/** The settings that are deployed to the cluster of the tests. */
import type { GitOps } from '../../infra/environments/settings-gitops.ts';
import type { Environment } from '../../infra/environments/settings.ts';
import type { OpenAddresses } from '../../infra/environments/settings-network.ts';
import { at, parseJson } from '../cluster/json.ts';
import { ID, NAMESPACES, type World } from './world.ts';

/** Where the secret is that the runner shares with the Drone server. */
export const RPC_SECRET = { name: 'drone-rpc', key: 'secret' };

/** Only pipelines with this label on their `node` are taken. */
export const LABEL = ID;

/**
 * @param image of the runner
 * @param gitops where the manifests are, and what applies them
 */
export async function environmentOf(
  world: World,
  image: string,
  gitops: GitOps,
): Promise<Environment> {
  const { stack } = world;
  const drone = new URL(stack.drone);
  return {
    name: 'e2e',
    instance: ID,
    image,
    drone: {
      host: drone.host,
      proto: 'http',
      rpcSecret: { kind: 'existing', ...RPC_SECRET },
    },
    namespaces: {
      system: NAMESPACES.system,
      trusted: NAMESPACES.trusted,
      untrusted: NAMESPACES.untrusted,
    },
    runner: { labels: { only: LABEL }, cpu: '10m', capacity: 20 },
    stage: { cpu: '50m', memory: '64Mi' },
    trusted: { repos: [`${stack.user}/trusted-*`] },
    network: {
      apiServer: await apiServer(world),
      drone: [{ cidr: `${drone.hostname}/32`, ports: [Number(drone.port)] }],
    },
    capacity: { kind: 'balloon', stages: 1, pauseImage: 'docker.io/drone-kube/pause:1' },
    warmUp: { images: ['docker.io/library/busybox:musl'] },
    gitops,
  };
}

/** Its Service and its own address: policies may be enforced before or behind the Service. */
async function apiServer(world: World): Promise<readonly OpenAddresses[]> {
  const get = async (...what: readonly string[]): Promise<unknown> =>
    parseJson(await world.kubectl(['get', '--namespace=default', '--output=json', ...what]));
  const service = await get('service', 'kubernetes');
  const slices = await get('endpointslices', '--selector=kubernetes.io/service-name=kubernetes');
  const slice = at(slices, 'items', '0');
  const open = (host: unknown, port: unknown): OpenAddresses => ({
    cidr: `${String(host)}/32`,
    ports: [Number(port)],
  });
  return [
    open(at(service, 'spec', 'clusterIP'), at(service, 'spec', 'ports', '0', 'port')),
    open(at(slice, 'endpoints', '0', 'addresses', '0'), at(slice, 'ports', '0', 'port')),
  ];
}
