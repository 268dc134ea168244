/**
 * The variables of an ephemeral step at the moment of its turn: the same that the coordinator
 * passes to a latched one. Pure.
 */
import type { Plan, PlanStep } from '../compile/plan.ts';
import type { Journal } from '../pod/journal.ts';

/** `now` is unix milliseconds. */
export function lateVariables(
  step: PlanStep,
  plan: Plan,
  journal: Journal,
  now: number,
): Record<string, string> {
  const record = journal.steps.get(step.number);
  const status = record === undefined || record.state === 'skipped' ? 'success' : record.status;
  const seconds = String(Math.floor(now / 1000));
  const failed = failedSteps(plan, journal);
  return {
    DRONE_STEP_NUMBER: String(step.number),
    DRONE_BUILD_STATUS: status,
    DRONE_STAGE_STATUS: status,
    CI_BUILD_STATUS: status,
    DRONE_BUILD_FINISHED: seconds,
    DRONE_STAGE_FINISHED: seconds,
    CI_BUILD_FINISHED: seconds,
    ...(failed.length > 0 ? { DRONE_FAILED_STEPS: failed.join(',') } : {}),
  };
}

/** Names of the steps whose failure counts, in the order in which they failed. */
function failedSteps(plan: Plan, journal: Journal): string[] {
  return plan.steps
    .flatMap((step) => {
      const record = journal.steps.get(step.number);
      const counts =
        record?.state === 'exited' &&
        record.code !== 0 &&
        record.code !== 78 &&
        step.failure !== 'ignore' &&
        !step.detached;
      return counts ? [{ name: step.name, stopped: record.stopped }] : [];
    })
    .sort((a, b) => a.stopped - b.stopped)
    .map(({ name }) => name);
}
