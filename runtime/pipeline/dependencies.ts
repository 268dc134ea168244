/** Rules about `depends_on`. */
import { error } from './codes.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { Pipeline, Step } from './model.ts';
import { nearest } from './nearest.ts';

const CLONE = 'clone';

/**
 * A dependency has to exist and must not lead back to where it started. It may stand below the
 * step that names it: drone-runner-kube refuses that, without need.
 */
export function lintDependencies(pipeline: Pipeline): readonly Diagnostic[] {
  const steps = [...pipeline.services, ...pipeline.steps];
  const names = new Set(steps.map((step) => step.name));
  if (!pipeline.clone.disable) names.add(CLONE);
  const diagnostics: Diagnostic[] = [];
  for (const step of steps) {
    for (const { name, position } of step.dependsOn) {
      if (name === step.name) diagnostics.push(self(name, position));
      else if (!names.has(name)) diagnostics.push(unknown(step, name, position, names, pipeline));
    }
  }
  return [...diagnostics, ...findCycles(steps)];
}

function self(name: string, position: Position): Diagnostic {
  const message = `step \`${name}\` depends on itself`;
  return error('dependency-self', position, message, `remove \`${name}\` from its depends_on`);
}

function unknown(
  step: Step,
  name: string,
  position: Position,
  names: ReadonlySet<string>,
  pipeline: Pipeline,
): Diagnostic {
  const message = `step \`${step.name}\` depends on \`${name}\`, which does not exist`;
  const near = nearest(name, names);
  let fix = 'remove it, or write the name of a step';
  if (name === CLONE && pipeline.clone.disable) fix = 'remove it; the clone step is disabled';
  else if (near !== undefined) fix = `did you mean \`${near}\`?`;
  return error('dependency-unknown', position, message, fix);
}

interface Visit {
  readonly step: Step;
  /** Index of the dependency to look at next. */
  next: number;
}

/** Walks depth first without recursion; every dependency that closes a circle is reported once. */
function findCycles(steps: readonly Step[]): readonly Diagnostic[] {
  const byName = new Map(steps.map((step) => [step.name, step]));
  const finished = new Set<Step>();
  const diagnostics: Diagnostic[] = [];
  for (const start of steps) {
    if (finished.has(start)) continue;
    const path: Visit[] = [{ step: start, next: 0 }];
    const open = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const dependency = top.step.dependsOn[top.next];
      top.next += 1;
      if (dependency === undefined) {
        finished.add(top.step);
        open.delete(top.step);
        path.pop();
        continue;
      }
      const step = byName.get(dependency.name);
      if (step === undefined || step === top.step || finished.has(step)) continue;
      if (open.has(step)) {
        const from = path.findIndex((visit) => visit.step === step);
        diagnostics.push(cycle(path.slice(from), dependency.position));
      } else {
        open.add(step);
        path.push({ step, next: 0 });
      }
    }
  }
  return diagnostics;
}

/** More names than anybody reads. */
const MAX_NAMES = 20;

function cycle(path: readonly Visit[], position: Position): Diagnostic {
  const names = path.map((visit) => visit.step.name);
  const shown =
    names.length > MAX_NAMES ? [...names.slice(0, MAX_NAMES - 1), '…', names.at(-1)!] : names;
  const circle = [...shown, names[0]!].join(' → ');
  const message = `steps wait for each other in a circle: ${circle}`;
  const fix = `remove \`${names[0]}\` from the depends_on of \`${names.at(-1)}\`, or another link of the circle`;
  return error('dependency-cycle', position, message, fix);
}
