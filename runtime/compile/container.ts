/** The container of each step. */
import type { ResourceAmounts } from '../pipeline/model.ts';
import type { Container, EnvVar, EphemeralContainer, VolumeMount } from './objects.ts';
import type { PlanStep, SourceStep } from './plan.ts';
import type { CompileInput } from './types.ts';
import { debugMount, isDebug } from './debug.ts';
import { LATE_VARIABLES } from './environment.ts';
import { escapeKubelet } from './escape.ts';
import { expandImage, sameImage } from './image.ts';
import { mayBePinned, startOf, type KnownImage } from './known-images.ts';
import { stepAmounts } from './kubernetes.ts';
import { containerLimits, toQuantities } from './resources.ts';
import { scriptCommands } from './script.ts';
import type { SecretKeys } from './secrets.ts';
import { securityContext } from './security.ts';
import { settingsEnvironment } from './settings.ts';
import { scriptFile } from './plan.ts';
import { hostMounts } from './volumes.ts';

/** Where a step sees its own run folder; pipelines may mount nothing there. */
export const STEP_FOLDER = '/run/drone';

export const VOLUMES = {
  files: 'drone-kube-files',
  run: 'drone-kube-run',
  verdict: 'drone-kube-verdict',
  status: 'drone-kube-status',
  workspace: 'workspace',
} as const;

const ZERO = { cpu: '0', memory: '0' } as const;
const CLONE_ENTRYPOINT = '/usr/local/bin/clone';
const DRONE_CLONE_IMAGE = 'drone/git';

export interface StageParts {
  readonly input: CompileInput;
  readonly workspace: string;
  /** The name of the Pod volume behind each volume of the pipeline. */
  readonly volumes: ReadonlyMap<string, string>;
  readonly secretKeys: SecretKeys;
}

/**
 * `3-unit-tests`: what `kubectl logs -c` takes. Unique by its number; letters that a container
 * name cannot have become dashes.
 */
export function containerName(step: PlanStep): string {
  const slug = step.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? String(step.number) : `${step.number}-${slug}`;
}

export const stepImage = (step: SourceStep, input: CompileInput): string =>
  step.source === undefined ? input.options.cloneImage : expandImage(step.source.image);

/** Only of the image that Drone uses for it is the entrypoint of the clone step known. */
export const cloneIsLatched = (cloneImage: string): boolean =>
  sameImage(cloneImage, DRONE_CLONE_IMAGE);

/** What is known of the image of a step that has no command of its own. */
function knownImage(step: SourceStep, { images, options }: CompileInput): KnownImage | undefined {
  if (!mayBePinned(step.source?.pull) || hasScript(step)) return undefined;
  const { source } = step;
  if (source === undefined && cloneIsLatched(options.cloneImage)) return undefined;
  return images?.get(expandImage(source?.image ?? options.cloneImage));
}

/**
 * The words that a latched step without a script runs. undefined: nobody knows them, or they would
 * not do as a latched step what they do as process 1.
 */
export function stepStart(step: SourceStep, input: CompileInput): readonly string[] | undefined {
  const { source } = step;
  if (source === undefined && cloneIsLatched(input.options.cloneImage)) return [CLONE_ENTRYPOINT];
  const known = knownImage(step, input);
  return known && startOf(known, source?.command ?? []);
}

/** Pinned to what its words were read of: a tag may move until the node pulls. */
function containerImage(step: SourceStep, input: CompileInput): string {
  const image = stepImage(step, input);
  const known = step.kind === 'latched' ? knownImage(step, input) : undefined;
  if (known === undefined) return image;
  const full = expandImage(image);
  return full.includes('@') ? full : `${full}@${known.digest}`;
}

/** What the container of a step may use; `runner` is the limit of each container. */
export const stepLimits = (step: SourceStep, runner: ResourceAmounts): ResourceAmounts =>
  containerLimits(runner, step.source?.resources.limits ?? { cpu: 0, memory: 0 });

/** A container that is there from the beginning: a latched step or a service. */
export function stepContainer(step: SourceStep, parts: StageParts): Container {
  const latched = step.kind === 'latched';
  const limit = stepLimits(step, parts.input.runner.settings.resources.limit);
  const amounts = stepAmounts(step, limit);
  const limits = { ...toQuantities(limit), ...amounts.limits };
  const run: VolumeMount = {
    name: VOLUMES.run,
    mountPath: STEP_FOLDER,
    subPath: `steps/${step.number}`,
    readOnly: true,
  };
  const base = commonContainer(step, parts, latched ? [] : staticStatus(step, parts));
  return {
    ...base,
    ...(latched ? { command: latchCommand(step, parts.input) } : {}),
    volumeMounts: latched ? [run, ...base.volumeMounts] : base.volumeMounts,
    resources: {
      // The request of the stage sits on the coordinator: steps do not run all at once, so the
      // sum over them would reserve what nobody uses. What a step asks for by itself is its own.
      requests: { ...ZERO, ...toQuantities(amounts.own), ...amounts.requests },
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
    },
    // Process 1 is a shell in the foreground, so SIGTERM has to be brought to the step.
    ...(latched
      ? {
          lifecycle: {
            preStop: {
              exec: { command: [`${STEP_FOLDER}/busybox`, 'sh', '-c', 'kill -TERM -1'] },
            },
          },
        }
      : {}),
  };
}

/** The container that is added at the turn of a step whose command nobody knows. */
export function ephemeralContainer(step: SourceStep, parts: StageParts): EphemeralContainer {
  const base = commonContainer(step, parts, []);
  return {
    ...base,
    volumeMounts: [
      { name: VOLUMES.status, mountPath: STEP_FOLDER, readOnly: true },
      ...base.volumeMounts,
    ],
  };
}

/** The same with the variables of the moment, below those that the step sets itself. */
export function withLateVariables(
  container: EphemeralContainer,
  late: Readonly<Record<string, string>>,
): EphemeralContainer {
  const own = new Set(container.env.map(({ name }) => name));
  const values = Object.entries(late).filter(([name]) => !own.has(name));
  return {
    ...container,
    env: [
      ...values.map(([name, value]) => ({ name, value: escapeKubelet(value) })),
      ...container.env,
    ],
  };
}

function commonContainer(
  step: SourceStep,
  parts: StageParts,
  late: readonly EnvVar[],
): EphemeralContainer {
  const { input, workspace } = parts;
  const { source } = step;
  const security = securityContext(source, input);
  const ownImageFolder = source !== undefined && source.detach && source.commands.length === 0;
  const workingDir = source?.workingDir || (ownImageFolder ? '' : workspace);
  const args = step.kind === 'latched' ? [] : (source?.command ?? []);
  return {
    name: containerName(step),
    image: containerImage(step, input),
    ...(source?.pull === undefined
      ? { imagePullPolicy: 'IfNotPresent' }
      : { imagePullPolicy: source.pull }),
    ...(args.length > 0 ? { args: args.map(escapeKubelet) } : {}),
    ...(workingDir === '' ? {} : { workingDir }),
    env: [...late, ...stepEnvironment(step, parts)],
    envFrom: [{ configMapRef: { name: environmentName(input.name) } }],
    volumeMounts: volumeMounts(step, parts),
    ...(security === undefined ? {} : { securityContext: security }),
  };
}

export const environmentName = (stage: string): string => `${stage}-env`;

function latchCommand(step: SourceStep, input: CompileInput): readonly string[] {
  const shim = [`${STEP_FOLDER}/busybox`, 'sh', `${STEP_FOLDER}/step.sh`, STEP_FOLDER];
  return hasScript(step)
    ? [...shim, 'script', scriptFile(step)]
    : [...shim, 'run', ...(stepStart(step, input) ?? []).map(escapeKubelet)];
}

export const hasScript = (step: SourceStep): boolean =>
  step.kind === 'latched' && step.source !== undefined && scriptCommands(step.source).length > 0;

/** A service starts with the stage, when nothing has failed yet. */
function staticStatus(step: SourceStep, { input }: StageParts): EnvVar[] {
  const values: Record<(typeof LATE_VARIABLES)[number], string> = {
    DRONE_BUILD_STATUS: 'success',
    DRONE_STAGE_STATUS: 'success',
    CI_BUILD_STATUS: 'success',
    DRONE_BUILD_FINISHED: String(input.now),
    DRONE_STAGE_FINISHED: String(input.now),
    CI_BUILD_FINISHED: String(input.now),
    DRONE_STEP_NUMBER: String(step.number),
    DRONE_FAILED_STEPS: '',
  };
  return LATE_VARIABLES.filter((name) => step.source?.environment.has(name) !== true).map(
    (name) => ({ name, value: values[name] }),
  );
}

function stepEnvironment(step: SourceStep, { input, secretKeys }: StageParts): EnvVar[] {
  const { source } = step;
  const clone = input.pipeline.clone;
  const values: readonly (readonly [string, EnvVar])[] = [
    ...(source?.environment ?? []),
    ...(source === undefined
      ? [
          ...(clone.depth > 0 ? ([['PLUGIN_DEPTH', { value: String(clone.depth) }]] as const) : []),
          ...(clone.skipVerify ? ([['PLUGIN_SKIP_VERIFY', { value: 'true' }]] as const) : []),
        ]
      : [
          ['DRONE_STEP_NAME', { value: source.name }] as const,
          ...settingsEnvironment(source.settings),
        ]),
  ].map(([name, setting]) => [
    name,
    'fromSecret' in setting
      ? secretVariable(name, setting.fromSecret, secretKeys)
      : { name, value: escapeKubelet(setting.value) },
  ]);
  const reference = (name: string, key: string): readonly [string, EnvVar] => [
    name,
    { name, valueFrom: { secretKeyRef: { name: secretKeys.object, key } } },
  ];
  const isGitUser = source === undefined || !input.runner.netrcCloneOnly;
  const variables = new Map([
    ...[...secretKeys.shared].map(([name, key]) => reference(name, key)),
    ...values,
    ...(isGitUser ? secretKeys.netrc.map((name) => reference(name, name)) : []),
  ]);
  const node = { fieldRef: { fieldPath: 'spec.nodeName' } };
  variables.set('KUBERNETES_NODE', { name: 'KUBERNETES_NODE', valueFrom: node });
  return [...variables.values()];
}

/** A secret that nobody defined is an empty variable, as in drone-runner-kube. */
function secretVariable(name: string, secret: string, keys: SecretKeys): EnvVar {
  const key = keys.byName.get(secret.toLowerCase());
  return key === undefined
    ? { name, value: '' }
    : { name, valueFrom: { secretKeyRef: { name: keys.object, key } } };
}

function volumeMounts(step: SourceStep, parts: StageParts): VolumeMount[] {
  const { source } = step;
  const own: VolumeMount[] = [
    { name: VOLUMES.workspace, mountPath: parts.workspace },
    ...(source?.volumes ?? []).flatMap((mount) => {
      const name = parts.volumes.get(mount.name);
      return name === undefined
        ? []
        : [
            {
              name,
              mountPath: mount.path,
              ...(mount.subPath === '' ? {} : { subPath: mount.subPath }),
            },
          ];
    }),
  ];
  const all = [...own, ...hostMounts(parts.input.runner.hostVolumes, own)];
  return isDebug(parts.input) && hasScript(step) ? [...all, ...debugMount(all)] : all;
}
