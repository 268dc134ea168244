/** The stages of this replica, each until its end or until another replica has it. */
import type { Clock } from '../kube/clock.ts';
import { backoff } from '../kube/retry.ts';
import type { HeldRecord } from './records.ts';

/** How the life of a stage here ended; not over: it failed, and the record is as it was last held. */
export type Life =
  { readonly isOver: true } | { readonly isOver: false; readonly held: HeldRecord };

export interface LivesOptions {
  readonly clock: Clock;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
  /** Never rejects. */
  readonly live: (held: HeldRecord) => Promise<Life>;
  /** The record as it is now; undefined where another replica has it. */
  readonly current: (held: HeldRecord) => Promise<HeldRecord | undefined>;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class Lives {
  readonly #options: LivesOptions;
  #count = 0;
  #ended = Promise.withResolvers<void>();

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when the next stage has ended. */
  async nextEnd(): Promise<void> {
    await this.#ended.promise;
  }

  start(held: HeldRecord): void {
    this.#change(1);
    void this.#keep(held)
      // Told by whoever failed; only the end of the process gets here.
      .catch(() => undefined)
      .finally(() => this.#change(-1));
  }

  /** A stage that failed is still ours: nobody takes it from a replica that renews its Lease. */
  async #keep(held: HeldRecord): Promise<void> {
    const { clock, signal, live, current } = this.#options;
    let now: HeldRecord | undefined = held;
    for (let failures = 0; now !== undefined; failures += 1) {
      const life: Life = await live(now);
      if (life.isOver || signal.aborted) return;
      const pause = backoff(failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, 0.5);
      await clock.sleep(pause, signal);
      now = await current(life.held);
    }
  }

  #change(by: number): void {
    this.#count += by;
    if (by > 0) return;
    this.#ended.resolve();
    this.#ended = Promise.withResolvers<void>();
  }
}
