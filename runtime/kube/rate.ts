/** A token bucket for requests, with a lane that goes first. */
import type { Clock } from './clock.ts';

/** `urgent` is for deletes and writes of status: what frees capacity or tells the truth. */
export type Lane = 'normal' | 'urgent';

interface Waiter {
  readonly grant: () => void;
}

/** At most `burst` requests at once and `qps` a second in the long run, both lanes together. */
export class RateLimiter {
  readonly #qps: number;
  readonly #burst: number;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Lane, Waiter[]>> = { normal: [], urgent: [] };
  #tokens: number;
  #filledAt: number;
  #pumping = false;

  constructor(qps: number, burst: number, clock: Clock) {
    this.#qps = qps;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Resolves when the request may be sent; rejects with the signal's reason when aborted before. */
  async acquire(lane: Lane, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const queue = this.#waiting[lane];
    if (!this.#pumping && this.#take()) return;
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        queue.splice(queue.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal?.addEventListener('abort', leave, { once: true });
      queue.push(waiter);
      void this.#pump();
    });
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#waiting.urgent.length + this.#waiting.normal.length > 0) {
      if (this.#take()) {
        const next = this.#waiting.urgent.shift() ?? this.#waiting.normal.shift();
        next?.grant();
      } else {
        await this.#clock.sleep(Math.ceil(((1 - this.#tokens) / this.#qps) * 1_000));
      }
    }
    this.#pumping = false;
  }

  #take(): boolean {
    const now = this.#clock.now();
    const earned = ((now - this.#filledAt) / 1_000) * this.#qps;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
