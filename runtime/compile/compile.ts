/** Pipeline and build in, the objects of the stage out. Pure: no clock, no file, no cluster. */
import { ANNOTATION_VERDICT, LABEL_STAGE } from '../contract.ts';
import { workspacePath } from '../pipeline/workspace.ts';
import {
  containerName,
  environmentName,
  ephemeralContainer,
  hasScript,
  stepContainer,
  stepImage,
  stepLimits,
  stepStart,
  VOLUMES,
  type StageParts,
} from './container.ts';
import { coordinatorContainer } from './coordinator.ts';
import { DEBUG_SCRIPT, debugPod, isDebug } from './debug.ts';
import { expandImage } from './image.ts';
import { buildInputs } from './build-inputs.ts';
import { podMetadata } from './metadata.ts';
import {
  GRACE_SECONDS,
  type ConfigMap,
  type ObjectMeta,
  type Pod,
  type Secret,
  type Volume,
} from './objects.ts';
import { mayBePinned, type WantedImages } from './known-images.ts';
import { planFile, planStage, scriptFile, type SourcePlan, type SourceStep } from './plan.ts';
import { coordinatorRequest, hasOwnAmounts, stepAmounts, workspaceVolume } from './kubernetes.ts';
import { stageRequest } from './resources.ts';
import { LATCH, posixScript, scriptCommands } from './script.ts';
import { masksOf, stageSecret } from './secrets.ts';
import { pullCredentials } from './registries.ts';
import { sharedEnvironment } from './shared-environment.ts';
import type { CompiledStage, CompileInput } from './types.ts';
import { hostVolumes, podSpecOptions, podVolume } from './volumes.ts';

/** Seconds that a Pod may take beyond the timeout of the repository: waiting, pulling, cleaning up. */
const DEADLINE_MARGIN = 3600;

/** Compiles a pipeline that has passed the linter. Never throws for one that has. */
export function compileStage(input: CompileInput): CompiledStage {
  const { pipeline, name, namespace, context, runner } = input;
  const plan = stagePlan(input);
  const workspace = workspacePath(pipeline.workspacePath);
  const metadata = (suffix: string): ObjectMeta => ({
    name: `${name}${suffix}`,
    namespace,
    labels: { ...input.labels, [LABEL_STAGE]: name },
  });

  const volumes = new Map(
    pipeline.volumes.flatMap((volume, index) =>
      volume.source === undefined ? [] : [[volume.name, `volume-${index}`] as const],
    ),
  );
  const shared = sharedEnvironment(input, workspace);
  const { secret, secretKeys, missingSecrets } = stageSecret(
    input,
    plan,
    shared.secret,
    metadata(''),
  );
  const parts: StageParts = { input, workspace, volumes, secretKeys };
  const ephemeral = plan.steps.some((step) => step.kind === 'ephemeral');
  const pulls = pullCredentials(runner.dockerConfigs, pipeline.imagePullSecrets, input.secrets);
  const pullSecret: Secret | undefined =
    pulls.merged === undefined
      ? undefined
      : {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: metadata('-pull'),
          type: 'kubernetes.io/dockerconfigjson',
          stringData: { '.dockerconfigjson': pulls.merged },
        };

  const own: Volume[] = [
    { name: VOLUMES.files, configMap: { name } },
    // In memory, about 2 MB: a file is written at every hand-over, and none must wait for a disk.
    { name: VOLUMES.run, emptyDir: { medium: 'Memory' } },
    {
      name: VOLUMES.verdict,
      downwardAPI: {
        items: [
          {
            path: 'verdict',
            fieldRef: { fieldPath: `metadata.annotations['${ANNOTATION_VERDICT}']` },
          },
        ],
      },
    },
    ...(ephemeral ? [{ name: VOLUMES.status, emptyDir: {} }] : []),
    workspaceVolume(VOLUMES.workspace, pipeline),
  ];
  const containers = plan.steps.filter((step) => step.kind !== 'upload');
  const withContainer = plan.steps.filter(
    (step) => step.kind === 'latched' || step.kind === 'service',
  );
  const { limit, request: wanted } = runner.settings.resources;
  const request = coordinatorRequest(
    stageRequest(wanted, runner.minRequest, containers.length),
    withContainer.map((step) => stepAmounts(step, stepLimits(step, limit)).own),
    pipeline.kubernetes?.ephemeralStorage ?? 0,
  );
  const debug = debugPod(input);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(input, metadata('')),
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: context.repo.timeout * 60 + DEADLINE_MARGIN,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      // A Pod gets a token only where somebody asks for an account by name.
      automountServiceAccountToken: runner.settings.serviceAccountName !== '',
      enableServiceLinks: false,
      ...podSpecOptions(pipeline, runner.settings, plan),
      ...(pullSecret === undefined
        ? {}
        : { imagePullSecrets: [{ name: pullSecret.metadata.name }] }),
      ...debug.spec,
      containers: [
        coordinatorContainer(input, request, workspace, ephemeral),
        ...withContainer.map((step) => stepContainer(step, parts)),
      ],
      volumes: [
        ...own,
        ...pipeline.volumes.flatMap((volume, index) =>
          volume.source === undefined ? [] : [podVolume(`volume-${index}`, volume.source)],
        ),
        ...hostVolumes(runner.hostVolumes),
        ...debug.volumes,
      ],
    },
  };

  return {
    plan,
    files: filesObject(plan, input, metadata('')),
    environment: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata(''), name: environmentName(name) },
      data: Object.fromEntries(shared.open),
    },
    secret,
    pullSecret,
    pod,
    containers: new Map(containers.map((step) => [step.number, containerName(step)])),
    images: new Map(containers.map((step) => [step.number, stepImage(step, input)])),
    masks: masksOf(secret?.stringData ?? {}),
    missingSecrets: [...new Set([...missingSecrets, ...pulls.missing])],
    invalidCredentials: pulls.invalid,
    withoutResources: plan.steps
      .filter((step) => step.kind === 'ephemeral' && hasOwnAmounts(step))
      .map((step) => step.name),
    ephemerals: new Map(
      plan.steps.flatMap((step) =>
        step.kind === 'ephemeral' ? [[step.number, ephemeralContainer(step, parts)] as const] : [],
      ),
    ),
  };
}

/** The images to ask registries for, so that `compileStage` knows what those run. Pure. */
export function wantedImages(input: CompileInput): WantedImages {
  const { context, pipeline, runner, secrets } = input;
  const unknown = stagePlan(input).steps.filter(
    ({ kind, source }) => kind === 'ephemeral' && mayBePinned(source?.pull),
  );
  const { os, arch, variant } = pipeline.platform;
  return {
    images: [...new Set(unknown.map((step) => expandImage(stepImage(step, input))))],
    credentials: pullCredentials(runner.dockerConfigs, pipeline.imagePullSecrets, secrets).merged,
    platform: {
      os: os || context.stage.os || 'linux',
      arch: arch || context.stage.arch || 'amd64',
      variant: variant || context.stage.variant,
    },
  };
}

function stagePlan(input: CompileInput): SourcePlan {
  const { pipeline, context, options, runner } = input;
  const plan = planStage(pipeline, {
    workspace: options.workspace,
    include: options.include,
    exclude: options.exclude,
    build: buildInputs(context),
  });
  const { limit } = runner.settings.resources;
  return {
    ...plan,
    steps: plan.steps.map((step) => {
      const kind = latchedWhereKnown(step, input);
      // Kubernetes takes no limits for an ephemeral container, and an upload has no container.
      const isLimited = kind === 'latched' || kind === 'service';
      return { ...step, kind, memoryLimit: isLimited ? stepLimits(step, limit).memory : 0 };
    }),
  };
}

function latchedWhereKnown(step: SourceStep, input: CompileInput): SourceStep['kind'] {
  const isClone = step.source === undefined && step.kind === 'latched';
  if (!isClone && step.kind !== 'ephemeral') return step.kind;
  return stepStart(step, input) === undefined ? 'ephemeral' : 'latched';
}

function filesObject(plan: SourcePlan, input: CompileInput, metadata: ObjectMeta): ConfigMap {
  const data: Record<string, string> = { ...input.scripts, plan: planFile(plan, hasScript) };
  const beforeCommands = isDebug(input) ? DEBUG_SCRIPT : '';
  for (const step of plan.steps) {
    if (step.source !== undefined && hasScript(step)) {
      data[scriptFile(step)] = LATCH + posixScript(scriptCommands(step.source), beforeCommands);
    }
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}
