/**
 * Which ends of steps are their own. A Pod that is deleted or evicted ends its steps one by one, and
 * its coordinator may hear of a step that was killed so before it is told to stop itself: then the
 * journal says that a step failed, which it did not. Pure.
 */
import type { Plan } from '../compile/plan.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal, StepRecord } from '../pod/journal.ts';
import { isDisruption, podEnd } from './pod-view.ts';

/**
 * The journal without the failures that came after the Pod was told to end: those steps were still
 * running then, and the stage was not over. A success stays one. The same journal where there are
 * none. `told`: of the Pod, see `toldToEnd`.
 */
export function ownEnds(journal: Journal, plan: Plan, told: number | undefined): Journal {
  if (told === undefined) return journal;
  const cut = plan.steps.flatMap(({ number, detached }): [number, StepRecord][] => {
    const record = journal.steps.get(number);
    if (detached || record?.state !== 'exited') return [];
    const { code, started, status, stopped } = record;
    const isOwn = code === 0 || code === 78 || stopped < told;
    return isOwn ? [] : [[number, { state: 'running', status, started }]];
  });
  if (cut.length === 0) return journal;
  return { ...journal, steps: new Map([...journal.steps, ...cut]), done: undefined };
}

/**
 * When a Pod was told to end, in unix milliseconds; undefined while it may go on, or where nobody
 * says it. The API server tells whole seconds: it was then or within the second after. To be asked
 * as early as can be: the last word on a Pod has the time at which it was gone.
 */
export function toldToEnd(pod: PodLike): number | undefined {
  if (podEnd(pod, false) === undefined) return undefined;
  const { metadata, spec, status } = pod;
  const grace = metadata.deletionGracePeriodSeconds ?? 0;
  const times = [
    after(metadata.deletionTimestamp, -grace),
    after(status?.conditions?.find(isDisruption)?.lastTransitionTime, 0),
    status?.reason === 'DeadlineExceeded'
      ? after(status.startTime, spec?.activeDeadlineSeconds)
      : undefined,
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Unix milliseconds; undefined where one of both is not known. */
function after(time: string | undefined, seconds: number | undefined): number | undefined {
  return time === undefined || seconds === undefined
    ? undefined
    : Date.parse(time) + seconds * 1000;
}
