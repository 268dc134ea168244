/** Which replicas are alive, judged by their Leases as they are seen from here. Pure. */

export interface SeenLease {
  readonly name: string;
  /** `spec.renewTime` as it is written: another text is a sign of life. */
  readonly renewed: string;
  readonly durationMs: number;
  /** Of the Pod of the replica; '' where it runs in none. */
  readonly podUid: string;
}

interface Known extends SeenLease {
  /** When the last sign of life came, by the clock here that never goes back. */
  readonly seenAt: number;
}

/** Milliseconds that a process may take to end after its Lease went. */
const LATE_MS = 3_000;

/**
 * Clocks of other machines are not compared: a Lease is dead when it was watched without a break
 * for its whole duration and did not change. While nothing can be watched nobody dies.
 */
export class Peers {
  readonly #own: string;
  readonly #ownPod: string;
  readonly #known = new Map<string, Known>();
  /** Since when the watch tells all; undefined while it does not. */
  #liveSince: number | undefined;
  /** When to look for what replicas left behind whose Lease went. */
  #looks: number[] = [Number.NEGATIVE_INFINITY];

  /** @param ownPod the uid of the own Pod, '' outside of a cluster */
  constructor(own: string, ownPod: string) {
    this.#own = own;
    this.#ownPod = ownPod;
  }

  seen(lease: SeenLease, now: number): void {
    const before = this.#known.get(lease.name);
    const seenAt = before?.renewed === lease.renewed ? before.seenAt : now;
    this.#known.set(lease.name, { ...lease, seenAt });
  }

  gone(name: string, now: number): void {
    this.#known.delete(name);
    // What it was just about to write comes after its Lease went.
    this.#looks.push(now, now + LATE_MS);
  }

  live(now: number): void {
    this.#liveSince ??= now;
  }

  cutOff(): void {
    this.#liveSince = undefined;
  }

  /** Whether all Leases are known. */
  get isLive(): boolean {
    return this.#liveSince !== undefined;
  }

  /**
   * Whether the replica with this Lease is certainly no more; undefined where no such Lease was
   * heard of. A replica removes its Lease when it ends, but a very new one is not known either.
   */
  isDead(name: string, now: number): boolean | undefined {
    if (name === this.#own || this.#liveSince === undefined) return false;
    const lease = this.#known.get(name);
    if (lease === undefined) return undefined;
    // In one Pod there is only one replica at a time: the other one was this one's predecessor.
    if (this.#ownPod !== '' && lease.podUid === this.#ownPod) return true;
    return now - Math.max(lease.seenAt, this.#liveSince) > lease.durationMs;
  }

  /** Whether there may be stages that nobody has: look for them, after `looked`. */
  isLookDue(now: number): boolean {
    return this.isLive && (this.#looks.some((at) => at <= now) || this.dead(now).length > 0);
  }

  /** Somebody is about to look. */
  looked(now: number): void {
    this.#looks = this.#looks.filter((at) => at > now);
  }

  /** Names of the Leases of replicas that are no more. */
  dead(now: number): string[] {
    return [...this.#known.keys()].filter((name) => this.isDead(name, now) === true);
  }
}
