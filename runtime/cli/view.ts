/** What `exec` shows while a stage runs, and the table at its end. */
import { stepTitle, type PlanStep, type SourceSkippedStep } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { StageResult, StepResult } from '../stage/conclude.ts';
import { whySkipped } from './plan-view.ts';
import type { Terminal } from './usage.ts';

const COLORS = [36, 33, 35, 34, 32, 96, 93, 95, 94, 92];
const STATUS_COLORS: Readonly<Record<string, number>> = {
  success: 32,
  failure: 31,
  error: 31,
  killed: 31,
  skipped: 90,
};

const paint = (terminal: Terminal, color: number, text: string): string =>
  terminal.color ? `\u001B[${color}m${text}\u001B[0m` : text;

/** `[build] text`, each step in its own colour. */
export function logLine(terminal: Terminal, step: PlanStep, text: string): string {
  const color = COLORS[step.number % COLORS.length] ?? 36;
  return `${paint(terminal, color, `[${stepTitle(step)}]`)} ${text}\n`;
}

export const noteLine = (terminal: Terminal, text: string): string =>
  `${paint(terminal, 90, `· ${text}`)}\n`;

/** What a stage can do without, but hardly as it was meant. */
export const stageNotes = ({
  missingSecrets,
  invalidCredentials,
  withoutResources,
}: Pick<CompiledStage, 'missingSecrets' | 'invalidCredentials' | 'withoutResources'>): string[] => [
  ...missingSecrets.map((name) => `secret "${name}" is not defined; it counts as empty`),
  ...invalidCredentials.map(
    (name) => `secret "${name}" of image_pull_secrets is no config.json of Docker; it is left out`,
  ),
  ...withoutResources.map(
    (name) =>
      `step "${name}" gets no resources of its own, because the command of its image is not known`,
  ),
];

/** Shows the newest of many notes, one a second at most, and none twice. */
export class Notes {
  readonly #show: (text: string) => void;
  #last = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #pending = '';
  #shown = '';

  constructor(show: (text: string) => void) {
    this.#show = show;
  }

  note(text: string): void {
    this.#pending = text;
    const wait = this.#last + 1000 - performance.now();
    if (wait <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), wait);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pending = '';
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#pending === '' || this.#pending === this.#shown) return;
    this.#shown = this.#pending;
    this.#last = performance.now();
    this.#show(this.#shown);
  }
}

/** The table of all steps, and one line that says how it ended. `seconds` is the whole run. */
export function summary(
  terminal: Terminal,
  result: StageResult,
  skipped: readonly Pick<SourceSkippedStep, 'name' | 'why' | 'compared'>[],
  seconds: number,
): string {
  const rows = [
    ...result.steps.map((step) => stepRow(step)),
    ...skipped.map((step) => ({
      name: step.name,
      status: 'skipped',
      code: '',
      time: '',
      note: whySkipped(step),
    })),
  ];
  const width = Math.max(4, ...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, status, code, time, note }) => {
    const state =
      paint(terminal, STATUS_COLORS[status] ?? 0, status) + ''.padEnd(8 - status.length);
    return `${name.padEnd(width)}  ${state} ${code.padStart(4)} ${time.padStart(8)}  ${note}`.trimEnd();
  });
  const end = paint(terminal, STATUS_COLORS[result.status] ?? 0, result.status);
  const why = result.error === '' ? '' : ` (${result.reason}): ${result.error}`;
  return [
    '',
    `${'STEP'.padEnd(width)}  STATUS   EXIT     TIME`,
    ...lines,
    '',
    `${end} after ${duration(seconds * 1000)}${why}`,
    '',
  ].join('\n');
}

function stepRow(result: StepResult): {
  name: string;
  status: string;
  code: string;
  time: string;
  note: string;
} {
  const { started, stopped, status, step, exitCode, error } = result;
  const ignored = status === 'failure' && (step.failure === 'ignore' || step.detached);
  return {
    name: stepTitle(step),
    status,
    code: status === 'skipped' ? '' : String(exitCode),
    time: started === undefined || stopped === undefined ? '' : duration(stopped - started),
    note: [error, ignored ? 'ignored' : ''].filter((text) => text !== '').join('; '),
  };
}

/** Milliseconds as `340ms`, `12.3s` or `3m05s`. */
export function duration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1000) return `${ms}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
