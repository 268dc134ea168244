/** What a stage needs of the cluster beside running: its namespace, and what others left of it. */
import type { Clock } from '../kube/clock.ts';
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from '../kube/errors.ts';
import { insist } from '../kube/insist.ts';
import { getObject, listObjects } from '../kube/objects.ts';
import { EVENTS, objectPath, PODS, SECRETS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike, PodLike } from '../kube/types.ts';
import { deleteOwner, deletePod } from '../stage/objects.ts';
import type { StageSpec } from '../stage/spec.ts';
import type { Prepared } from './record.ts';

type Named = Pick<StageSpec, 'namespace' | 'name'>;

export async function findPod(
  transport: Transport,
  clock: Clock,
  { namespace, name }: Named,
): Promise<PodLike | undefined> {
  return orNothing(async () =>
    insist(async () => getObject<PodLike>(transport, { resource: PODS, namespace, name }), {
      clock,
    }),
  );
}

/**
 * Whether the events tell of a Pod that is gone. One that was never made has none; where they may
 * not be read, nobody knows, and nothing is to be done twice.
 */
export async function wasMade(
  transport: Transport,
  clock: Clock,
  { namespace, name }: Named,
): Promise<boolean> {
  const path = objectPath(EVENTS, namespace);
  const fieldSelector = `involvedObject.kind=Pod,involvedObject.name=${name}`;
  try {
    const { items } = await insist(async () => listObjects(transport, path, { fieldSelector }), {
      clock,
    });
    return items.length > 0;
  } catch (error) {
    if (!isForbidden(error)) throw error;
    return true;
  }
}

/** The decoded values of the Secret of a stage; undefined where it is gone. */
export async function secretData(
  transport: Transport,
  clock: Clock,
  { namespace, name }: Named,
): Promise<Record<string, string> | undefined> {
  type SecretLike = ObjectLike & { readonly data?: Readonly<Record<string, string>> };
  const secret = await orNothing(async () =>
    insist(async () => getObject<SecretLike>(transport, { resource: SECRETS, namespace, name }), {
      clock,
    }),
  );
  if (secret === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
}

/** Removes what there is of a stage that nobody watches. */
export async function removeObjects(
  transport: Transport,
  clock: Clock,
  { spec, ownNamespace }: Pick<Prepared, 'spec' | 'ownNamespace'>,
): Promise<void> {
  const { namespace, name } = spec;
  await insist(async () => deletePod(transport, namespace, name), { clock });
  await insist(async () => deleteOwner(transport, namespace, name), { clock });
  if (ownNamespace) await deleteNamespace(transport, clock, namespace);
}

/** A namespace for one stage alone. */
export async function ensureNamespace(
  transport: Transport,
  clock: Clock,
  name: string,
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  await insist(
    async () => {
      try {
        await transport.request('POST', '/api/v1/namespaces', { body });
      } catch (error) {
        // The answer to an earlier try was lost: its name is nobody else's.
        if (!isAlreadyExists(error)) throw error;
      }
    },
    { clock },
  );
}

export async function deleteNamespace(
  transport: Transport,
  clock: Clock,
  name: string,
): Promise<void> {
  await insist(
    async () => {
      try {
        await transport.request('DELETE', `/api/v1/namespaces/${encodeURIComponent(name)}`);
      } catch (error) {
        // Gone, or going already.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    },
    { clock },
  );
}

async function orNothing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
