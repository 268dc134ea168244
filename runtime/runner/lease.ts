/** The Lease of this replica, renewed while it lives, and the watch of those of the others. */
import { ANNOTATION_POD_UID, LABEL_ROLE, LABEL_SERVER } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { isAlreadyExists, isNotFound, KubeError } from '../kube/errors.ts';
import { insist, isPassing } from '../kube/insist.ts';
import { createObject, deleteObject, getObject, patchObject } from '../kube/objects.ts';
import { LEASES, objectPath } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike } from '../kube/types.ts';
import { watchObjects } from '../kube/watch.ts';
import { Peers } from './peers.ts';

export interface LeaseOptions {
  readonly transport: Transport;
  readonly clock: Clock & { wall(): number };
  readonly namespace: string;
  /** Of the Lease: one for each process that ever runs. */
  readonly name: string;
  /** What people know the replica by. */
  readonly holder: string;
  readonly podUid: string;
  readonly serverKey: string;
  readonly durationSeconds: number;
}

interface LeaseLike extends ObjectLike {
  readonly spec?: { readonly renewTime?: string; readonly leaseDurationSeconds?: number };
}

export class ReplicaLease {
  readonly peers: Peers;
  readonly #options: LeaseOptions;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.peers = new Peers(options.name, options.podUid);
  }

  /** Makes the Lease. Rejects with a KubeError where that is not allowed. */
  async acquire(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await insist(async () => this.#create(signal), { clock, signal });
  }

  /** Renews it until the signal is aborted. A Lease that somebody deleted is made again. */
  async renew(signal: AbortSignal, onRenewed: () => void): Promise<void> {
    const { transport, clock, namespace, name, durationSeconds } = this.#options;
    const reference = { resource: LEASES, namespace, name };
    while (!signal.aborted) {
      await clock.sleep((durationSeconds * 1000) / 3, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const patch = { spec: { renewTime: microTime(clock.wall()) } };
        await patchObject(transport, reference, patch, { lane: 'urgent', signal });
        onRenewed();
      } catch (error) {
        if (signal.aborted) return;
        if (isNotFound(error)) await this.acquire(signal);
        else if (!isPassing(error)) throw error;
      }
    }
  }

  /** Others may take over from here at once. */
  async release(): Promise<void> {
    await this.remove(this.#options.name);
  }

  /** Whether the replica with this Lease is no more; asks the cluster where it is not known. */
  async isDead(name: string): Promise<boolean> {
    const { transport, clock, namespace } = this.#options;
    const known = this.peers.isDead(name, clock.now());
    if (known !== undefined) return known;
    try {
      await getObject(transport, { resource: LEASES, namespace, name });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /** Removes the Lease of a replica that has nothing left. */
  async remove(name: string): Promise<void> {
    const { transport, namespace } = this.#options;
    await deleteObject(transport, { resource: LEASES, namespace, name });
  }

  /** Watches all replicas of the Drone server until the signal is aborted. */
  async watch(signal: AbortSignal): Promise<void> {
    const { transport, clock, namespace, serverKey } = this.#options;
    await watchObjects<LeaseLike>(transport, {
      path: objectPath(LEASES, namespace),
      labelSelector: `${LABEL_ROLE}=replica,${LABEL_SERVER}=${serverKey}`,
      clock,
      signal,
      onEvent: ({ type, object }) => {
        const { name, annotations } = object.metadata;
        if (type === 'DELETED') this.peers.gone(name, clock.now());
        else {
          const durationMs = (object.spec?.leaseDurationSeconds ?? 0) * 1000;
          const podUid = annotations?.[ANNOTATION_POD_UID] ?? '';
          const renewed = object.spec?.renewTime ?? '';
          this.peers.seen({ name, renewed, durationMs, podUid }, clock.now());
        }
      },
      onState: (state) => {
        if (state.kind === 'retry') this.peers.cutOff();
        else if (state.kind === 'watching') this.peers.live(clock.now());
      },
    });
  }

  async #create(signal: AbortSignal): Promise<void> {
    const { transport, clock, namespace, name, holder, podUid, serverKey } = this.#options;
    const now = microTime(clock.wall());
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace,
        labels: { [LABEL_ROLE]: 'replica', [LABEL_SERVER]: serverKey },
        ...(podUid === '' ? {} : { annotations: { [ANNOTATION_POD_UID]: podUid } }),
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: this.#options.durationSeconds,
        acquireTime: now,
        renewTime: now,
      },
    };
    try {
      await createObject(transport, LEASES, namespace, lease, { signal });
    } catch (error) {
      // The answer to an earlier try was lost: nobody else uses this name.
      if (!(error instanceof KubeError) || !isAlreadyExists(error)) throw error;
    }
  }
}

/** As Kubernetes wants a MicroTime: six digits of a second. `wall` is unix milliseconds. */
export const microTime = (wall: number): string =>
  new Date(wall).toISOString().replace(/Z$/, '000Z');
