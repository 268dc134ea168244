/** What becomes of a stage, for the dashboard and the metrics. */
import type { Details } from '../drone/rpc.ts';
import type { StageResult } from '../stage/conclude.ts';
import type { StepEntry } from '../telemetry/history.ts';
import type { StageEnd } from '../telemetry/metrics.ts';
import type { RunnerContext } from './context.ts';

type Told = Pick<RunnerContext, 'clock' | 'metrics' | 'tell'>;

export class StageTelling {
  readonly #context: Told;
  readonly #stage: number;

  /** @param stage its id */
  constructor(context: Told, stage: number) {
    this.#context = context;
    this.#stage = stage;
  }

  taken(details: Details): void {
    this.#context.tell({ type: 'taken', ...this.#here(), details });
  }

  waiting(text: string): void {
    this.#context.tell({ type: 'waiting', ...this.#here(), text });
  }

  running(): void {
    this.#context.tell({ type: 'running', ...this.#here() });
  }

  steps(steps: readonly StepEntry[]): void {
    this.#context.tell({ type: 'steps', ...this.#here(), steps });
  }

  /** `result.steps`: those of which the ends are counted. */
  ended({ status, error, steps }: Omit<StageResult, 'reason'>, reason: StageEnd): void {
    const { metrics, tell } = this.#context;
    metrics.stageEnded(reason);
    for (const step of steps) {
      if (step.status === 'skipped' || step.started === undefined) continue;
      metrics.stepEnded(step.status, ((step.stopped ?? step.started) - step.started) / 1000);
    }
    tell({ type: 'ended', ...this.#here(), status, reason, error });
  }

  /** Nothing more is told from here; without effect after an end. */
  left(): void {
    this.#context.tell({ type: 'left', ...this.#here() });
  }

  #here(): { readonly at: number; readonly stage: number } {
    return { at: this.#context.clock.wall(), stage: this.#stage };
  }
}
