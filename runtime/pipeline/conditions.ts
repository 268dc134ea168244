/** Whether a step runs at all in this build, and after which course of the stage. */
import { matchesGlob } from './glob.ts';
import type { Condition, Conditions } from './model.ts';

/** What conditions are compared with; `branch` is the target branch of the build. */
export interface BuildInputs {
  readonly action: string;
  readonly branch: string;
  readonly cron: string;
  readonly event: string;
  /** Host name of the Drone server. */
  readonly instance: string;
  readonly ref: string;
  /** `namespace/name`. */
  readonly repo: string;
  /** What a promotion deploys to. */
  readonly target: string;
}

const BUILD_KEYS = [
  'action',
  'branch',
  'cron',
  'event',
  'instance',
  'ref',
  'repo',
  'target',
] as const satisfies readonly (keyof BuildInputs)[];

/**
 * Excluded by any glob of `exclude`; otherwise matched by any glob of `include`, or by everything
 * where `include` is empty. An absent condition matches everything.
 */
export function matches(condition: Condition | undefined, value: string): boolean {
  if (condition === undefined) return true;
  if (condition.exclude.some((pattern) => matchesGlob(pattern, value))) return false;
  if (condition.include.length === 0) return true;
  return condition.include.some((pattern) => matchesGlob(pattern, value));
}

/**
 * Whether all conditions match the build. `status` is no part of it (see `runPolicy`), and `paths`
 * is never looked at by a runner, as in drone-runner-kube.
 */
export const matchesBuild = (conditions: Conditions, build: BuildInputs): boolean =>
  BUILD_KEYS.every((key) => matches(conditions[key], build[key]));

export type RunPolicy = 'success' | 'failure' | 'always';

/** After which course of the stage a step runs; without a `status` that matches: after success. */
export function runPolicy(conditions: Conditions): RunPolicy {
  const { status } = conditions;
  if (status === undefined || (status.include.length === 0 && status.exclude.length === 0)) {
    return 'success';
  }
  if (!matches(status, 'failure')) return 'success';
  return matches(status, 'success') ? 'always' : 'failure';
}
