/** Telling the server of one stage: its steps as they go, their logs, and its end. */
import { isConflict, isNoRows } from '../drone/errors.ts';
import type { Details, ServerStage, ServerStep, StepState } from '../drone/rpc.ts';
import type { Journal } from '../pod/journal.ts';
import type { StageResult, StepResult } from '../stage/conclude.ts';
import type { StepLine } from '../stage/step-logs.ts';
import type { StepEntry } from '../telemetry/history.ts';
import { endText } from './end-text.ts';
import { ReportedStep, seconds, type ReportedStepOptions } from './reported-step.ts';
import { withServer } from './server-patience.ts';
import { CONFLICT_MS, type Standing } from './stage-server.ts';

export interface StageReportOptions extends Omit<ReportedStepOptions, 'onChange'> {
  /** As the server has it now. */
  readonly stage: ServerStage;
  readonly steps: readonly ServerStep[];
  /** The stage may begin again though steps have started. */
  readonly mayRestart: boolean;
  /** What is to be said before all else, in the log of the first step that runs. */
  readonly announcements: readonly string[];
  /** Asks server and record. */
  readonly standing: () => Promise<Standing>;
  /** The steps as the server has them; undefined where nobody may read them. */
  readonly readSteps: (details: Details) => Promise<readonly ServerStep[] | undefined>;
  readonly onLog: (bytes: number) => void;
  /** All steps, whenever one changes. */
  readonly onSteps: (steps: readonly StepEntry[]) => void;
}

/** Drone may be down for long, and nothing is lost while somebody keeps trying. */
const RESULT_LIMIT_MS = 6 * 3_600_000;
/** Most Pods need less to start; only of the others it is told what they wait for. */
const WAIT_TOLD_AFTER_MS = 1_000;
const USUAL_TOLD_AFTER_MS = 5_000;

export class StageReport {
  readonly #options: StageReportOptions;
  readonly #steps = new Map<number, ReportedStep>();
  #stage: ServerStage;
  #waiting: NodeJS.Timeout | undefined;
  #hasStarted = false;
  /** Lines for the log of whatever step comes first. */
  readonly #announced: string[];

  constructor(options: StageReportOptions) {
    this.#options = options;
    this.#stage = options.stage;
    this.#announced = [...options.announcements];
    const onChange = (): void =>
      options.onSteps([...this.#steps.values()].map(({ entry }) => entry));
    for (const step of options.steps) {
      const standing = async () => this.#standingOf(step);
      this.#steps.set(step.number, new ReportedStep(step, standing, { ...options, onChange }));
    }
  }

  /** Steps that the journal has started are running. */
  journal(journal: Journal): void {
    for (const [number, record] of journal.steps) {
      const step = this.#steps.get(number);
      if (step === undefined || record.state === 'skipped' || step.result !== undefined) continue;
      this.#hasStarted = true;
      if (!step.isRunning) this.#run(step, record.started);
    }
    if (this.#hasStarted) clearTimeout(this.#waiting);
  }

  /** Why nothing happens yet: a line in the log of the step, or of the first one. */
  waiting(text: string, usual: boolean, number: number | undefined): void {
    clearTimeout(this.#waiting);
    const tell = (): void => {
      const step = this.#steps.get(number ?? this.#first());
      if (step === undefined || (this.#hasStarted && number === undefined)) return;
      if (!step.isRunning) this.#run(step, this.#options.clock.wall());
      step.note(text);
    };
    if (number !== undefined) tell();
    else this.#waiting = setTimeout(tell, usual ? USUAL_TOLD_AFTER_MS : WAIT_TOLD_AFTER_MS);
  }

  line(number: number, line: StepLine): void {
    this.#options.onLog(line.text.length);
    this.#steps.get(number)?.line(line);
  }

  note(number: number, text: string): void {
    this.#steps.get(number)?.note(text);
  }

  logEnd(number: number): void {
    const step = this.#steps.get(number);
    if (step === undefined) return;
    step.logEnded = true;
    if (step.result !== undefined && !this.#options.mayRestart) void step.finish(step.result);
  }

  settled(result: StepResult, hasLog: boolean): void {
    const step = this.#steps.get(result.step.number);
    if (step === undefined) return;
    step.result = result;
    // A log can be uploaded only once, so not before it is sure that no more of it will come.
    if (this.#options.mayRestart) return;
    if (step.logEnded || !hasLog) void step.finish(result);
  }

  /** The cluster ended the stage, and it begins again: what was said of its steps is void. */
  restart({ error }: Pick<StageResult, 'error'>): void {
    this.#hasStarted = false;
    const text = `the stage begins again: ${error}`;
    const affected = [...this.#steps.values()].filter((step) => step.isRunning);
    if (affected.length === 0) this.#announced.push(text);
    for (const step of affected) {
      step.note(text);
      step.reset();
    }
  }

  /** Everything is uploaded and written, and the server has the end of the stage. */
  async finish(result: StageResult): Promise<'remove' | 'keep'> {
    clearTimeout(this.#waiting);
    const text = endText(result);
    const cutOff = result.steps.filter((step) => step.status === 'killed');
    if (text !== '' && result.reason !== 'failed') {
      const affected = cutOff.length > 0 ? cutOff.map(({ step }) => step.number) : [this.#first()];
      for (const step of affected.flatMap((number) => this.#steps.get(number) ?? [])) {
        if (!step.isFinishing) step.note(`the stage ended: ${text}`);
      }
    }
    await Promise.all(
      result.steps.map(async (each) => this.#steps.get(each.step.number)?.finish(each)),
    );
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

  async #standingOf({ number }: ServerStep) {
    const { standing, readSteps } = this.#options;
    const now = await standing();
    if (now.kind !== 'own') return undefined;
    const stored = await readSteps(now.details);
    return { version: stored?.find((step) => step.number === number)?.version };
  }

  #run(step: ReportedStep, started: number): void {
    step.run(started);
    for (const text of this.#announced.splice(0)) step.note(text);
  }

  #first(): number {
    return Math.min(...this.#steps.keys());
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
        await clock.sleep(CONFLICT_MS, signal);
      }
    }
  }
}
