/**
 * The order of a stage: which steps there are, what each waits for and when it may run.
 * The coordinator in the Pod follows it; nobody else decides.
 */
import {
  compareWithBuild,
  runPolicy,
  type BuildInputs,
  type ComparedCondition,
} from '../pipeline/conditions.ts';
import type { FailurePolicy, Pipeline, Step } from '../pipeline/model.ts';

/**
 * How the container of a step gets going:
 * - latched: it is there from the beginning and waits for its turn;
 * - service: it starts at once, with the entrypoint of its image;
 * - ephemeral: it is added at its turn, because nobody knows the command of its image;
 * - upload: no container; the working tree of `exec` is streamed into the workspace.
 */
export type StepKind = 'latched' | 'service' | 'ephemeral' | 'upload';

export interface PlanStep {
  /** DRONE_STEP_NUMBER, counted from 1 over the steps that are reported; 0 for an upload that stands for no clone step. */
  readonly number: number;
  readonly name: string;
  readonly kind: StepKind;
  /** Steps after it do not wait for its end, and its exit code does not count. */
  readonly detached: boolean;
  readonly when: 'success' | 'failure' | 'always';
  readonly failure: FailurePolicy;
  readonly waitsFor: readonly number[];
  /** Bytes that its container may use; 0 where there is no limit. */
  readonly memoryLimit: number;
}

/** A step while it is compiled, with what the file says of it. */
export interface SourceStep extends PlanStep {
  /** undefined for the clone step and the upload. */
  readonly source: Step | undefined;
  /** Why it is part of the plan: all of them match. */
  readonly compared: readonly ComparedCondition[];
}

/** A step that gets no container, because its conditions do not match this build. */
export interface SkippedStep {
  readonly name: string;
  readonly why: 'when' | 'filter';
}

export interface SourceSkippedStep extends SkippedStep {
  readonly source: Step;
  /** Where the reason is `when`, at least one of them does not match. */
  readonly compared: readonly ComparedCondition[];
}

/** What users see of a step: its name, or its number for a service without one. */
export const stepTitle = (step: PlanStep): string =>
  step.name || (step.kind === 'upload' ? 'workspace' : String(step.number));

export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly skipped: readonly SkippedStep[];
}

export interface SourcePlan extends Plan {
  readonly steps: readonly SourceStep[];
  readonly skipped: readonly SourceSkippedStep[];
}

export interface PlanOptions {
  readonly build: BuildInputs;
  /** `clone`: the clone step, unless the pipeline disables it; `upload`: the working tree. */
  readonly workspace: 'clone' | 'upload';
  /** Names of steps and services to keep (all where empty) and to leave out; never the clone step. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const CLONE = 'clone';

/**
 * Plans a pipeline that has passed the linter. Drone's rules: clone, services, steps, in that
 * order; serial unless any step has `depends_on`; in a graph, a step without dependencies starts
 * after the clone. A step that is left out passes its dependencies on to those that wait for it.
 */
export function planStage(pipeline: Pipeline, options: PlanOptions): SourcePlan {
  const cloning = !pipeline.clone.disable;
  const sources = [...pipeline.services, ...pipeline.steps];
  const graph = sources.some((step) => step.dependsOn.length > 0);

  const drafts: Draft[] = [];
  if (options.workspace === 'upload') {
    drafts.push(draftWithoutSource(cloning ? CLONE : '', 'upload', cloning));
  } else if (cloning) {
    drafts.push(draftWithoutSource(CLONE, 'latched', true));
  }
  const first = drafts[0];
  const byName = new Map<string, Draft>();
  if (cloning && first !== undefined) byName.set(CLONE, first);
  for (const step of sources) {
    const before = graph ? first : drafts.at(-1);
    const compared = compareWithBuild(step.when, options.build);
    const draft: Draft = {
      name: step.name,
      source: step,
      kind: kindOf(step, pipeline.services.includes(step)),
      numbered: true,
      before: step.dependsOn.length === 0 && before !== undefined ? [before] : [],
      compared,
      left: leftOut(step, compared, options),
    };
    drafts.push(draft);
    byName.set(step.name, draft);
  }

  const kept = drafts.filter((draft) => draft.left === undefined);
  const numbers = new Map<Draft, number>();
  let last = 0;
  for (const draft of kept) {
    if (draft.numbered) last += 1;
    numbers.set(draft, draft.numbered ? last : 0);
  }
  const skipped = drafts.flatMap(({ name, source, compared, left }) =>
    left === undefined || source === undefined ? [] : [{ name, why: left, source, compared }],
  );
  return { steps: kept.map((draft) => toStep(draft, byName, numbers)), skipped };
}

interface Draft {
  readonly name: string;
  readonly source: Step | undefined;
  readonly kind: StepKind;
  readonly numbered: boolean;
  /** What it waits for where it names no dependencies. */
  readonly before: readonly Draft[];
  readonly compared: readonly ComparedCondition[];
  readonly left: SkippedStep['why'] | undefined;
}

function draftWithoutSource(name: string, kind: StepKind, numbered: boolean): Draft {
  return { name, source: undefined, kind, numbered, before: [], compared: [], left: undefined };
}

function kindOf(step: Step, service: boolean): StepKind {
  // A service with commands is a step that nobody waits for: what it runs is known, and starts at its turn.
  if (step.commands.length > 0 || step.entrypoint.length > 0) return 'latched';
  return service ? 'service' : 'ephemeral';
}

function leftOut(
  step: Step,
  compared: readonly ComparedCondition[],
  { include, exclude }: PlanOptions,
): SkippedStep['why'] | undefined {
  if (exclude.includes(step.name)) return 'filter';
  if (include.length > 0 && !include.includes(step.name)) return 'filter';
  return compared.every(({ outcome }) => outcome === 'matches') ? undefined : 'when';
}

function toStep(
  draft: Draft,
  byName: ReadonlyMap<string, Draft>,
  numbers: ReadonlyMap<Draft, number>,
): SourceStep {
  const { source } = draft;
  return {
    number: numbers.get(draft) ?? 0,
    name: draft.name,
    kind: draft.kind,
    detached: source?.detach ?? false,
    when: source === undefined ? 'always' : runPolicy(source.when),
    failure: source?.failure ?? 'stop',
    waitsFor: [...keptDependencies(draft, byName)]
      .flatMap((dependency) => numbers.get(dependency) ?? [])
      .sort((a, b) => a - b),
    memoryLimit: source?.resources.limits.memory ?? 0,
    source,
    compared: draft.compared,
  };
}

/** The nearest dependencies that are part of the plan. */
function keptDependencies(
  draft: Draft,
  byName: ReadonlyMap<string, Draft>,
  found = new Set<Draft>(),
  seen = new Set<Draft>(),
): Set<Draft> {
  const named = (draft.source?.dependsOn ?? []).flatMap(({ name }) => byName.get(name) ?? []);
  for (const dependency of [...named, ...draft.before]) {
    if (seen.has(dependency)) continue;
    seen.add(dependency);
    if (dependency.left === undefined) found.add(dependency);
    else keptDependencies(dependency, byName, found, seen);
  }
  return found;
}

/** The file of the script of a step in the folder that the coordinator reads. */
export const scriptFile = (step: PlanStep): string => `script-${step.number}`;

/** The plan as the coordinator reads it; coordinator.sh tells the fields. */
export function planFile(plan: SourcePlan, hasScript: (step: SourceStep) => boolean): string {
  const next = new Map<number, number[]>();
  for (const step of plan.steps) {
    for (const number of step.waitsFor)
      next.set(number, [...(next.get(number) ?? []), step.number]);
  }
  return plan.steps
    .map((step) => {
      const fields = [
        step.number,
        step.when,
        step.failure,
        step.kind,
        step.detached ? 'detach' : 'wait',
        step.waitsFor.length,
        next.get(step.number)?.join(' ') ?? '-',
        hasScript(step) ? scriptFile(step) : '-',
        step.name,
      ];
      return `${fields.join('\t')}\n`;
    })
    .join('');
}
