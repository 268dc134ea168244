/** Making the objects of a stage, and removing them. */
import type { CompiledStage } from '../compile/types.ts';
import { GRACE_SECONDS, type OwnerReference } from '../compile/objects.ts';
import { isQuota, KubeError } from '../kube/errors.ts';
import { ensureObject, type Patience } from '../kube/insist.ts';
import { deleteObject } from '../kube/objects.ts';
import { CONFIG_MAPS, PODS, SECRETS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike, PodLike } from '../kube/types.ts';

type Owner = OwnerReference;

export interface CreateOptions {
  readonly patience: Patience;
  /** Milliseconds that a quota may keep it waiting. */
  readonly quotaMs: number;
  /** The quota refuses it, for now; the reason in words. */
  readonly onQuota: (text: string) => void;
  /** There is something to remove, should this process end. */
  readonly onOwner: () => void;
}

/** The quota is tried again this often. */
const QUOTA_MS = 2_000;

/**
 * Makes all objects of a stage. undefined where the signal was aborted; the words of the quota where
 * it did not let the stage be in time. Rejects with a KubeError for anything else.
 */
export async function createStage(
  transport: Transport,
  stage: CompiledStage,
  { patience, quotaMs, onQuota, onOwner }: CreateOptions,
): Promise<{ readonly pod: PodLike } | { readonly quota: string } | undefined> {
  const { clock, signal } = patience;
  const until = clock.now() + quotaMs;
  for (;;) {
    try {
      const owner = await createOwner(transport, stage, patience);
      onOwner();
      return { pod: await createRest(transport, stage, owner, patience) };
    } catch (error) {
      if (signal?.aborted === true) return undefined;
      if (!(error instanceof KubeError) || !isQuota(error)) throw error;
      const quota = `the quota of the namespace is used up: ${error.message}`;
      if (clock.now() >= until) return { quota };
      onQuota(quota);
      await clock.sleep(QUOTA_MS, signal).catch(() => undefined);
    }
  }
}

/**
 * The object that owns all others of a stage: with it they all go. Made first, so that whatever
 * happens next leaves nothing that nobody owns.
 */
async function createOwner(
  transport: Transport,
  stage: CompiledStage,
  patience: Patience,
): Promise<Owner> {
  const { namespace, name } = stage.files.metadata;
  const made = await ensureObject<ObjectLike>(
    transport,
    CONFIG_MAPS,
    namespace,
    stage.files,
    patience,
  );
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: made.metadata.uid ?? '' };
}

/** Everything else; the Pod last, because its kubelet wants to find the rest. */
async function createRest(
  transport: Transport,
  stage: CompiledStage,
  owner: Owner,
  patience: Patience,
): Promise<PodLike> {
  const { namespace } = stage.files.metadata;
  const owned = <T extends { readonly metadata: object }>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, ownerReferences: [owner] },
  });
  await Promise.all([
    ensureObject(transport, CONFIG_MAPS, namespace, owned(stage.environment), patience),
    ...[stage.secret, stage.pullSecret].map((secret) =>
      secret === undefined
        ? undefined
        : ensureObject(transport, SECRETS, namespace, owned(secret), patience),
    ),
  ]);
  return ensureObject<PodLike>(transport, PODS, namespace, owned(stage.pod), patience);
}

/** Deletes the Pod at once; nothing happens where it is gone already. */
export async function deletePod(
  transport: Transport,
  namespace: string,
  name: string,
): Promise<boolean> {
  return deleteObject(
    transport,
    { resource: PODS, namespace, name },
    { gracePeriodSeconds: GRACE_SECONDS, lane: 'urgent' },
  );
}

/** Deletes the owner; the garbage collector of the cluster takes the rest. */
export async function deleteOwner(
  transport: Transport,
  namespace: string,
  name: string,
): Promise<boolean> {
  return deleteObject(
    transport,
    { resource: CONFIG_MAPS, namespace, name },
    { propagationPolicy: 'Background', lane: 'urgent' },
  );
}
