/** `compile --plan`: the steps of a stage as a tree, and why each runs or is skipped. Pure. */
import {
  stepTitle,
  type SourcePlan,
  type SourceSkippedStep,
  type SourceStep,
} from '../compile/plan.ts';
import { expandImage } from '../compile/image.ts';
import { parseCpu, parseMemory } from '../compile/resources.ts';
import type { CompiledStage, CompileInput } from '../compile/types.ts';
import type { ComparedCondition } from '../pipeline/conditions.ts';
import type { Pipeline, ResourceAmounts, Step } from '../pipeline/model.ts';

/** Steps in an order in which they may run, those that are skipped, and what the stage takes. */
export function planView(
  { plan, images, pod }: Pick<CompiledStage, 'plan' | 'images' | 'pod'>,
  { pipeline, context }: Pick<CompileInput, 'pipeline' | 'context'>,
): string {
  const { build, repo, stage } = context;
  const names = new Map(plan.steps.map((step) => [step.number, stepTitle(step)]));
  const rows = [
    ['STEP', 'KIND', 'AFTER', 'IMAGE', 'WHY'],
    ...treeOf(plan.steps).map(({ prefix, step }) => [
      prefix + stepTitle(step),
      kindOf(step, pipeline),
      step.waitsFor.map((number) => names.get(number) ?? '').join(', ') || '-',
      images.get(step.number) ?? '-',
      whyRuns(step),
    ]),
    ...plan.skipped.map((step) => [
      step.name,
      kindOfSource(step.source, pipeline),
      '-',
      expandImage(step.source.image),
      `skipped: ${whySkipped(step)}`,
    ]),
  ];
  const target = build.deploy_to === '' ? '' : `, target ${build.deploy_to}`;
  return [
    `${stage.name}: ${build.event} of ${repo.slug}, branch ${build.target}, ${build.ref}${target}`,
    '',
    ...columns(rows),
    '',
    ...amounts(plan, requestOf(pod)),
    '',
  ].join('\n');
}

/** Why a step is part of the stage, and after which course of it. */
export function whyRuns({
  kind,
  when,
  failure,
  compared,
}: Pick<SourceStep, 'kind' | 'when' | 'failure' | 'compared'>): string {
  const conditions = compared.map(({ key, value }) => `${key} is ${shown(value)}`);
  const course =
    kind === 'service'
      ? ['runs from the start', ...conditions]
      : {
          success: [`runs: ${conditions.length === 0 ? 'no conditions' : conditions.join(', ')}`],
          failure: ['runs when the build failed', ...conditions],
          always: ['runs: always', ...conditions],
        }[when];
  return `${course.join(', ')}${FAILURE[failure]}`;
}

const FAILURE: Readonly<Record<SourceStep['failure'], string>> = {
  stop: '',
  ignore: '; its failure is ignored',
  fast: '; its failure ends the stage at once',
};

/** Why a step is no part of the stage: what the build has, and what the step wants. */
export function whySkipped({ why, compared }: Pick<SourceSkippedStep, 'why' | 'compared'>): string {
  if (why === 'filter') return 'left out by --include or --exclude';
  return compared.flatMap((each) => mismatch(each)).join('; ');
}

function mismatch({ key, value, condition, outcome }: ComparedCondition): readonly string[] {
  if (outcome === 'matches') return [];
  const { include, exclude } = condition;
  const wish = outcome === 'excluded' ? `excludes ${oneOf(exclude)}` : `wants ${oneOf(include)}`;
  return [`${key} is ${shown(value)}, the step ${wish}`];
}

const shown = (value: string): string => (value === '' ? 'empty' : value);

const oneOf = (patterns: readonly string[]): string => patterns.map(shown).join(' or ');

function kindOf(step: SourceStep, pipeline: Pipeline): string {
  if (step.kind === 'upload') return 'upload';
  return step.source === undefined ? 'clone' : kindOfSource(step.source, pipeline);
}

function kindOfSource(step: Step, pipeline: Pipeline): string {
  if (pipeline.services.includes(step)) return 'service';
  if (step.detach) return 'detached';
  return step.commands.length + step.entrypoint.length > 0 ? 'step' : 'plugin';
}

interface Branch {
  readonly prefix: string;
  readonly step: SourceStep;
}

/**
 * In an order in which they may run: each step stands below that one of its dependencies which comes
 * last. What follows alone goes on in the same column, so that a series is no staircase.
 */
function treeOf(steps: readonly SourceStep[]): readonly Branch[] {
  const waiting = new Map(steps.map((step) => [step, step.waitsFor.length]));
  const dependants = new Map<number, SourceStep[]>();
  for (const step of steps) {
    for (const number of step.waitsFor) {
      const others = dependants.get(number) ?? [];
      others.push(step);
      dependants.set(number, others);
    }
  }
  const branches: Branch[] = [];
  /** Returns those that wait for nothing else any more. */
  const show = (prefix: string, step: SourceStep): readonly SourceStep[] => {
    branches.push({ prefix, step });
    return (dependants.get(step.number) ?? []).filter((next) => {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      return left === 0;
    });
  };
  const add = (step: SourceStep, own: string, below: string): void => {
    let next = show(own, step);
    for (let [only] = next; next.length === 1 && only !== undefined; [only] = next) {
      next = show(below, only);
    }
    for (const [index, child] of next.entries()) {
      if (index < next.length - 1) add(child, `${below}├─ `, `${below}│  `);
      else add(child, `${below}└─ `, `${below}   `);
    }
  };
  for (const step of steps) if (step.waitsFor.length === 0) add(step, '', '');
  return branches;
}

/** Rows with aligned columns; the last one is as long as it is. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
}

function amounts(plan: SourcePlan, request: ResourceAmounts): readonly string[] {
  const containers = plan.steps.filter(({ kind }) => kind !== 'upload');
  const limited = containers.filter(({ memoryLimit }) => memoryLimit > 0);
  const free = containers.filter(({ memoryLimit }) => memoryLimit === 0);
  const sum = limited.reduce((total, { memoryLimit }) => total + memoryLimit, 0);
  const each = limited.map((step) => `${stepTitle(step)} ${memory(step.memoryLimit)}`);
  const total = free.length === 0 && limited.length > 1 ? ` (${memory(sum)} together)` : '';
  return [
    `request of the stage: ${request.cpu}m CPU, ${memory(request.memory)} memory`,
    ...(limited.length === 0
      ? ['memory limits: none']
      : [`memory limits: ${each.join(', ')}${total}`]),
    ...(limited.length > 0 && free.length > 0
      ? [`without a memory limit: ${free.map(stepTitle).join(', ')}`]
      : []),
  ];
}

/** What the scheduler sees: the sum over all containers. */
function requestOf(pod: CompiledStage['pod']): ResourceAmounts {
  const requests = pod.spec.containers.map(({ resources }) => resources.requests);
  return {
    cpu: requests.reduce((sum, each) => sum + (parseCpu(each['cpu'] ?? '0') ?? 0), 0),
    memory: requests.reduce((sum, each) => sum + (parseMemory(each['memory'] ?? '0') ?? 0), 0),
  };
}

/** Bytes as Kubernetes writes them, in the largest unit that fits without a rest. */
function memory(bytes: number): string {
  const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let amount = bytes;
  let unit = 0;
  while (amount > 0 && amount % 1024 === 0 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount}${units[unit]}`;
}
