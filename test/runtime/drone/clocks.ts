/** Clocks that go on only when a test says so. */
import type { Clock } from '../../../runtime/kube/clock.ts';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<Sleeper>();
  /** Every sleep that was begun, in milliseconds. */
  readonly sleeps: number[] = [];

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleeps.push(milliseconds);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { due: this.#now + milliseconds, wake: resolve };
    const abort = (): void => reject(signal?.reason);
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Wakes who is due, in order, and lets each do what it can before the next one wakes. */
  async advance(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = [...this.#sleepers].sort((left, right) => left.due - right.due)[0];
      if (next === undefined || next.due > until) break;
      this.#now = Math.max(this.#now, next.due);
      this.#sleepers.delete(next);
      next.wake();
    }
    this.#now = until;
  }
}

/** Everything that waits for nothing but promises has gone as far as it can. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Pauses take no time, limits (whole seconds from 5) wait until {@link LimitClock.expire}. */
export class LimitClock implements Clock {
  readonly #limits = new Set<() => void>();
  readonly pauses: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (milliseconds < 5_000 || milliseconds % 1_000 !== 0) {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      if (this.pauses.length >= 100) throw new Error('it does not stop trying');
      this.pauses.push(milliseconds);
      this.#now += milliseconds;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    const expire = (): void => {
      this.#now += milliseconds;
      resolve();
    };
    this.#limits.add(expire);
    try {
      await promise;
    } finally {
      this.#limits.delete(expire);
    }
  }

  /** All limits that run now are over. */
  expire(): void {
    for (const limit of Array.from(this.#limits)) limit();
  }
}
