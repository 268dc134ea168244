/** Whether the cluster has room for one more stage, so that it may be taken from the queue. */
import { LABEL_ORIGIN } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { KubeError } from '../kube/errors.ts';
import { isPassing } from '../kube/insist.ts';
import { listObjects } from '../kube/objects.ts';
import { objectPath, PODS, RESOURCE_QUOTAS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike } from '../kube/types.ts';
import { parseCpu, parseMemory } from '../compile/resources.ts';
import type { ResourceAmounts } from '../pipeline/model.ts';

export interface QuotaLike extends ObjectLike {
  readonly spec?: { readonly scopes?: readonly string[]; readonly scopeSelector?: unknown };
  readonly status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/** What one more stage takes of a quota. */
const taken = (request: ResourceAmounts): Readonly<Record<string, number>> => ({
  pods: 1,
  'count/pods': 1,
  cpu: request.cpu,
  'requests.cpu': request.cpu,
  memory: request.memory,
  'requests.memory': request.memory,
});

/**
 * The quota that a stage with this request does not fit into, in words; undefined where it fits.
 * Quotas with scopes are left out: whether they count for a Pod that nobody has seen, nobody knows.
 */
export function fullQuota(
  quotas: readonly QuotaLike[],
  request: ResourceAmounts,
): string | undefined {
  for (const { metadata, spec, status } of quotas) {
    if ((spec?.scopes?.length ?? 0) > 0 || spec?.scopeSelector !== undefined) continue;
    for (const [resource, amount] of Object.entries(taken(request))) {
      const hard = status?.hard?.[resource];
      if (hard === undefined) continue;
      const parse = resource.endsWith('cpu') ? parseCpu : parseMemory;
      const limit = parse(hard);
      const used = parse(status?.used?.[resource] ?? '0');
      if (limit === undefined || used === undefined || used + amount <= limit) continue;
      const now = status?.used?.[resource] ?? '0';
      return `the quota ${metadata.name} has no room for another stage: ${resource} ${now} of ${hard}`;
    }
  }
  return undefined;
}

export interface RoomOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Where most stages run; where a stage really goes is known only after it was taken. */
  readonly namespace: string;
  readonly request: ResourceAmounts;
  /** Stages of all replicas at the same time; 0 is no limit. */
  readonly capacity: number;
  /** Stages of this replica. */
  readonly running: () => number;
}

/** A namespace without quotas is not asked again so soon (milliseconds). */
const NO_QUOTA_MS = 60_000;

export class Room {
  readonly #options: RoomOptions;
  #freeUntil = Number.NEGATIVE_INFINITY;

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Why a stage would have to wait; undefined where it can run, or nobody may know. */
  async fullness(signal: AbortSignal): Promise<string | undefined> {
    try {
      return (await this.#overCapacity(signal)) ?? (await this.#overQuota(signal));
    } catch (error) {
      // Not allowed to read quotas, or an API server that is away: then the stage waits in the cluster.
      if (error instanceof KubeError) return isPassing(error) ? error.message : undefined;
      throw error;
    }
  }

  async #overCapacity(signal: AbortSignal): Promise<string | undefined> {
    const { transport, namespace, capacity, running } = this.#options;
    if (capacity === 0) return undefined;
    const path = objectPath(PODS, namespace);
    const labelSelector = `${LABEL_ORIGIN}=daemon`;
    const { items } = await listObjects(transport, path, { labelSelector }, { signal });
    const count = Math.max(items.length, running());
    return count < capacity
      ? undefined
      : `${count} stages run in ${namespace}, as many as may (DRONE_KUBE_NAMESPACE_CAPACITY)`;
  }

  async #overQuota(signal: AbortSignal): Promise<string | undefined> {
    const { transport, clock, namespace, request } = this.#options;
    if (clock.now() < this.#freeUntil) return undefined;
    const path = objectPath(RESOURCE_QUOTAS, namespace);
    const { items } = await listObjects<QuotaLike>(transport, path, {}, { signal });
    if (items.length === 0) this.#freeUntil = clock.now() + NO_QUOTA_MS;
    return fullQuota(items, request);
  }
}
