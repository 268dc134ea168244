/** The long polls of the fake Drone server: who listens at a moment hears what is told then. */
import type { Clock } from '../../../runtime/kube/clock.ts';
import { errorFromAnswer } from '../../../runtime/drone/errors.ts';

export type PollEvent = 'queue' | 'restart' | { readonly cancelled: number };

/** Milliseconds. */
const LIMIT = 30_000;

export class Polls {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: PollEvent) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  tell(event: PollEvent): void {
    for (const listener of Array.from(this.#listeners)) listener(event);
  }

  /** What is heard first, undefined after 30 s. Rejects when the server is started again. */
  async wait<T>(
    signal: AbortSignal,
    hear: (event: PollEvent) => T | undefined,
  ): Promise<T | undefined> {
    const over = new AbortController();
    const heard = new Promise<T>((resolve, reject) => {
      const listener = (event: PollEvent): void => {
        const value = hear(event);
        if (value !== undefined) resolve(value);
        if (event === 'restart') reject(errorFromAnswer('poll', 502, ''));
      };
      this.#listeners.add(listener);
      over.signal.addEventListener('abort', () => this.#listeners.delete(listener));
    });
    try {
      return await Promise.race([heard, this.#limit(AbortSignal.any([signal, over.signal]))]);
    } finally {
      over.abort();
    }
  }

  async #limit(signal: AbortSignal): Promise<undefined> {
    await this.#clock.sleep(LIMIT, signal);
    return undefined;
  }
}

/** Waits for a fault, which may hang, for as long as the caller does. */
export async function unlessAborted(
  fault: void | Promise<void> | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (fault instanceof Promise) {
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([fault, aborted]);
  }
  signal.throwIfAborted();
}
