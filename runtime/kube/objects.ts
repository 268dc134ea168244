/** Create, read, change and delete single objects. JSON goes and comes as it is. */
import { isNotFound } from './errors.ts';
import { objectPath, PODS, type Resource } from './request.ts';
import type { Lane } from './rate.ts';
import type { Transport } from './transport.ts';
import type { ListLike, ObjectLike, PodLike } from './types.ts';

/** Which object is meant. */
export interface ObjectReference {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly lane?: Lane;
}

/** What is sent: of a typed object (V1Pod and the like) at least the name must be known. */
export interface NewObject {
  readonly metadata?: { readonly name?: string };
}

/**
 * Creates the object and returns it as the server stored it.
 * Never sent twice when the answer was lost: it may exist although this throws `kube-network`.
 */
export async function createObject<T extends ObjectLike>(
  transport: Transport,
  resource: Resource,
  namespace: string,
  object: NewObject,
  options: CallOptions = {},
): Promise<T> {
  return transport.request<T>('POST', objectPath(resource, namespace), {
    ...options,
    body: object,
  });
}

export async function getObject<T extends ObjectLike>(
  transport: Transport,
  reference: ObjectReference,
  options: CallOptions = {},
): Promise<T> {
  return transport.request<T>('GET', pathOf(reference), options);
}

export interface Selection {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ObjectList<T extends ObjectLike> {
  readonly items: readonly T[];
  /** Where a watch goes on from here. */
  readonly resourceVersion: string;
}

/** All objects that match, read in pages of 500. */
export async function listObjects<T extends ObjectLike>(
  transport: Transport,
  path: string,
  selection: Selection,
  options: CallOptions = {},
): Promise<ObjectList<T>> {
  const items: T[] = [];
  let next: string | undefined;
  let resourceVersion = '';
  do {
    const query = { ...selection, limit: 500, continue: next };
    const page = await transport.request<ListLike<T>>('GET', path, { ...options, query });
    items.push(...page.items);
    resourceVersion = page.metadata.resourceVersion ?? '';
    next = page.metadata.continue === '' ? undefined : page.metadata.continue;
  } while (next !== undefined);
  return { items, resourceVersion };
}

/** Puts the object in place of the stored one; `kube-conflict` when its resourceVersion is old. */
export async function replaceObject<T extends ObjectLike>(
  transport: Transport,
  reference: ObjectReference,
  object: ObjectLike,
  options: CallOptions = {},
): Promise<T> {
  return transport.request<T>('PUT', pathOf(reference), { ...options, body: object });
}

/** A JSON merge patch: null removes a field, lists are replaced as a whole. */
export async function patchObject<T extends ObjectLike>(
  transport: Transport,
  reference: ObjectReference,
  patch: Readonly<Record<string, unknown>>,
  options: CallOptions = {},
): Promise<T> {
  return transport.request<T>('PATCH', pathOf(reference), {
    ...options,
    body: patch,
    contentType: 'application/merge-patch+json',
  });
}

/** Adds a container to a running Pod; containers of the same name are left as they are. */
export async function addEphemeralContainer(
  transport: Transport,
  namespace: string,
  pod: string,
  container: Readonly<Record<string, unknown>> & { readonly name: string },
  options: CallOptions = {},
): Promise<PodLike> {
  const path = objectPath(PODS, namespace, pod, 'ephemeralcontainers');
  return transport.request<PodLike>('PATCH', path, {
    ...options,
    body: { spec: { ephemeralContainers: [container] } },
    contentType: 'application/strategic-merge-patch+json',
  });
}

export interface DeleteOptions extends CallOptions {
  /** 0 kills at once; the object's own grace period by default. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Deletes only this very object, not another of its name: `kube-conflict` otherwise. */
  readonly uid?: string;
}

/** Asks for the object's deletion. Returns false when it was not there (any more). */
export async function deleteObject(
  transport: Transport,
  reference: ObjectReference,
  options: DeleteOptions = {},
): Promise<boolean> {
  const { gracePeriodSeconds, propagationPolicy, uid, ...call } = options;
  const preconditions = uid === undefined ? undefined : { uid };
  const body = {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
  };
  try {
    await transport.request('DELETE', pathOf(reference), { ...call, body });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

const pathOf = (reference: ObjectReference): string =>
  objectPath(reference.resource, reference.namespace, reference.name);
