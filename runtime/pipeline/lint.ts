/** What is wrong with a pipeline beyond the form of its file: Drone's rules, and some more. */
import { error, warning } from './codes.ts';
import { matches } from './conditions.ts';
import { lintDependencies } from './dependencies.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import { lintMount, lintVolume } from './lint-volumes.ts';
import type { Pipeline, Step, ValueOrSecret } from './model.ts';
import { nearest } from './nearest.ts';

export interface LintContext {
  /** Whether the repository is trusted: privileged mode and volumes of the host are allowed. */
  readonly trusted: boolean;
}

/** All that is wrong with the pipeline, in no particular order. Errors keep it from running. */
export function lintPipeline(pipeline: Pipeline, context: LintContext): readonly Diagnostic[] {
  const volumes = new Set(pipeline.volumes.map((volume) => volume.name));
  return [
    ...lintStageLimits(pipeline),
    ...lintNames(pipeline),
    ...[...pipeline.services, ...pipeline.steps].flatMap((step) => [
      ...lintStep(step, context),
      ...step.volumes.flatMap((mount) => lintMount(step, mount, volumes)),
    ]),
    ...lintEnvironment('the pipeline', pipeline, wrap(pipeline.environment)),
    ...lintDependencies(pipeline),
    ...pipeline.volumes.flatMap((volume) => lintVolume(volume, context.trusted)),
  ];
}

/** Where the value of a key stands; the whole, where that is not known. */
const at = (whole: Pipeline | Step, key: string): Position =>
  whole.places?.get(key) ?? whole.position;

function lintStageLimits(pipeline: Pipeline): readonly Diagnostic[] {
  const { limits } = pipeline.resources;
  return (['cpu', 'memory'] as const).flatMap((key) => {
    if (limits[key] === 0) return [];
    const message = `the pipeline sets \`resources.limits.${key}\`, which only a step can`;
    const fix = `write it under \`resources.limits\` of each step, or \`requests.${key}\` here`;
    const position = at(pipeline, `resources.limits.${key}`);
    return [error(`resources-limits-${key}`, position, message, fix)];
  });
}

/** Step names are shown by the server, whose column for them ends there. */
const MAX_NAME_LENGTH = 100;

function lintNames(pipeline: Pipeline): readonly Diagnostic[] {
  const lines = new Map<string, string>();
  if (!pipeline.clone.disable) lines.set('clone', 'the clone step has that name');
  const diagnostics: Diagnostic[] = [];
  for (const step of [...pipeline.services, ...pipeline.steps]) {
    const { name, position } = step;
    if (name === '') {
      const fix = 'add `name:` with a name that no other step has';
      diagnostics.push(error('step-name-missing', position, 'a step has no name', fix));
      continue;
    }
    if (Array.from(name).length > MAX_NAME_LENGTH) {
      const message = `the name of a step has more than ${MAX_NAME_LENGTH} characters`;
      diagnostics.push(error('step-name-too-long', position, message, 'write a shorter name'));
    }
    if (/\p{Cc}/u.test(name)) {
      const message = 'the name of a step has a control character, such as a tab or a line break';
      const fix = 'write the name on one line, without tabs';
      diagnostics.push(error('step-name-control', position, message, fix));
    }
    const other = lines.get(name);
    if (other === undefined) {
      lines.set(name, `the step on line ${position.line} has that name`);
    } else {
      const message = `two steps are named \`${name}\`: ${other} too`;
      const fix =
        name === 'clone' ? 'rename it, or write `clone: {disable: true}`' : 'rename one of them';
      diagnostics.push(error('step-name-duplicate', position, message, fix));
    }
  }
  return diagnostics;
}

function lintStep(step: Step, { trusted }: LintContext): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const what = `step \`${step.name}\``;
  if (step.image === '') {
    const fix = 'add `image:` with the image to run';
    const position = at(step, 'image');
    diagnostics.push(error('step-image-missing', position, `${what} has no image`, fix));
  }
  if (step.privileged && !trusted) {
    const message = `${what} asks for privileged mode, but the repository is not trusted`;
    const fix = 'remove `privileged`, or have an administrator mark the repository as trusted';
    diagnostics.push(error('step-privileged', at(step, 'privileged'), message, fix));
  }
  if (step.commands.length > 0 && step.entrypoint.length > 0) {
    const message = `${what} has \`commands\` and \`entrypoint\`; the commands are not run`;
    const fix = 'remove `entrypoint` to run the commands';
    diagnostics.push(warning('step-entrypoint-wins', at(step, 'commands'), message, fix));
  }
  return [
    ...diagnostics,
    ...lintStatus(step),
    ...lintEnvironment(what, step, step.environment),
    ...lintEnvironment(what, step, step.settings),
  ];
}

const STATUSES = ['success', 'failure'];

function lintStatus(step: Step): readonly Diagnostic[] {
  const { include = [], exclude = [] } = step.when.status ?? {};
  return [...include, ...exclude].flatMap((pattern) => {
    const condition = { include: [pattern], exclude: [] };
    if (STATUSES.some((status) => matches(condition, status))) return [];
    const near = nearest(pattern, STATUSES);
    const message = `step \`${step.name}\` has a condition on the status \`${pattern}\`, which never occurs`;
    const fix =
      near === undefined ? 'write `success`, `failure` or both' : `did you mean \`${near}\`?`;
    return [warning('step-status-unknown', at(step, 'when.status'), message, fix)];
  });
}

/** Linux: one string of the environment, `NAME=value` with its final zero byte. */
const MAX_VARIABLE_BYTES = 128 * 1024;

function lintEnvironment(
  what: string,
  whole: Pipeline | Step,
  environment: ReadonlyMap<string, ValueOrSecret<unknown>>,
): readonly Diagnostic[] {
  return [...environment].flatMap(([name, entry]) => {
    if ('fromSecret' in entry || typeof entry.value !== 'string') return [];
    if (Buffer.byteLength(`${name}=${entry.value}`) < MAX_VARIABLE_BYTES) return [];
    const message = `the value of \`${name}\` of ${what} is longer than the 128 KiB that Linux allows for a variable`;
    const fix = 'keep the text in a file of the repository';
    return [error('environment-too-long', at(whole, 'environment'), message, fix)];
  });
}

const wrap = (
  environment: ReadonlyMap<string, string>,
): ReadonlyMap<string, ValueOrSecret<string>> =>
  new Map([...environment].map(([name, value]) => [name, { value }]));
