/** Telling the server how one step goes: always the newest state, never two writes at once. */
import { isConflict, type DroneError } from '../drone/errors.ts';
import type { DroneServer, ServerStep, StepState } from '../drone/rpc.ts';

/** What changes of a step. Times are unix seconds, 0 before. */
export interface StepNews {
  readonly status: StepState;
  readonly exitCode: number;
  readonly error: string;
  readonly started: number;
  readonly stopped: number;
}

export interface StepReportOptions {
  readonly server: Pick<DroneServer, 'putStep'>;
  /** As the server stored it first. */
  readonly step: ServerStep;
  readonly signal: AbortSignal;
  /**
   * Somebody wrote the step and was not us, as far as we know: undefined where we are not to write
   * it any more. The server cancels a build by writing its steps; another replica may have the stage.
   * `version` is the one that the server has, where that can be read.
   */
  readonly standing: () => Promise<{ readonly version: number | undefined } | undefined>;
  /** Wrote it before: a replica that is no more, so nobody knows which version the server has. */
  readonly isAdopted: boolean;
  readonly onWritten: (status: StepState) => void;
  readonly onGivenUp: (error: unknown) => void;
}

/** Writes that a step gets in its life: running, and its end. One more for a card. */
const MOST_WRITES = 3;
/** Each replica that had the stage wrote the step anew; where no version can be read, so many are tried. */
const SPAN = 50;
const MOST_TRIES = 200;

export class StepReport {
  readonly #options: StepReportOptions;
  #step: ServerStep;
  #wanted: StepNews | undefined;
  #writing: Promise<void> | undefined;
  #busy = false;
  #over = false;
  /** The last version that the server told us. */
  #told: number;
  /** Conflicts since then. */
  #conflicts = 0;
  #schema = '';

  constructor(options: StepReportOptions) {
    this.#options = options;
    this.#step = options.step;
    this.#told = options.step.version;
  }

  /** The step has a card of this schema; written with its end. */
  setSchema(schema: string): void {
    this.#schema = schema;
  }

  /** Replaces what was not written yet. */
  report(news: StepNews): void {
    if (this.#over) return;
    this.#wanted = news;
    if (this.#busy) return;
    this.#busy = true;
    this.#writing = this.#write();
  }

  /** Resolves when everything was written, or given up. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#wanted !== undefined && !this.#over) {
      const news = this.#wanted;
      try {
        const { server, signal, onWritten } = this.#options;
        this.#step = await server.putStep(this.#body(news), signal);
        if (this.#wanted === news) this.#wanted = undefined;
        this.#told = this.#step.version;
        this.#conflicts = 0;
        onWritten(news.status);
      } catch (error) {
        await this.#failed(error);
      }
    }
    // In the same turn as the last look at what is wanted, or a report in between would be lost.
    this.#busy = false;
  }

  #body(news: StepNews): ServerStep {
    return {
      ...this.#step,
      status: news.status,
      exit_code: news.exitCode,
      error: news.error,
      started: news.started,
      stopped: news.stopped,
      ...(this.#schema === '' ? {} : { schema: this.#schema }),
    };
  }

  async #failed(error: unknown): Promise<void> {
    const { signal, onGivenUp } = this.#options;
    try {
      if (signal.aborted || !isConflict(error) || this.#conflicts >= MOST_TRIES) throw error;
      this.#conflicts += 1;
      const version = await this.#nextVersion(error);
      // Else a cancel has written it, or another replica will: nothing is amiss.
      if (version === undefined) this.#over = true;
      else this.#step = { ...this.#step, version };
    } catch (failure) {
      this.#over = true;
      if (!signal.aborted) onGivenUp(failure);
    }
  }

  /** Not only upwards: a proxy makes conflicts up. undefined where we are not to write any more. */
  async #nextVersion({ afterRetry }: DroneError): Promise<number | undefined> {
    const { isAdopted, standing } = this.#options;
    const next = this.#told + (this.#conflicts % SPAN);
    // A lost answer, or what a replica wrote that is no more: its version is only a little higher.
    if (this.#conflicts <= MOST_WRITES && (afterRetry || isAdopted)) return next;
    const stands = await standing();
    return stands === undefined ? undefined : (stands.version ?? next);
  }
}
