/** Which steps have something to be done for: their turn has come, or their log. Pure. */
import type { Plan, PlanStep } from '../compile/plan.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import { hasStarted, isRunning } from './pod-view.ts';

/** Ephemeral steps that the journal has started. */
export const ephemeralTurns = (plan: Plan, journal: Journal): PlanStep[] =>
  plan.steps.filter((step) => step.kind === 'ephemeral' && hadItsTurn(step, journal));

export interface ReadableLog {
  readonly step: PlanStep;
  readonly container: string;
}

/**
 * Every log that can be read. The container of a latched step is up long before its turn, with
 * nothing to say; a service has no turn.
 */
export function readableLogs(
  plan: Plan,
  containers: ReadonlyMap<number, string>,
  journal: Journal,
  pod: PodLike | undefined,
): ReadableLog[] {
  return plan.steps.flatMap((step) => {
    const container = containers.get(step.number);
    if (container === undefined || !hasStarted(pod, container)) return [];
    return step.kind === 'service' || hadItsTurn(step, journal) ? [{ step, container }] : [];
  });
}

/** Numbers of the steps whose log is complete: they have ended, and so have their containers. */
export const finishedLogs = (
  containers: ReadonlyMap<number, string>,
  journal: Journal,
  pod: PodLike | undefined,
): number[] =>
  [...containers].flatMap(([number, container]) =>
    journal.steps.get(number)?.state === 'exited' && !isRunning(pod, container) ? [number] : [],
  );

function hadItsTurn(step: PlanStep, journal: Journal): boolean {
  const record = journal.steps.get(step.number);
  return record !== undefined && record.state !== 'skipped';
}
