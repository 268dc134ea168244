/** The settings that are deployed to the cluster of the tests. */
import type { GitOps } from '../../infra/environments/settings-gitops.ts';
import type { Environment } from '../../infra/environments/settings.ts';
import { addressOf, apiServerAddresses, openingOf } from '../cluster/addresses.ts';
import { parseJson } from '../cluster/json.ts';
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
  const { own, service } = await apiServerAddresses(async (...what) =>
    parseJson(await world.kubectl(['get', '--namespace=default', '--output=json', ...what])),
  );
  return {
    name: 'e2e',
    instance: ID,
    image,
    drone: {
      host: new URL(stack.drone).host,
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
      apiServer: [openingOf(service), openingOf(own)],
      drone: [openingOf(addressOf(stack.drone))],
    },
    capacity: { kind: 'balloon', stages: 1, pauseImage: 'docker.io/drone-kube/pause:1' },
    warmUp: { images: ['docker.io/library/busybox:musl'] },
    gitops,
  };
}
