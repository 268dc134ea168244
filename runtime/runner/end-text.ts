/** What a user reads of the end of a stage, and whether it is the end. Pure. */
import type { CompiledStage } from '../compile/types.ts';
import { ANNOTATION_RETRY } from '../contract.ts';
import type { EndReason, StageResult } from '../stage/conclude.ts';
import type { StageSpec } from '../stage/spec.ts';

/** Of ends that somebody can do something about. */
const ADVICE: Readonly<Partial<Record<EndReason, string>>> = {
  timeout: 'raise the timeout in the settings of the repository, or make the steps shorter',
  OOMKilled: 'raise `resources.limits.memory` of the step, or use less',
  'image pull': 'check the name of the image and `image_pull_secrets`',
  evicted:
    'start the build again; with `resources.requests` as large as what the steps use, a node does not run out',
  preempted: 'start the build again; something of higher priority took the place',
  'node lost': 'start the build again',
  'deleted by somebody': 'start the build again',
  deadline: 'raise the timeout in the settings of the repository',
  unschedulable:
    'lower `resources.requests` and check `node_selector` and `tolerations`, or let the cluster grow',
  quota: 'wait for other builds to end, or let the operator raise the quota of the namespace',
};

/** '' for a success, and for a failure that the steps tell themselves. */
export function endText({ error, reason }: Pick<StageResult, 'error' | 'reason'>): string {
  const advice = ADVICE[reason];
  if (error === '') return '';
  return advice === undefined ? error : `${error}; ${advice}`;
}

/** The cluster, not the pipeline, ended the stage: it may well succeed another time. */
const PASSING: ReadonlySet<EndReason> = new Set([
  'evicted',
  'preempted',
  'node lost',
  'deleted by somebody',
]);

export interface Budget {
  /** Has a step started, or does nobody know? A Pod that is gone tells nothing any more. */
  readonly mayHaveStarted: boolean;
  /** The number of the attempt that ended, from 1. */
  readonly attempt: number;
  /** How often a stage may be begun again of which no step has started. */
  readonly limit: number;
  /** How often it may be begun again whatever has started. */
  readonly retries: number;
}

/**
 * Whether to begin a stage again. Before the first step started that costs nobody anything; after
 * it, only its author knows whether doing things twice does harm.
 */
export function isWorthAnotherTry(
  result: {
    readonly reason: EndReason;
    readonly steps: readonly { readonly started: number | undefined }[];
  },
  { mayHaveStarted, attempt, limit, retries }: Budget,
): boolean {
  if (!PASSING.has(result.reason)) return false;
  const isUnderWay = mayHaveStarted || result.steps.some((step) => step.started !== undefined);
  return attempt <= (isUnderWay ? retries : Math.max(limit, retries));
}

/** How often a stage may be run again though steps have started: 0 to 9; anything else counts as 0. */
export function retriesOf({ pod }: Pick<CompiledStage, 'pod'>): number {
  const text = pod.metadata.annotations?.[ANNOTATION_RETRY] ?? '';
  return /^\d$/.test(text) ? Number(text) : 0;
}

/** The result of a stage that was never made: none of its steps ran. */
export const unmade = (
  { spec }: { readonly spec: Pick<StageSpec, 'plan'> },
  error: string,
): StageResult => ({
  status: 'error',
  reason: 'internal',
  error,
  steps: spec.plan.steps.map((step) => ({
    step,
    status: 'skipped',
    exitCode: 0,
    error: '',
    started: undefined,
    stopped: undefined,
  })),
});
