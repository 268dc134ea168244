/** Flux or Argo CD in the cluster of the tests, but for its servers. */
import { ClusterError } from '../cluster/errors.ts';
import { ID, NAMESPACES, type World } from './world.ts';

/** On the types: they are ours, and go with us. */
const MADE_BY = 'app.kubernetes.io/managed-by';

/** For `kubectl`. */
export const OUR_TYPES = [
  'customresourcedefinitions.apiextensions.k8s.io',
  `--selector=${MADE_BY}=${ID}`,
];

/**
 * @param names those of its types
 * @throws ClusterError ALREADY_THERE where somebody else has installed it: it would go with ours
 */
export async function refuseAnother(world: World, name: string, names: RegExp): Promise<void> {
  const types = await world.list('customresourcedefinitions.apiextensions.k8s.io');
  const others = types.filter(
    ({ metadata }) => names.test(metadata.name) && metadata.labels?.[MADE_BY] !== ID,
  );
  if (others.length > 0) {
    throw new ClusterError('ALREADY_THERE', `the cluster has ${name} already: take another one.`);
  }
}

/**
 * Its types, its namespace, and what it needs in there.
 * @param folders of the types
 */
export async function install(
  world: World,
  folders: readonly string[],
  objects: readonly object[],
): Promise<void> {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACES.engine } };
  const list = { apiVersion: 'v1', kind: 'List', items: [namespace, ...objects] };
  await world.kubectl(['create', '--filename=-'], JSON.stringify(list));
  const types = folders.map((folder) => `--filename=${folder}`);
  const label = ['label', '--local', '--output=json', `${MADE_BY}=${ID}`];
  await world.kubectl(['create', '--filename=-'], await world.kubectl([...label, ...types]));
  await servedTypes(world);
}

/**
 * Waits until the API server knows those that we have made.
 * @returns their names
 * @throws ClusterError NOT_READY
 */
export async function servedTypes(world: World): Promise<readonly string[]> {
  const names = (await world.list(...OUR_TYPES)).map(({ metadata }) => metadata.name);
  const get = ['get', names.join(','), `--namespace=${NAMESPACES.engine}`];
  await world.until(
    'the types',
    async () => names.length === 0 || (await world.succeeds(get)),
    60_000,
  );
  return names;
}
