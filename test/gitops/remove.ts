/** Takes away everything that a run has made, also one that was killed. */
import { rmSync } from 'node:fs';
import { ClusterError } from '../cluster/errors.ts';
import { jsonClient } from '../stack/json-client.ts';
import { stackApi } from '../stack/drone-api.ts';
import { stopControllers } from './controllers.ts';
import { LABEL_NAMESPACE } from './decide.ts';
import { MADE_BY } from './flux.ts';
import { ID, NAMESPACES, REPOSITORIES, type World } from './world.ts';

/** Kinds without a namespace that the manifests have. */
const OF_CLUSTER = [
  'priorityclasses.scheduling.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
].join(',');

const LABELLED = `--selector=${LABEL_NAMESPACE}=${NAMESPACES.flux}`;
const TYPES = ['customresourcedefinitions.apiextensions.k8s.io', `--selector=${MADE_BY}=${ID}`];

/**
 * @param state the folder of the controllers
 * @throws ClusterError LEFTOVERS with what is still there
 */
export async function removeAll(world: World, state: string): Promise<void> {
  // First, since they would bring back what is removed.
  await stopControllers(state);
  await removeRepositories(world);
  await freeFluxObjects(world);
  const quietly = ['--ignore-not-found', '--timeout=120s'];
  const namespaces = Object.values(NAMESPACES);
  await world.kubectl(['delete', 'namespace', ...namespaces, ...quietly]);
  await world.kubectl(['delete', OF_CLUSTER, LABELLED, ...quietly]);
  await world.kubectl(['delete', ...TYPES, ...quietly]);
  rmSync(state, { recursive: true, force: true });
  const found = await Promise.all([
    world.list(...TYPES),
    world.list(OF_CLUSTER, LABELLED),
    world.list('namespaces'),
  ]);
  const left = found
    .flat()
    .filter(({ kind, metadata }) => kind !== 'Namespace' || namespaces.includes(metadata.name))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  if (left.length > 0) throw new ClusterError('LEFTOVERS', `not removed: ${left.join(', ')}`);
}

/** Their finalizers are for controllers that run no more: without these they would stay for ever. */
async function freeFluxObjects(world: World): Promise<void> {
  const names = (await world.list(...TYPES)).map(({ metadata }) => metadata.name);
  if (names.length === 0) return;
  const namespace = `--namespace=${NAMESPACES.flux}`;
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
