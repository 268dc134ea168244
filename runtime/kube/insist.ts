/** Trying again for as long as the cluster only fails to answer. */
import type { Clock } from './clock.ts';
import { isAlreadyExists, KubeError, type KubeErrorCode } from './errors.ts';
import { createObject, getObject, type NewObject } from './objects.ts';
import type { Resource } from './request.ts';
import { backoff } from './retry.ts';
import type { Transport } from './transport.ts';
import type { ObjectLike } from './types.ts';

/** What passes by itself: an API server that is down, overloaded or cut off. */
const PASSING: ReadonlySet<KubeErrorCode> = new Set([
  'kube-network',
  'kube-timeout',
  'kube-bad-response',
  'kube-busy',
  'kube-server',
]);

export interface Patience {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the first try after which a failure is final; for ever where absent. */
  readonly limitMs?: number | undefined;
}

export const isPassing = (error: unknown): boolean =>
  error instanceof KubeError && PASSING.has(error.code);

/**
 * The result of the work, which may be done any number of times. Rejects with an error that does
 * not pass, with the last one after the limit, or with the signal's reason.
 */
export async function insist<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { clock, signal, limitMs = Number.POSITIVE_INFINITY } = patience;
  const until = clock.now() + limitMs;
  for (let tries = 0; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error) || clock.now() >= until) throw error;
    }
    await clock.sleep(backoff(Math.min(tries, 6), 200, 5_000, Math.random()), signal);
  }
}

/**
 * Creates an object whose name nobody else uses: where the answer to an earlier try was lost, the
 * object that is there already is the one that was meant.
 */
export async function ensureObject<T extends ObjectLike>(
  transport: Transport,
  resource: Resource,
  namespace: string,
  object: NewObject & { readonly metadata: { readonly name: string } },
  patience: Patience,
): Promise<T> {
  const { signal } = patience;
  return insist(async () => {
    try {
      return await createObject<T>(transport, resource, namespace, object, { signal });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const { name } = object.metadata;
      return getObject<T>(transport, { resource, namespace, name }, { signal });
    }
  }, patience);
}
