/** What goes on beside the loop of a stage. It wakes the loop, and its first failure ends it. */
import type { Clock } from '../kube/clock.ts';

export class Tasks {
  readonly #clock: Clock;
  readonly #over = new AbortController();
  readonly #running: Promise<void>[] = [];
  #wake = Promise.withResolvers<void>();
  #failure: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Aborted when nobody needs the tasks any more. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  run(task: Promise<unknown>): void {
    const running = task.then(
      () => undefined,
      (error: unknown) => {
        if (this.#over.signal.aborted) return;
        this.#failure ??= error;
        this.wake();
      },
    );
    this.#running.push(running);
  }

  /** Something happened that the loop has to look at. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Resolves when something happened since the last time, or the time (milliseconds) is up. */
  async next(milliseconds: number): Promise<void> {
    const pause = new AbortController();
    const sleep = this.#clock.sleep(milliseconds, pause.signal).catch(() => undefined);
    await Promise.race([this.#wake.promise, sleep]);
    pause.abort();
    this.#wake = Promise.withResolvers<void>();
  }

  /** Throws what the first task that failed threw. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Aborts the signal and waits until every task has ended; what they throw now is of no use. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#running);
  }
}
