/** Trying again for as long as the Drone server only has a bad day. */
import { DroneError, isAlreadyStored, isConflict, isNoRows } from '../drone/errors.ts';
import type { Clock } from '../kube/clock.ts';
import { backoff } from '../kube/retry.ts';

export interface ServerPatience {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds from the first try after which a failure is final. */
  readonly limitMs: number;
  readonly onFailure?: (error: DroneError) => void;
  /**
   * What is no failure of the server but its answer. By default a conflict is: for a call that can
   * have none, whatever tells one is a proxy on a bad day.
   */
  readonly isAnswer?: (error: unknown) => boolean;
}

const isAnswerToWrite = (error: unknown): boolean =>
  isConflict(error) || isNoRows(error) || isAlreadyStored(error);

/**
 * A server tells a locked database, and a wrong secret during its own restart, like any other
 * failure. `work` may be done any number of times.
 */
export async function withServer<T>(work: () => Promise<T>, patience: ServerPatience): Promise<T> {
  const { clock, signal, limitMs, onFailure, isAnswer = isAnswerToWrite } = patience;
  const until = clock.now() + limitMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !(error instanceof DroneError) || isAnswer(error)) throw error;
      onFailure?.(error);
      if (clock.now() >= until) throw error;
    }
    await clock.sleep(backoff(Math.min(tries, 5), 400, 10_000, Math.random()), signal);
  }
}
