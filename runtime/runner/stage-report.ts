/** Telling the server of one stage: its steps as they go, their logs, and its end. */
import { CardFilter } from '../drone/cards.ts';
import type { Details, DroneServer, ServerStage, ServerStep, StepState } from '../drone/rpc.ts';
import type { StepEntry } from '../telemetry/history.ts';
import { StepLog } from '../drone/step-log.ts';
import { isAlreadyStored, isConflict, isNoRows } from '../drone/errors.ts';
import type { Clock } from '../kube/clock.ts';
import type { Journal } from '../pod/journal.ts';
import type { StageResult, StepResult } from '../stage/conclude.ts';
import type { StepLine } from '../stage/step-logs.ts';
import { endText } from './end-text.ts';
import { withServer } from './server-patience.ts';
import type { Standing } from './stage-server.ts';
import { StepReport } from './step-report.ts';

export interface StageReportOptions {
  readonly server: DroneServer;
  readonly clock: Clock & { wall(): number };
  readonly signal: AbortSignal;
  /** As the server has it now. */
  readonly stage: ServerStage;
  readonly steps: readonly ServerStep[];
  readonly isAdopted: boolean;
  /** The stage may begin again though steps have started. */
  readonly mayRestart: boolean;
  /** What is to be said before all else, in the log of the first step that runs. */
  readonly announcements: readonly string[];
  readonly cards: boolean;
  /** Asks server and record. */
  readonly standing: () => Promise<Standing>;
  /** The steps as the server has them; undefined where nobody may read them. */
  readonly readSteps: (details: Details) => Promise<readonly ServerStep[] | undefined>;
  readonly onFailure: (what: string, error: unknown) => void;
  readonly onLog: (bytes: number) => void;
  /** All steps, whenever one changes. */
  readonly onSteps: (steps: readonly StepEntry[]) => void;
}

/** For results: Drone may be down for long, and nothing is lost while somebody keeps trying. */
const RESULT_LIMIT_MS = 6 * 3_600_000;
const LOG_LIMIT_MS = 3_600_000;
/** Most Pods need less to start; only of the others it is told what they wait for. */
const WAIT_TOLD_AFTER_MS = 1_000;
const USUAL_TOLD_AFTER_MS = 5_000;
export const NOTE_PREFIX = '[drone-kube] ';

interface Reported {
  readonly id: number;
  entry: StepEntry;
  readonly report: StepReport;
  readonly log: StepLog;
  readonly cards: CardFilter | undefined;
  /** Unix milliseconds; of the wait where there was one. */
  started: number | undefined;
  logEnded: boolean;
  result: StepResult | undefined;
  finished: Promise<void> | undefined;
}

export class StageReport {
  readonly #options: StageReportOptions;
  readonly #steps = new Map<number, Reported>();
  #stage: ServerStage;
  #waiting: NodeJS.Timeout | undefined;
  #hasStarted = false;
  /** Lines for the log of whatever step comes first. */
  readonly #announced: string[];

  constructor(options: StageReportOptions) {
    this.#options = options;
    this.#stage = options.stage;
    this.#announced = [...options.announcements];
    for (const step of options.steps) this.#steps.set(step.number, this.#stateOf(step));
  }

  /** Steps that the journal has started are running. */
  journal(journal: Journal): void {
    for (const [number, record] of journal.steps) {
      const step = this.#steps.get(number);
      if (step === undefined || record.state === 'skipped' || step.result !== undefined) continue;
      this.#hasStarted = true;
      if (step.started !== undefined) continue;
      this.#run(step, record.started);
    }
    if (this.#hasStarted) clearTimeout(this.#waiting);
  }

  /** Why nothing happens yet: a line in the log of the step, or of the first one. */
  waiting(text: string, usual: boolean, number: number | undefined): void {
    clearTimeout(this.#waiting);
    const tell = (): void => {
      const step = this.#steps.get(number ?? this.#first());
      if (step === undefined || (this.#hasStarted && number === undefined)) return;
      if (step.started === undefined) this.#run(step, this.#options.clock.wall());
      this.#note(step, text);
    };
    if (number !== undefined) tell();
    else this.#waiting = setTimeout(tell, usual ? USUAL_TOLD_AFTER_MS : WAIT_TOLD_AFTER_MS);
  }

  line(number: number, { text, ended, time }: StepLine): void {
    const step = this.#steps.get(number);
    if (step === undefined) return;
    const since = Math.max(0, time - (step.started ?? time));
    this.#options.onLog(text.length);
    for (const piece of step.cards?.write({ text, ended }) ?? [{ text, ended }]) {
      step.log.write(piece.text, piece.ended, since);
    }
  }

  note(number: number, text: string): void {
    const step = this.#steps.get(number);
    if (step !== undefined) this.#note(step, text);
  }

  logEnd(number: number): void {
    const step = this.#steps.get(number);
    if (step === undefined) return;
    step.logEnded = true;
    if (step.result !== undefined && !this.#options.mayRestart) this.#finishStep(step, step.result);
  }

  settled(result: StepResult, hasLog: boolean): void {
    const step = this.#steps.get(result.step.number);
    if (step === undefined) return;
    step.result = result;
    // A log can be uploaded only once, so not before it is sure that no more of it will come.
    if (this.#options.mayRestart) return;
    if (step.logEnded || !hasLog) this.#finishStep(step, result);
  }

  /** The cluster ended the stage, and it begins again: what was said of its steps is void. */
  restart({ error }: Pick<StageResult, 'error'>): void {
    this.#hasStarted = false;
    const text = `the stage begins again: ${error}`;
    const affected = [...this.#steps.values()].filter((step) => step.started !== undefined);
    if (affected.length === 0) this.#announced.push(text);
    for (const step of affected) {
      this.#note(step, text);
      step.started = undefined;
      step.logEnded = false;
      step.result = undefined;
      step.report.report({ ...NOTHING, status: 'pending' });
      this.#show(step, { ...NOTHING_SHOWN, status: 'pending' });
    }
  }

  /** Everything is uploaded and written, and the server has the end of the stage. */
  async finish(result: StageResult): Promise<'remove' | 'keep'> {
    clearTimeout(this.#waiting);
    const text = endText(result);
    const cutOff = result.steps.filter((step) => step.status === 'killed');
    if (text !== '' && result.reason !== 'failed') {
      const affected = cutOff.length > 0 ? cutOff.map(({ step }) => step.number) : [this.#first()];
      for (const number of affected) this.#noteEnd(number, `the stage ended: ${text}`);
    }
    for (const each of result.steps) {
      const step = this.#steps.get(each.step.number);
      if (step !== undefined) this.#finishStep(step, each);
    }
    await Promise.all([...this.#steps.values()].map(async (step) => step.finished));
    return this.#finishStage({
      status: result.status,
      error: text,
      exit_code: result.status === 'error' ? 255 : 0,
    });
  }

  /** The end of a stage none of whose steps will run. */
  async refuse(status: 'error' | 'killed', error: string): Promise<'remove' | 'keep'> {
    return this.#finishStage({ status, error, exit_code: status === 'error' ? 255 : 0 });
  }

  #stateOf(step: ServerStep): Reported {
    const { server, signal, isAdopted, cards, clock, onFailure } = this.#options;
    const log = new StepLog({
      server: {
        batch: async (...call) => server.batch(...call),
        upload: async (...call) =>
          withServer(async () => server.upload(...call), {
            clock,
            signal,
            limitMs: LOG_LIMIT_MS,
            isAnswer: (error) => isAlreadyStored(error) || isNoRows(error),
            onFailure: (error) => onFailure('upload a log', error),
          }),
      },
      step: step.id,
      signal,
      clock,
    });
    const report = new StepReport({
      server: {
        putStep: async (body, abort) =>
          withServer(async () => server.putStep(body, abort), {
            clock,
            signal: abort,
            limitMs: RESULT_LIMIT_MS,
            onFailure: (error) => onFailure('write a step', error),
          }),
      },
      step,
      signal,
      isAdopted,
      standing: async () => this.#standingOf(step),
      onWritten: (status) => {
        if (status === 'running') log.goLive();
      },
      onGivenUp: (error) => onFailure('write a step', error),
    });
    const filter = cards ? new CardFilter() : undefined;
    return {
      id: step.id,
      entry: entryOf(step),
      report,
      log,
      cards: filter,
      started: undefined,
      logEnded: false,
      result: undefined,
      finished: undefined,
    };
  }

  async #standingOf({ number }: ServerStep) {
    const { standing, readSteps } = this.#options;
    const now = await standing();
    if (now.kind !== 'own') return undefined;
    const stored = await readSteps(now.details);
    return { version: stored?.find((step) => step.number === number)?.version };
  }

  #run(step: Reported, started: number): void {
    step.started = started;
    step.report.report({ ...NOTHING, status: 'running', started: seconds(started) });
    this.#show(step, { status: 'running', started });
    for (const text of this.#announced.splice(0)) this.#note(step, text);
  }

  #show(step: Reported, news: Partial<StepEntry>): void {
    step.entry = { ...step.entry, ...news };
    this.#options.onSteps([...this.#steps.values()].map(({ entry }) => entry));
  }

  #first(): number {
    return Math.min(...this.#steps.keys());
  }

  #note(step: Reported, text: string): void {
    const since = this.#options.clock.wall() - (step.started ?? this.#options.clock.wall());
    step.log.write(`${NOTE_PREFIX}${text}`, true, since);
  }

  #noteEnd(number: number, text: string): void {
    const step = this.#steps.get(number);
    if (step !== undefined && step.finished === undefined) this.#note(step, text);
  }

  #finishStep(step: Reported, result: StepResult): void {
    step.result = result;
    step.finished ??= this.#endStep(step, result);
  }

  async #endStep(step: Reported, result: StepResult): Promise<void> {
    const { signal, clock, onFailure } = this.#options;
    for (const piece of step.cards?.end() ?? []) step.log.write(piece.text, piece.ended, 0);
    if (result.error !== '') this.#note(step, result.error);
    try {
      if (result.status !== 'skipped' || step.started !== undefined) await step.log.close(signal);
    } catch (error) {
      onFailure('upload a log', error);
    }
    await this.#sendCard(step);
    const started = result.started ?? step.started;
    const { status, exitCode, error } = result;
    this.#show(step, { status, exitCode, error, started, stopped: result.stopped });
    step.report.report({
      status,
      exitCode,
      error,
      started: started === undefined ? 0 : seconds(started),
      stopped: started === undefined ? 0 : seconds(result.stopped ?? clock.wall()),
    });
    await step.report.settle();
  }

  async #sendCard({ id, cards, report }: Reported): Promise<void> {
    const { server, signal, onFailure } = this.#options;
    if (cards?.card === undefined) return;
    try {
      await server.card(id, cards.card, signal);
      report.setSchema(cards.card.schema);
    } catch (error) {
      onFailure('send a card', error);
    }
  }

  async #finishStage(
    end: Readonly<{ status: StepState; error: string; exit_code: number }>,
  ): Promise<'remove' | 'keep'> {
    const { server, signal, clock, standing, onFailure } = this.#options;
    for (;;) {
      const stage = { ...this.#stage, ...end, stopped: seconds(clock.wall()) };
      try {
        await withServer(async () => server.putStage(stage, [], signal), {
          clock,
          signal,
          limitMs: RESULT_LIMIT_MS,
          onFailure: (error) => onFailure('write the end of the stage', error),
        });
        return 'remove';
      } catch (error) {
        if (isNoRows(error)) return 'remove';
        if (!isConflict(error)) throw error;
        const now = await standing();
        if (now.kind !== 'own') return now.kind === 'over' ? 'remove' : 'keep';
        this.#stage = { ...this.#stage, version: now.details.stage.version };
      }
    }
  }
}

const NOTHING_SHOWN = { exitCode: 0, error: '', started: undefined, stopped: undefined } as const;
const NOTHING = { exitCode: 0, error: '', started: 0, stopped: 0 } as const;
const entryOf = ({ number, name, status }: ServerStep): StepEntry => ({
  number,
  name,
  status,
  exitCode: 0,
  error: '',
  started: undefined,
  stopped: undefined,
});

const seconds = (milliseconds: number): number => Math.max(1, Math.floor(milliseconds / 1000));
