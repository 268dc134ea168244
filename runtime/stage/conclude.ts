/**
 * The result of a stage: what the journal says, held against what the kubelet says. The journal
 * repeats what the steps claim; where the two disagree the stage is an error, never green. Pure.
 */
import { stepTitle, type Plan, type PlanStep } from '../compile/plan.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal, StepRecord } from '../pod/journal.ts';
import { containerStatus } from './pod-view.ts';
import type { Verdict } from './verdicts.ts';

export type StepStatus = 'success' | 'failure' | 'error' | 'killed' | 'skipped';
export type StageStatus = 'success' | 'failure' | 'error' | 'killed';

export interface StepResult {
  readonly step: PlanStep;
  readonly status: StepStatus;
  readonly exitCode: number;
  /** Empty, or why the step is an error, in words for the user. */
  readonly error: string;
  /** Unix milliseconds; undefined for a step that did not run. */
  readonly started: number | undefined;
  readonly stopped: number | undefined;
}

/** Why a stage ended: the closed list of ends. */
export type EndReason =
  | 'succeeded'
  | 'failed'
  | 'killed'
  | 'timeout'
  | 'OOMKilled'
  | 'image pull'
  | 'evicted'
  | 'preempted'
  | 'node lost'
  | 'deleted by somebody'
  | 'deadline'
  | 'unschedulable'
  | 'quota'
  | 'internal';

/** An end from outside: nothing that a step did. */
export interface Interruption {
  readonly reason: EndReason;
  readonly status: 'error' | 'killed';
  readonly text: string;
}

export interface StageResult {
  readonly status: StageStatus;
  readonly reason: EndReason;
  /** Empty, or what happened and what to do. */
  readonly error: string;
  readonly steps: readonly StepResult[];
}

export interface ConcludeInput {
  readonly plan: Plan;
  readonly containers: ReadonlyMap<number, string>;
  readonly journal: Journal;
  readonly pod: PodLike | undefined;
  readonly verdicts: readonly Verdict[];
  readonly interruption: Interruption | undefined;
  /** Unix milliseconds: the end of steps that were cut off. */
  readonly now: number;
}

export function conclude(input: ConcludeInput): StageResult {
  const { interruption, journal, plan } = input;
  const steps = plan.steps.map((step) => stepResult(step, input));
  const counting = steps.filter(({ step }) => !step.detached);
  const errors = counting.filter((result) => result.status === 'error');
  const failed = counting.find(
    (result) => result.status === 'failure' && result.step.failure !== 'ignore',
  );
  if (interruption !== undefined) {
    return {
      status: interruption.status,
      reason: interruption.reason,
      error: interruption.text,
      steps,
    };
  }
  // An engine error is an error of the stage even where a failure of the step would be ignored,
  // unless all that went wrong is the step's own image: then `ignore` means what it says.
  const worst = errors.find(
    ({ step }) => step.failure !== 'ignore' || !isOwnFault(step.number, journal),
  );
  if (worst !== undefined) {
    return {
      status: 'error',
      reason: reasonOf(worst, journal),
      error: `step ${quoted(worst.step)}: ${worst.error}`,
      steps,
    };
  }
  if (failed !== undefined || journal.done !== 'success') {
    return {
      status: 'failure',
      reason: failed === undefined ? 'failed' : reasonOf(failed, journal),
      error: failed?.error ? `step ${quoted(failed.step)}: ${failed.error}` : '',
      steps,
    };
  }
  return { status: 'success', reason: 'succeeded', error: '', steps };
}

const quoted = (step: PlanStep): string => `"${stepTitle(step)}"`;

function isOwnFault(number: number, journal: Journal): boolean {
  const record = journal.steps.get(number);
  return record?.state === 'exited' && (record.why === 'image' || record.why === 'config');
}

function reasonOf(result: StepResult, journal: Journal): EndReason {
  const record = journal.steps.get(result.step.number);
  const why = record?.state === 'exited' ? record.why : '';
  if (why === 'image') return 'image pull';
  if (result.error.includes('OOMKilled')) return 'OOMKilled';
  return result.status === 'error' ? 'internal' : 'failed';
}

function stepResult(step: PlanStep, input: ConcludeInput): StepResult {
  const record = input.journal.steps.get(step.number);
  if (record === undefined || record.state === 'skipped') {
    const untold = record === undefined && saysSuccess(input);
    return {
      step,
      status: untold ? 'error' : 'skipped',
      exitCode: untold ? 255 : 0,
      error: untold ? 'the stage says that it is over, but has no word of this step' : '',
      started: undefined,
      stopped: undefined,
    };
  }
  if (record.state === 'running') return cutOff(step, record, input);

  const { started, stopped, code } = record;
  const times = { step, started, stopped };
  const contradiction = contradictionOf(step, record, input);
  if (contradiction !== undefined) {
    return { ...times, status: 'error', exitCode: 255, error: contradiction };
  }
  const given = input.verdicts.find((verdict) => verdict.step === step.number);
  switch (record.why) {
    case 'image':
      return {
        ...times,
        status: 'error',
        exitCode: 255,
        error: `its image cannot be pulled: ${given?.text ?? ''}`,
      };
    case 'config':
      return {
        ...times,
        status: 'error',
        exitCode: 255,
        error: `its container cannot be created: ${given?.text ?? ''}`,
      };
    case 'gone':
      return { ...times, ...deathOf(step, input) };
    case 'killed':
      return { ...times, status: 'failure', exitCode: code, error: killed(given?.text ?? '') };
    case 'oom':
      return {
        ...times,
        status: 'failure',
        exitCode: code,
        error: outOfMemory(step, given?.text ?? ''),
      };
    case 'forged':
      return {
        ...times,
        status: 'error',
        exitCode: 255,
        error: 'it answered with something that is no exit code',
      };
    default: {
      const ok = code === 0 || code === 78;
      return {
        ...times,
        status: ok ? 'success' : 'failure',
        exitCode: code,
        error: ok ? '' : memoryError(step, input),
      };
    }
  }
}

/** A stage that succeeded has told how each of its steps ended; lost lines are no success. */
const saysSuccess = ({ interruption, journal }: ConcludeInput): boolean =>
  interruption === undefined && journal.done === 'success';

/** A step that ran when the stage ended. */
function cutOff(
  step: PlanStep,
  record: Extract<StepRecord, { state: 'running' }>,
  input: ConcludeInput,
): StepResult {
  const { containers, interruption, now, pod } = input;
  const base = { step, started: record.started, stopped: now };
  if (step.detached && interruption === undefined) {
    const name = containers.get(step.number);
    const ended = name === undefined ? undefined : containerStatus(pod, name)?.state?.terminated;
    const failed = ended !== undefined && ended.exitCode !== 0;
    return failed
      ? {
          ...base,
          status: 'failure',
          exitCode: ended.exitCode,
          error: ended.reason === 'OOMKilled' ? OOM : '',
        }
      : { ...base, status: 'success', exitCode: 0, error: '' };
  }
  if (saysSuccess(input)) {
    const error = 'the stage says that it is over, but not how this step ended';
    return { ...base, status: 'error', exitCode: 255, error };
  }
  return { ...base, status: 'killed', exitCode: 137, error: '' };
}

/** Process 1 of the step died, so only the kubelet knows how. Never a success. */
function deathOf(
  step: PlanStep,
  input: ConcludeInput,
): Pick<StepResult, 'status' | 'exitCode' | 'error'> {
  const name = input.containers.get(step.number) ?? '';
  const ended = containerStatus(input.pod, name)?.state?.terminated;
  if (ended === undefined || ended.exitCode === 0) {
    return { status: 'error', exitCode: 255, error: 'its container ended without an exit code' };
  }
  const memory = memoryError(step, input);
  const error = memory === '' ? killed(ended.reason ?? 'Error') : memory;
  return { status: 'failure', exitCode: ended.exitCode, error };
}

const OOM = 'it used more memory than it may and was killed (OOMKilled)';

function memoryError(step: PlanStep, { containers, pod }: ConcludeInput): string {
  const name = containers.get(step.number) ?? '';
  const ended = containerStatus(pod, name)?.state?.terminated;
  return ended?.reason === 'OOMKilled' ? outOfMemory(step, '') : '';
}

/** `text`: what the kubelet says beyond the reason. */
function outOfMemory(step: PlanStep, text: string): string {
  const limit = step.memoryLimit;
  const advice =
    limit > 0
      ? `; its limit is ${Math.round(limit / 1_048_576)} MiB, raise resources.limits.memory of the step`
      : '';
  return `${OOM}${advice}${text === '' || text === 'OOMKilled' ? '' : `: ${text}`}`;
}

const killed = (text: string): string =>
  `its container was killed${text === '' ? '' : ` (${text})`}`;

/** Only a latched step answers for itself; the other ends come from the kubelet already. */
function contradictionOf(
  step: PlanStep,
  record: Extract<StepRecord, { state: 'exited' }>,
  { containers, pod, interruption }: ConcludeInput,
): string | undefined {
  const name = containers.get(step.number);
  if (step.kind !== 'latched' || step.detached || record.why !== '' || name === undefined) {
    return undefined;
  }
  const state = containerStatus(pod, name)?.state;
  if (state?.terminated === undefined) {
    // Cut off from outside, the kubelet may not have come to say so; the stage is no success then.
    const other = state === undefined ? 'nobody knows its container' : 'its container still runs';
    return interruption === undefined
      ? `it says that it ended with exit code ${record.code}, but ${other}`
      : undefined;
  }
  return state.terminated.exitCode === record.code
    ? undefined
    : `it says exit code ${record.code}, the kubelet says ${state.terminated.exitCode}`;
}

/** Ends that the Pod tells by itself, and that the kubelet has to confirm. */
const SELF_TOLD: ReadonlySet<string> = new Set(['', 'gone', 'forged']);

/** Is every answer in the journal confirmed or contradicted by the kubelet? */
export const isComparable = (input: Comparable): boolean =>
  input.plan.steps.every((step) => isStepComparable(step, input));

type Comparable = Pick<ConcludeInput, 'plan' | 'containers' | 'journal' | 'pod'>;

function isStepComparable(step: PlanStep, { containers, journal, pod }: Comparable): boolean {
  const record = journal.steps.get(step.number);
  const name = containers.get(step.number);
  if (step.kind !== 'latched' || step.detached || name === undefined) return true;
  if (record?.state !== 'exited' || !SELF_TOLD.has(record.why)) return true;
  return containerStatus(pod, name)?.state?.terminated !== undefined;
}

/** The result of a step that is over, and confirmed, while others go on; undefined before. */
export function settledStep(step: PlanStep, input: ConcludeInput): StepResult | undefined {
  const record = input.journal.steps.get(step.number);
  const isOver = record?.state === 'skipped' || record?.state === 'exited';
  return isOver && isStepComparable(step, input) ? stepResult(step, input) : undefined;
}
