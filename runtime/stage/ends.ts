/** What ends a stage from outside: its Pod, its coordinator, its clocks. Pure. */
import { TMATE_CONTAINER } from '../compile/debug.ts';
import { COORDINATOR } from '../contract.ts';
import type { Interruption } from './conclude.ts';
import type { Observation } from './observation.ts';
import { containerStatus, obstacle, podEnd } from './pod-view.ts';
import type { Wait } from './waiting.ts';

export interface StageLimits {
  /** Milliseconds that a Pod may wait for leave to be scheduled: the quota, scheduling gates. */
  readonly queued: number;
  /** Milliseconds that a Pod may wait for a node. */
  readonly unschedulable: number;
  /** Milliseconds that a Pod may take for images, volumes and containers, once it has a node. */
  readonly starting: number;
  /** Milliseconds for the steps, from the start of the first one. */
  readonly timeout: number;
}

export interface OutsideInput {
  readonly seen: Pick<Observation, 'pod' | 'gone' | 'journal' | 'journalEnded'>;
  readonly limits: StageLimits;
  readonly wait: Wait;
  /** Milliseconds of the clock that never goes back: the one of `wait`. */
  readonly now: number;
  /**
   * Milliseconds since the first step started; undefined before. By a clock that nobody sets: the
   * stamps of the journal are of another machine.
   */
  readonly elapsed: number | undefined;
}

/** undefined while the stage may go on. */
export function outsideEnd(input: OutsideInput): Interruption | undefined {
  const { limits, seen, wait } = input;
  const broken = brokenOff(seen);
  if (broken !== undefined) return broken;
  // Waiting does not count against the timeout, nor the steps against the clocks of waiting.
  return seen.journal.steps.size > 0
    ? timedOut(input.elapsed, limits.timeout)
    : waitedTooLong(wait, limits, input.now);
}

/** The Pod or its coordinator ended, and the journal was not complete. */
function brokenOff({
  pod,
  gone,
  journal,
  journalEnded,
}: OutsideInput['seen']): Interruption | undefined {
  if (journal.done !== undefined) return undefined;
  const end = podEnd(pod, gone);
  if (end !== undefined) return error(end.reason, end.text);
  for (const name of [TMATE_CONTAINER, COORDINATOR]) {
    const stuck = obstacle(containerStatus(pod, name));
    if (stuck?.final !== true) continue;
    const what = stuck.kind === 'image' ? 'its image cannot be pulled' : 'it cannot be created';
    if (stuck.isRuntimeAway) {
      const text = `the container runtime of the node went away as the Pod was started: ${stuck.text}`;
      return error('node lost', text);
    }
    const reason = stuck.kind === 'image' ? 'image pull' : 'internal';
    const who = name === COORDINATOR ? 'coordinator of the Pod' : 'container of debug mode';
    return error(reason, `the ${who} does not start, ${what}: ${stuck.text}`);
  }
  const copied = containerStatus(pod, TMATE_CONTAINER)?.state?.terminated;
  if (copied !== undefined && copied.exitCode !== 0) {
    const how = `${copied.reason ?? 'unknown'}, exit code ${copied.exitCode}`;
    const text = `debug mode: tmate could not be copied into the Pod (${how}); set DRONE_TMATE_IMAGE of the runner to an image that brings it, or DRONE_TMATE_ENABLED to false`;
    return error('internal', text);
  }
  if (!journalEnded) return undefined;
  const state = containerStatus(pod, COORDINATOR)?.state?.terminated;
  return error(
    'internal',
    `the coordinator of the Pod ended too early (${state?.reason ?? 'unknown'}, exit code ${state?.exitCode ?? '?'})`,
  );
}

function timedOut(elapsed: number | undefined, timeout: number): Interruption | undefined {
  if (elapsed === undefined || elapsed <= timeout) return undefined;
  return {
    reason: 'timeout',
    status: 'killed',
    text: `the stage ran for longer than its timeout of ${spell(timeout)}`,
  };
}

function waitedTooLong(wait: Wait, limits: StageLimits, now: number): Interruption | undefined {
  const waited = now - wait.since;
  if (waited <= limits[wait.phase]) return undefined;
  const text = `gave up after ${Math.round(waited / 1000)} s: ${wait.text}`;
  if (wait.phase !== 'starting') return error('unschedulable', text);
  return error(wait.obstacle === 'image' ? 'image pull' : 'internal', text);
}

const error = (reason: Interruption['reason'], text: string): Interruption => ({
  reason,
  status: 'error',
  text,
});

/** Whole seconds or minutes, as a user would have written them. */
const spell = (milliseconds: number): string =>
  milliseconds % 60_000 === 0 ? `${milliseconds / 60_000}m` : `${Math.round(milliseconds / 1000)}s`;
