/** Telling the server how one step goes: always the newest state, never two writes at once. */
import { DroneError, isConflict } from '../drone/errors.ts';
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
   * Somebody wrote the step and was not us, as far as we know: whether we are still to write it.
   * The server cancels a build by writing its steps; another replica may have the stage.
   */
  readonly mayWrite: () => Promise<boolean>;
  /** Wrote it before: a replica that is no more, so nobody knows which version the server has. */
  readonly isAdopted: boolean;
  readonly onWritten: (status: StepState) => void;
  readonly onGivenUp: (error: unknown) => void;
}

/** Writes that a step gets in its life: running, and its end. One more for a card. */
const MOST_WRITES = 3;
/** Each replica that had the stage wrote the step anew; more than this is no version of ours. */
const MOST_RAISES = 200;

export class StepReport {
  readonly #options: StepReportOptions;
  #step: ServerStep;
  #wanted: StepNews | undefined;
  #writing: Promise<void> | undefined;
  #busy = false;
  #over = false;
  /** How often the version was raised because of a conflict. */
  #raised = 0;
  #schema = '';

  constructor(options: StepReportOptions) {
    this.#options = options;
    this.#step = options.step;
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
        this.#raised = 0;
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
    const { signal, isAdopted, mayWrite, onGivenUp } = this.#options;
    if (signal.aborted || !(error instanceof DroneError)) {
      this.#over = true;
      if (!signal.aborted) onGivenUp(error);
      return;
    }
    // A lost answer, or what replicas wrote that are no more: its version can only be a little higher.
    const isExplained = isConflict(error) && this.#raised < MOST_RAISES;
    const isLittle = this.#raised < MOST_WRITES;
    const isOwn = isExplained && isLittle && (error.afterRetry || isAdopted);
    if (isExplained && (isOwn || (await mayWrite()))) {
      this.#raised += 1;
      this.#step = { ...this.#step, version: this.#step.version + 1 };
      return;
    }
    this.#over = true;
    // A cancel has written it, or another replica will: nothing is amiss.
    if (!isExplained) onGivenUp(error);
  }
}
