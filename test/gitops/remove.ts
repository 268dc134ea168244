/** Takes away everything that a run has made, also one that was killed. */
import { rmSync } from 'node:fs';
import { ClusterError } from '../cluster/errors.ts';
import { jsonClient } from '../stack/json-client.ts';
import { stackApi } from '../stack/drone-api.ts';
import { OUR_TYPES, servedTypes } from './install.ts';
import { nameOf } from './objects.ts';
import { stopServers } from './servers.ts';
import { ID, NAMESPACES, REPOSITORIES, type KubeObject, type World } from './world.ts';

/** Kinds without a namespace that the manifests have. */
const OF_CLUSTER = [
  'priorityclasses.scheduling.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
].join(',');

/**
 * @param state the folder of the servers
 * @throws ClusterError LEFTOVERS with what is still there
 */
export async function removeAll(world: World, state: string): Promise<void> {
  // First, since they would bring back what is removed.
  await stopServers(state);
  await removeRepositories(world);
  await freeOwnObjects(world);
  const quietly = ['--ignore-not-found', '--timeout=120s'];
  await world.kubectl(['delete', 'namespace', ...Object.values(NAMESPACES), ...quietly]);
  const names = (await ofCluster(world)).map(({ metadata }) => metadata.name);
  if (names.length > 0) await world.kubectl(['delete', OF_CLUSTER, ...names, ...quietly]);
  await world.kubectl(['delete', ...OUR_TYPES, ...quietly]);
  rmSync(state, { recursive: true, force: true });
  const found = await Promise.all([
    world.list(...OUR_TYPES),
    ofCluster(world),
    world.list('namespaces'),
  ]);
  const namespaces = Object.values(NAMESPACES);
  const left = found
    .flat()
    .filter(({ kind, metadata }) => kind !== 'Namespace' || namespaces.includes(metadata.name))
    .map(nameOf);
  if (left.length > 0) throw new ClusterError('LEFTOVERS', `not removed: ${left.join(', ')}`);
}

/** Objects of the manifests that are in no namespace. */
const ofCluster = async (world: World): Promise<readonly KubeObject[]> =>
  (await world.list(OF_CLUSTER)).filter(({ metadata }) => metadata.name.startsWith(`${ID}-`));

/** Their finalizers are for controllers that run no more: without these they would stay for ever. */
async function freeOwnObjects(world: World): Promise<void> {
  const names = await servedTypes(world);
  if (names.length === 0) return;
  const namespace = `--namespace=${NAMESPACES.engine}`;
  const found = await world.kubectl(['get', names.join(','), namespace, '--output=name']);
  const objects = found.split('\n').filter((line) => line !== '');
  if (objects.length === 0) return;
  const patch = JSON.stringify({ metadata: { finalizers: null } });
  await world.kubectl(['patch', ...objects, namespace, '--type=merge', `--patch=${patch}`]);
}

/** At Gitea, and at Drone the one that is known there. */
async function removeRepositories({ stack }: World): Promise<void> {
  const gitea = jsonClient(`${stack.gitea}/api/v1`, `token ${stack.giteaToken}`);
  const isThere = async (name: string): Promise<boolean> =>
    (await gitea.ask('GET', `/repos/${stack.user}/${name}`)).status === 200;
  if (await isThere(REPOSITORIES.pipeline)) {
    await stackApi(stack).deleteRepo(`${stack.user}/${REPOSITORIES.pipeline}`);
  }
  if (await isThere(REPOSITORIES.manifests)) {
    await gitea.call('DELETE', `/repos/${stack.user}/${REPOSITORIES.manifests}`);
  }
}
