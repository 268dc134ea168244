/** One step on its way to the server: how it goes, its log, its card. */
import { CardFilter } from '../drone/cards.ts';
import { isAlreadyStored, isNoRows } from '../drone/errors.ts';
import type { DroneServer, ServerStep } from '../drone/rpc.ts';
import { StepLog } from '../drone/step-log.ts';
import type { Clock } from '../kube/clock.ts';
import type { StepResult } from '../stage/conclude.ts';
import type { StepLine } from '../stage/step-logs.ts';
import type { StepEntry } from '../telemetry/history.ts';
import { withServer } from './server-patience.ts';
import { StepReport, type StepReportOptions } from './step-report.ts';

export interface ReportedStepOptions {
  readonly server: DroneServer;
  readonly clock: Clock & { wall(): number };
  readonly signal: AbortSignal;
  readonly isAdopted: boolean;
  /** Are cards taken out of the log? */
  readonly cards: boolean;
  readonly onFailure: (what: string, error: unknown) => void;
  /** What is known of the step has changed. */
  readonly onChange: () => void;
}

/** For results: Drone may be down for long, and nothing is lost while somebody keeps trying. */
const RESULT_LIMIT_MS = 6 * 3_600_000;
const LOG_LIMIT_MS = 3_600_000;
const NOTE_PREFIX = '[drone-kube] ';

export class ReportedStep {
  readonly #options: ReportedStepOptions;
  readonly #id: number;
  readonly #report: StepReport;
  readonly #log: StepLog;
  readonly #cards: CardFilter | undefined;
  #entry: StepEntry;
  #started: number | undefined;
  #finished: Promise<void> | undefined;
  /** Its log was read to the end. */
  logEnded = false;
  /** How it ended, as far as that is known. */
  result: StepResult | undefined;

  constructor(
    step: ServerStep,
    standing: StepReportOptions['standing'],
    options: ReportedStepOptions,
  ) {
    const { server, signal, isAdopted, cards, clock } = options;
    this.#options = options;
    this.#id = step.id;
    this.#entry = { ...NOTHING_SHOWN, number: step.number, name: step.name, status: step.status };
    this.#cards = cards ? new CardFilter() : undefined;
    this.#log = new StepLog({
      server: {
        batch: async (...call) => server.batch(...call),
        upload: async (...call) =>
          withServer(async () => server.upload(...call), {
            clock,
            signal,
            limitMs: LOG_LIMIT_MS,
            isAnswer: (error) => isAlreadyStored(error) || isNoRows(error),
            onFailure: (error) => options.onFailure('upload a log', error),
          }),
      },
      step: step.id,
      signal,
      clock,
    });
    this.#report = new StepReport({
      server: {
        putStep: async (body, abort) =>
          withServer(async () => server.putStep(body, abort), {
            clock,
            signal: abort,
            limitMs: RESULT_LIMIT_MS,
            onFailure: (error) => options.onFailure('write a step', error),
          }),
      },
      step,
      signal,
      isAdopted,
      standing,
      onWritten: (status) => {
        if (status === 'running') this.#log.goLive();
      },
      onGivenUp: (error) => options.onFailure('write a step', error),
    });
  }

  /** For the dashboard. */
  get entry(): StepEntry {
    return this.#entry;
  }

  /** Whether the server was told that it runs, be it for what the stage waits for. */
  get isRunning(): boolean {
    return this.#started !== undefined;
  }

  /** Whether its end is on the way, after which nothing of it changes. */
  get isFinishing(): boolean {
    return this.#finished !== undefined;
  }

  /** `started` is unix milliseconds. */
  run(started: number): void {
    this.#started = started;
    this.#report.report({ ...NOTHING, status: 'running', started: seconds(started) });
    this.#show({ status: 'running', started });
  }

  /** It will run again: what was said of it is void, but for its log. */
  reset(): void {
    this.#started = undefined;
    this.logEnded = false;
    this.result = undefined;
    this.#report.report({ ...NOTHING, status: 'pending' });
    this.#show({ ...NOTHING_SHOWN, status: 'pending' });
  }

  line({ text, ended, time }: StepLine): void {
    const since = Math.max(0, time - (this.#started ?? time));
    for (const piece of this.#cards?.write({ text, ended }) ?? [{ text, ended }]) {
      this.#log.write(piece.text, piece.ended, since);
    }
  }

  /** A line of the runner itself in the log. */
  note(text: string): void {
    const now = this.#options.clock.wall();
    this.#log.write(`${NOTE_PREFIX}${text}`, true, now - (this.#started ?? now));
  }

  /** Uploads the log and writes the end, once; resolves when both are done, or given up. */
  async finish(result: StepResult): Promise<void> {
    this.result = result;
    this.#finished ??= this.#finish(result);
    return this.#finished;
  }

  async #finish(result: StepResult): Promise<void> {
    const { signal, clock, onFailure } = this.#options;
    for (const piece of this.#cards?.end() ?? []) this.#log.write(piece.text, piece.ended, 0);
    if (result.error !== '') this.note(result.error);
    try {
      if (result.status !== 'skipped' || this.isRunning) await this.#log.close(signal);
    } catch (error) {
      onFailure('upload a log', error);
    }
    await this.#sendCard();
    const started = result.started ?? this.#started;
    const { status, exitCode, error, stopped } = result;
    this.#show({ status, exitCode, error, started, stopped });
    this.#report.report({
      status,
      exitCode,
      error,
      started: started === undefined ? 0 : seconds(started),
      stopped: started === undefined ? 0 : seconds(stopped ?? clock.wall()),
    });
    await this.#report.settle();
  }

  async #sendCard(): Promise<void> {
    const { server, signal, onFailure } = this.#options;
    const card = this.#cards?.card;
    if (card === undefined) return;
    try {
      await server.card(this.#id, card, signal);
      this.#report.setSchema(card.schema);
    } catch (error) {
      onFailure('send a card', error);
    }
  }

  #show(news: Partial<StepEntry>): void {
    this.#entry = { ...this.#entry, ...news };
    this.#options.onChange();
  }
}

const NOTHING_SHOWN = { exitCode: 0, error: '', started: undefined, stopped: undefined } as const;
const NOTHING = { exitCode: 0, error: '', started: 0, stopped: 0 } as const;

/** Unix seconds as the server wants them; it takes 0 for "never". */
export const seconds = (milliseconds: number): number =>
  Math.max(1, Math.floor(milliseconds / 1000));
