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

/** How a condition sees a value: `excluded` by a glob, or by no glob `included`. */
export type Outcome = 'matches' | 'excluded' | 'not-included';

/**
 * Excluded by any glob of `exclude`; otherwise matched by any glob of `include`, or by everything
 * where `include` is empty.
 */
function judge({ include, exclude }: Condition, value: string): Outcome {
  const isAny = (patterns: readonly string[]): boolean =>
    patterns.some((pattern) => matchesGlob(pattern, value));
  if (isAny(exclude)) return 'excluded';
  return include.length === 0 || isAny(include) ? 'matches' : 'not-included';
}

/** An absent condition matches everything. */
export const matches = (condition: Condition | undefined, value: string): boolean =>
  condition === undefined || judge(condition, value) === 'matches';

/** One condition of a pipeline, and what the build has there. */
export interface ComparedCondition {
  readonly key: keyof BuildInputs;
  readonly condition: Condition;
  readonly value: string;
  readonly outcome: Outcome;
}

/**
 * Every condition that says something, compared with the build. `status` is no part of it (see
 * `runPolicy`), and `paths` is never looked at by a runner, as in drone-runner-kube.
 */
export const compareWithBuild = (
  conditions: Conditions,
  build: BuildInputs,
): readonly ComparedCondition[] =>
  BUILD_KEYS.flatMap((key) => {
    const condition = conditions[key];
    const value = build[key];
    return condition === undefined || condition.include.length + condition.exclude.length === 0
      ? []
      : [{ key, condition, value, outcome: judge(condition, value) }];
  });

/** Whether all conditions match the build. */
export const matchesBuild = (conditions: Conditions, build: BuildInputs): boolean =>
  compareWithBuild(conditions, build).every(({ outcome }) => outcome === 'matches');

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
