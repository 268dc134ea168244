/** Deleting exactly what was found: the API server compares before it deletes. */
import { GRACE_SECONDS } from '../compile/objects.ts';
import { isConflict, isNotFound, KubeError } from '../kube/errors.ts';
import { CONFIG_MAPS, LEASES, objectPath, PODS, SECRETS, type Resource } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { Done } from './report.ts';
import type { Kind, Thing } from './types.ts';

const RESOURCES: Readonly<Record<Exclude<Kind, 'Namespace'>, Resource>> = {
  Record: CONFIG_MAPS,
  ConfigMap: CONFIG_MAPS,
  Pod: PODS,
  Secret: SECRETS,
  Lease: LEASES,
};

/** `gone`: it was there, and goes. `changed`: it is another one by now, or somebody wrote it. */
export type Removed = 'gone' | 'absent' | 'changed';

/**
 * `exact`: nobody may have written it since it was found; else it only has to be the same object.
 * One request instead of a look and a deletion, and nothing can come between. Rejects with a KubeError.
 */
export async function removeThing(
  transport: Transport,
  { kind, name, namespace, resourceVersion, uid }: Thing,
  exact: boolean,
): Promise<Removed> {
  const path =
    kind === 'Namespace'
      ? `/api/v1/namespaces/${encodeURIComponent(name)}`
      : objectPath(RESOURCES[kind], namespace, name);
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: 'Background',
    ...(kind === 'Pod' ? { gracePeriodSeconds: GRACE_SECONDS } : {}),
    preconditions: exact ? { uid, resourceVersion } : { uid },
  };
  try {
    await transport.request('DELETE', path, { body });
    return 'gone';
  } catch (error) {
    if (isNotFound(error)) return 'absent';
    if (isConflict(error)) return 'changed';
    throw error;
  }
}

/** What became of an action, as far as it is not known before. */
export type Ending = Pick<Done, 'outcome' | 'note'> & Partial<Pick<Done, 'closed' | 'things'>>;

/** All of them, at the same time. What is gone already counts as removed, but is not counted. */
export async function removeAll(
  transport: Transport,
  things: readonly Thing[],
  exact: boolean,
): Promise<Ending & { readonly things: readonly Thing[] }> {
  const gone: Thing[] = [];
  let failure: Ending | undefined;
  let isChanged = false;
  await Promise.all(
    things.map(async (thing) => {
      try {
        const result = await removeThing(transport, thing, exact);
        if (result === 'gone') gone.push(thing);
        isChanged ||= result === 'changed';
      } catch (error) {
        failure ??= failed(error);
      }
    }),
  );
  if (failure !== undefined) return { ...failure, things: gone };
  return { outcome: isChanged ? 'changed' : 'removed', note: '', things: gone };
}

/** Rethrows what is no answer of the cluster. */
export function failed(error: unknown): Ending {
  if (!(error instanceof KubeError)) throw error;
  return { outcome: 'failed', note: `${error.message} [${error.code}]` };
}
