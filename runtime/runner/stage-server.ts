/** One stage on the Drone server: reading it, writing it, and what became of it meanwhile. */
import { isAlreadyStored, isConflict, isNoRows } from '../drone/errors.ts';
import type { Details, ServerStage, ServerStep } from '../drone/rpc.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RunnerContext } from './context.ts';
import { RecordLost } from './records.ts';
import { isBuildOver, isStageOver } from './server-stage.ts';
import { withServer } from './server-patience.ts';

/** What the server thinks of a stage that a write of ours was refused for. */
export type Standing =
  /** Ours still: write again, with this version. */
  | { readonly kind: 'own'; readonly details: Details }
  /** The server has its end already, or nothing of it at all. */
  | { readonly kind: 'over' }
  /** Another replica has it. */
  | { readonly kind: 'lost' };

export interface StageServerOptions {
  readonly context: Pick<RunnerContext, 'server' | 'clock' | 'signal' | 'records' | 'readSteps'>;
  /** The id of the stage. */
  readonly stage: number;
  readonly log: () => Logger;
  /** The server has the end of the build or the stage. */
  readonly onOver: (details: Details) => void;
  /** Another replica has the stage. */
  readonly onLost: () => void;
}

export interface Written {
  readonly stage: ServerStage;
  readonly steps: readonly ServerStep[];
}

/** Milliseconds until a write that was refused is tried again. */
export const CONFLICT_MS = 200;
/** Milliseconds that the server may be away: nothing is lost while somebody keeps trying. */
const SERVER_LIMIT_MS = 6 * 3_600_000;

export class StageServer {
  readonly #options: StageServerOptions;

  constructor(options: StageServerOptions) {
    this.#options = options;
  }

  /** undefined where the server does not know the stage (any more). */
  async details(): Promise<Details | undefined> {
    const { context, stage } = this.#options;
    try {
      return await this.#insist(
        'read the stage',
        async () => context.server.details(stage, context.signal),
        isNoRows,
      );
    } catch (error) {
      if (isNoRows(error)) return undefined;
      throw error;
    }
  }

  /** Asked after the server refused a write of ours. */
  async standing(): Promise<Standing> {
    const { context, stage, onOver, onLost } = this.#options;
    const details = await this.details();
    if (details === undefined) return { kind: 'over' };
    if (isBuildOver(details) || isStageOver(details)) {
      onOver(details);
      return { kind: 'over' };
    }
    if (await context.records.isOwn(stage)) return { kind: 'own', details };
    onLost();
    return { kind: 'lost' };
  }

  /**
   * Writes the stage with its steps; undefined where it ended meanwhile. Rejects with RecordLost
   * where another replica has it.
   */
  async write(stage: ServerStage, steps: readonly ServerStep[]): Promise<Written | undefined> {
    const { context } = this.#options;
    let current = stage;
    for (;;) {
      try {
        return await this.#insist('write the stage', async () =>
          context.server.putStage(current, steps, context.signal),
        );
      } catch (error) {
        if (isNoRows(error)) return undefined;
        if (!isConflict(error)) throw error;
        const now = await this.standing();
        if (now.kind === 'lost') throw new RecordLost();
        if (now.kind === 'over') return undefined;
        current = { ...current, version: now.details.stage.version };
        await this.#pause();
      }
    }
  }

  /**
   * The stage runs, and has these steps. The server inserts them one by one and tells their ids only
   * once: after a lost answer a user's rights may tell which are there, and the others are inserted.
   * No steps where nobody knows. undefined and RecordLost as `write`.
   */
  async begin(details: Details, wanted: readonly ServerStep[]): Promise<Written | undefined> {
    const { context } = this.#options;
    const started = details.stage.started || Math.floor(context.clock.wall() / 1000);
    let current: ServerStage = { ...details.stage, status: 'running', started };
    let stored = details.stage.status === 'running' ? await this.#stored(details) : [];
    for (;;) {
      const missing = wanted.filter(({ number }) => stored.every((step) => step.number !== number));
      try {
        const { stage, steps } = await this.#insist('begin the stage', async () =>
          context.server.putStage(current, missing, context.signal),
        );
        return { stage, steps: [...stored, ...steps].sort((a, b) => a.number - b.number) };
      } catch (error) {
        if (isNoRows(error)) return undefined;
        if (!isConflict(error) && !isAlreadyStored(error)) throw error;
        const now = await this.standing();
        if (now.kind === 'lost') throw new RecordLost();
        if (now.kind === 'over') return undefined;
        current = { ...current, version: now.details.stage.version };
        await this.#pause();
        stored = await this.#stored(now.details);
        if (isAlreadyStored(error) && stored.length === 0) return { stage: current, steps: [] };
      }
    }
  }

  /** Something that changes the stage all the time, a proxy that answers for the server say, must not be hurried. */
  async #pause(): Promise<void> {
    const { clock, signal } = this.#options.context;
    await clock.sleep(CONFLICT_MS, signal);
  }

  async #stored(details: Details): Promise<readonly ServerStep[]> {
    return (await this.#options.context.readSteps(details)) ?? [];
  }

  async #insist<T>(
    what: string,
    work: () => Promise<T>,
    isAnswer?: (error: unknown) => boolean,
  ): Promise<T> {
    const { context, log } = this.#options;
    return withServer(work, {
      clock: context.clock,
      signal: context.signal,
      limitMs: SERVER_LIMIT_MS,
      onFailure: (error) => log().warn(`cannot ${what}`, { error }),
      ...(isAnswer === undefined ? {} : { isAnswer }),
    });
  }
}
