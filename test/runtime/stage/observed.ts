/** What there is to see of a stage, in short: its journal as lines, its Pod as container states. */
import type { Plan } from '../../../runtime/compile/plan.ts';
import { planStage } from '../../../runtime/compile/plan.ts';
import type { ContainerState, PodLike } from '../../../runtime/kube/types.ts';
import type { Step } from '../../../runtime/pipeline/model.ts';
import {
  advance,
  EMPTY_JOURNAL,
  parseJournalLine,
  type Journal,
} from '../../../runtime/pod/journal.ts';
import { conclude, type Interruption, type StageResult } from '../../../runtime/stage/conclude.ts';
import type { Verdict } from '../../../runtime/stage/verdicts.ts';
import { NO_CLONE, pipelineOf, stepOf } from '../support.ts';

const BUILD = {
  action: '',
  branch: 'main',
  cron: '',
  event: 'push',
  instance: '',
  ref: '',
  repo: '',
  target: '',
};

/** Steps one after the other, numbered from 1; container `N-NAME` each. */
export function planOf(steps: readonly Step[], services: readonly Step[] = []): Plan {
  return planStage(pipelineOf({ clone: NO_CLONE, steps, services }), {
    build: BUILD,
    workspace: 'clone',
    include: [],
    exclude: [],
  });
}

export const containersOf = (plan: Plan): Map<number, string> =>
  new Map(plan.steps.map(({ number, name }) => [number, `${number}-${name}`]));

/** Line after line, stamped 1000, 2000, … */
export const journalOf = (...lines: string[]): Journal =>
  lines.reduce((journal, line, index) => {
    const event = parseJournalLine(line);
    if (event === undefined) throw new Error(`not a line of the journal: ${line}`);
    return advance(journal, event, (index + 1) * 1000);
  }, EMPTY_JOURNAL);

/** `running`, an exit code with or without a reason, or a state of its own. */
export type Seen = 'running' | number | readonly [code: number, reason: string] | ContainerState;

export function podOf(
  containers: Readonly<Record<string, Seen>>,
  status: NonNullable<PodLike['status']> = {},
): PodLike {
  return {
    metadata: { name: 'drone-1', namespace: 'builds' },
    spec: { nodeName: 'node-1', containers: [] },
    status: {
      phase: 'Running',
      containerStatuses: Object.entries(containers).map(([name, seen]) => ({
        name,
        state: stateOf(seen),
      })),
      ...status,
    },
  };
}

function stateOf(seen: Seen): ContainerState {
  if (seen === 'running') return { running: { startedAt: '2026-01-01T00:00:00Z' } };
  if (typeof seen === 'number') {
    return { terminated: { exitCode: seen, reason: seen === 0 ? 'Completed' : 'Error' } };
  }
  return isPair(seen) ? { terminated: { exitCode: seen[0], reason: seen[1] } } : seen;
}

const isPair = (
  seen: readonly [number, string] | ContainerState,
): seen is readonly [number, string] => Array.isArray(seen);

export interface Observed {
  readonly steps?: readonly Step[];
  readonly services?: readonly Step[];
  readonly journal: readonly string[];
  /** undefined: there is no Pod any more. */
  readonly pod?: Readonly<Record<string, Seen>>;
  readonly verdicts?: readonly Verdict[];
  readonly interruption?: Interruption;
}

export function conclusionOf(stage: Observed): StageResult {
  const plan = planOf(stage.steps ?? [stepOf({ name: 'a' })], stage.services);
  return conclude({
    plan,
    containers: containersOf(plan),
    journal: journalOf(...stage.journal),
    pod: stage.pod === undefined ? undefined : podOf(stage.pod),
    verdicts: stage.verdicts ?? [],
    interruption: stage.interruption,
    now: 99_000,
  });
}

/** `name: status code`, one a step. */
export const endsOf = ({ steps }: StageResult): string[] =>
  steps.map(({ step, status, exitCode }) => `${step.name}: ${status} ${exitCode}`);
