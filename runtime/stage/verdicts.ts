/**
 * Ends that the coordinator cannot see: a container that was killed as a whole, an image that
 * never comes, an ephemeral step. Pure.
 */
import type { Plan } from '../compile/plan.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import { containerStatus, obstacle } from './pod-view.ts';

/** The words stand in the journal. */
export type Why = 'ephemeral' | 'oom' | 'killed' | 'image' | 'config';

export interface Verdict {
  readonly step: number;
  readonly code: number;
  readonly why: Why;
  /** For the user, where there is more to say than the exit code. */
  readonly text: string;
}

export interface VerdictInput {
  readonly plan: Plan;
  readonly containers: ReadonlyMap<number, string>;
  readonly journal: Journal;
  readonly pod: PodLike;
  /**
   * Did this container end long enough ago that its own answer, had it given one, would stand in
   * the journal by now?
   */
  readonly isSilent: (container: string) => boolean;
  /** Has the step of this number, whose turn has come, waited long enough for its container? */
  readonly isOverdue: (step: number) => boolean;
}

/** Every verdict that holds now and is not in the journal. */
export function verdicts(input: VerdictInput): Verdict[] {
  return input.plan.steps.flatMap((step): Verdict[] => {
    const name = input.containers.get(step.number);
    const record = input.journal.steps.get(step.number);
    if (name === undefined || step.kind === 'service') return [];
    if (record !== undefined && record.state !== 'running') return [];
    const status = containerStatus(input.pod, name);
    const stuck = obstacle(status);
    if (stuck?.final === true) {
      return [{ step: step.number, code: 255, why: stuck.kind, text: stuck.text }];
    }
    const waiting = status?.state?.waiting;
    if (record !== undefined && waiting !== undefined && input.isOverdue(step.number)) {
      const text = stuck?.text ?? waiting.message ?? waiting.reason ?? '';
      return [{ step: step.number, code: 255, why: stuck?.kind ?? 'config', text }];
    }
    const terminated = status?.state?.terminated;
    if (terminated === undefined) return [];
    const code = terminated.exitCode;
    if (step.kind === 'ephemeral') {
      const why = terminated.reason === 'OOMKilled' ? 'oom' : 'ephemeral';
      return [{ step: step.number, code, why, text: terminated.message ?? '' }];
    }
    if (!input.isSilent(name)) return [];
    // A latched step that left without an answer has not succeeded, whatever its code.
    const failed = code === 0 ? 255 : code;
    const why = terminated.reason === 'OOMKilled' ? 'oom' : 'killed';
    const text = terminated.message ?? terminated.reason ?? '';
    return [{ step: step.number, code: failed, why, text }];
  });
}

/** All verdicts ever given, as the coordinator reads them. */
export const verdictAnnotation = (all: readonly Verdict[]): string =>
  all.map(({ step, code, why }) => `${step}:${code}:${why}`).join(' ');
