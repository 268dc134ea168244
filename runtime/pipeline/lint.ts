/** What is wrong with a pipeline beyond the form of its file: Drone's rules, and some more. */
import { error, warning } from './codes.ts';
import { matches } from './conditions.ts';
import { quoted } from './decode-report.ts';
import { lintDependencies } from './dependencies.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import { lintStageKubernetes, lintStepKubernetes } from './lint-kubernetes.ts';
import { lintMetadata } from './lint-metadata.ts';
import { lintMounts, lintVolume } from './lint-volumes.ts';
import type { Pipeline, Step, ValueOrSecret } from './model.ts';
import { nearest } from './nearest.ts';

export interface LintContext {
  /** Whether the repository is trusted: privileged mode and volumes of the host are allowed. */
  readonly trusted: boolean;
}

/** All that is wrong with the pipeline, in no particular order. Errors keep it from running. */
export function lintPipeline(pipeline: Pipeline, context: LintContext): readonly Diagnostic[] {
  return [
    ...lintPlatform(pipeline),
    ...lintStageLimits(pipeline),
    ...lintNames(pipeline),
    ...[...pipeline.services, ...pipeline.steps].flatMap((step) => [
      ...lintStep(step, context),
      ...lintMounts(step, pipeline),
      ...lintStepKubernetes(step),
    ]),
    ...lintVariables('the pipeline', pipeline, pipeline.environment, ENVIRONMENT),
    ...lintDependencies(pipeline),
    ...lintMetadata(pipeline),
    ...lintStageKubernetes(pipeline),
    ...pipeline.volumes.flatMap((volume) => lintVolume(volume, context.trusted)),
  ];
}

/** Where the value of a key stands; the whole, where that is not known. */
const at = (whole: Pipeline | Step, key: string): Position =>
  whole.places?.get(key) ?? whole.position;

/** drone-runner-kube takes any system, and what it makes of it runs on none but Linux. */
function lintPlatform(pipeline: Pipeline): readonly Diagnostic[] {
  const { os } = pipeline.platform;
  if (os === '' || os === 'linux') return [];
  const message = `the pipeline is for ${quoted(os)}, but this runner runs Linux containers`;
  const fix =
    'write `os: linux` or leave it out; other systems need a pipeline of another type, such as `type: exec`, and its runner';
  return [error('platform-os', at(pipeline, 'platform.os'), message, fix)];
}

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

/** drone-runner-kube looks at the names of steps only, and lets one service have none. */
function lintNames(pipeline: Pipeline): readonly Diagnostic[] {
  const taken = new Map<string, string>();
  if (!pipeline.clone.disable) taken.set('clone', 'the clone step');
  return [
    ...pipeline.services.flatMap((service) => lintName(service, 'service', warning, taken)),
    ...pipeline.steps.flatMap((step) => lintName(step, 'step', error, taken)),
  ];
}

/** `taken`: who has a name. `report` is for what only a step has to keep to. */
function lintName(
  { name, position }: Step,
  kind: 'service' | 'step',
  report: typeof error,
  taken: Map<string, string>,
): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  if (name === '') {
    const fix = 'add `name:` with a name that no other step has';
    diagnostics.push(report('step-name-missing', position, `a ${kind} has no name`, fix));
    if (kind === 'step') return diagnostics;
  }
  if (Array.from(name).length > MAX_NAME_LENGTH) {
    const message = `the name of a ${kind} has more than ${MAX_NAME_LENGTH} characters`;
    diagnostics.push(report('step-name-too-long', position, message, 'write a shorter name'));
  }
  if (/\p{Cc}/u.test(name)) {
    const message = 'the name of a step has a control character, such as a tab or a line break';
    const fix = 'write the name on one line, without tabs';
    diagnostics.push(error('step-name-control', position, message, fix));
  }
  const other = taken.get(name);
  if (other === undefined) {
    taken.set(name, `the ${kind} on line ${position.line}`);
  } else {
    const message =
      name === ''
        ? `two services have no name: ${other} has none either`
        : `two steps are named \`${name}\`: ${other} has that name too`;
    const fix =
      name === 'clone'
        ? 'rename it, or write `clone: {disable: true}`'
        : 'give one of them another name';
    diagnostics.push(error('step-name-duplicate', position, message, fix));
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
    ...lintVariables(what, step, step.environment, ENVIRONMENT),
    ...lintVariables(what, step, step.settings, SETTINGS),
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

/** Keys whose values become variables of the container. */
interface Variables {
  readonly key: 'environment' | 'settings';
  readonly kind: string;
  readonly variable: (name: string) => string;
}
const ENVIRONMENT: Variables = { key: 'environment', kind: 'variable', variable: (name) => name };
const SETTINGS: Variables = {
  key: 'settings',
  kind: 'setting',
  variable: (name) => `PLUGIN_${name.toUpperCase()}`,
};

/** Linux: one string of the environment, `NAME=value` with its final zero byte. */
const MAX_VARIABLE_BYTES = 128 * 1024;

/** Kubernetes, from 1.32 on: printable letters of ASCII but `=`. Older ones take even less. */
const VARIABLE_NAME = /^[ -<>-~]+$/;

function lintVariables(
  what: string,
  whole: Pipeline | Step,
  variables: ReadonlyMap<string, ValueOrSecret<unknown> | string>,
  { key, kind, variable }: Variables,
): readonly Diagnostic[] {
  return [...variables].flatMap(([name, entry]) => {
    const value = typeof entry === 'string' || 'fromSecret' in entry ? entry : entry.value;
    const diagnostics: Diagnostic[] = [];
    if (!VARIABLE_NAME.test(variable(name))) {
      const message = `${what} has a ${kind} ${name === '' ? 'without a name' : `named ${quoted(name)}, which Kubernetes does not take`}`;
      const fix = 'write a name of letters, digits and `_`';
      diagnostics.push(error('environment-name', at(whole, key), message, fix));
    }
    if (typeof value === 'string' && Buffer.byteLength(`${name}=${value}`) >= MAX_VARIABLE_BYTES) {
      const message = `the value of ${quoted(name)} of ${what} is longer than the 128 KiB that Linux allows for a variable`;
      const fix = 'keep the text in a file of the repository';
      diagnostics.push(error('environment-too-long', at(whole, key), message, fix));
    }
    return diagnostics;
  });
}
