/** Asking the Drone server within limits: once it is not there, nobody waits for it any more. */
import { DroneError } from '../drone/errors.ts';
import type { Details } from '../drone/rpc.ts';
import { closeStage, detailsOf, type ClosableReason, type CloseOptions } from './close.ts';
import type { Closed } from './close.ts';
import type { ServerStep } from '../drone/rpc.ts';

export interface DroneSideOptions extends CloseOptions {
  readonly server: CloseOptions['server'] & { ping(signal: AbortSignal): Promise<void> };
}

/** Why the server cannot be told, for people. */
export interface Unreachable {
  readonly unreachable: string;
}

/** Milliseconds for one question. The client tries again all the while. */
const PING_MS = 10_000;
const CALL_MS = 30_000;

const SILENT = 'the Drone server does not answer; check DRONE_RPC_HOST and that it is up';

/** Failures that are those of every call, not of one stage. */
const OF_ALL: ReadonlySet<string> = new Set([
  'drone-unavailable',
  'drone-unauthorized',
  'drone-not-found',
  'drone-bad-answer',
]);

export class DroneSide {
  readonly #options: DroneSideOptions;
  #down: string | undefined;

  constructor(options: DroneSideOptions) {
    this.#options = options;
  }

  /** Whether it is there at all; one that is not is not asked again. */
  async ping(): Promise<void> {
    await this.#ask(PING_MS, async (signal) => this.#options.server.ping(signal));
  }

  /** undefined where the server does not know the stage. */
  async details(stage: number): Promise<Details | undefined | Unreachable> {
    return this.#ask(CALL_MS, async (signal) => detailsOf(this.#options, stage, signal));
  }

  async close(
    details: Details,
    reason: ClosableReason,
    steps: readonly ServerStep[],
  ): Promise<Closed | Unreachable> {
    return this.#ask(CALL_MS, async (signal) =>
      closeStage(details, reason, steps, this.#options, signal),
    );
  }

  async #ask<T>(
    limitMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | Unreachable> {
    if (this.#down !== undefined) return { unreachable: this.#down };
    // One of AbortSignal.timeout would live on, with all that it was given to, until its time is over.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      return await work(limit.signal);
    } catch (error) {
      if (limit.signal.aborted) {
        this.#down = SILENT;
        return { unreachable: SILENT };
      }
      if (!(error instanceof DroneError)) throw error;
      if (OF_ALL.has(error.code)) this.#down = error.message;
      return { unreachable: error.message };
    } finally {
      clearTimeout(timer);
    }
  }
}

export const isUnreachable = (answer: unknown): answer is Unreachable =>
  typeof answer === 'object' && answer !== null && 'unreachable' in answer;
