/** Pipeline and build in, the objects of the stage out. Pure: no clock, no file, no cluster. */
import { ANNOTATION_VERDICT, LABEL_STAGE } from '../contract.ts';
import { workspacePath } from '../pipeline/workspace.ts';
import {
  cloneIsLatched,
  containerName,
  environmentName,
  ephemeralContainer,
  hasScript,
  stepContainer,
  stepImage,
  VOLUMES,
  type StageParts,
} from './container.ts';
import { coordinatorContainer } from './coordinator.ts';
import {
  buildEnvironment,
  LATE_VARIABLES,
  mergeEnvironment,
  netrcEnvironment,
} from './environment.ts';
import { podMetadata } from './metadata.ts';
import {
  GRACE_SECONDS,
  type ConfigMap,
  type ObjectMeta,
  type Pod,
  type Secret,
  type Volume,
} from './objects.ts';
import { planFile, planStage, scriptFile, type SourcePlan } from './plan.ts';
import { stageRequest, toQuantities } from './resources.ts';
import { LATCH, posixScript, scriptCommands } from './script.ts';
import { assignKeys, pullCredentials, usedSecrets, type SecretKeys } from './secrets.ts';
import type { CompiledStage, CompileInput } from './types.ts';
import { podVolume, podSpecOptions } from './volumes.ts';
import { workspaceEnvironment } from './workspace.ts';

/** Seconds that a Pod may take beyond the timeout of the repository: waiting, pulling, cleaning up. */
const DEADLINE_MARGIN = 3600;

/** A host name is no secret; hidden, it would take every address of the server out of the logs. */
const NETRC_HOST = 'DRONE_NETRC_MACHINE';

/** Compiles a pipeline that has passed the linter. Never throws for one that has. */
export function compileStage(input: CompileInput): CompiledStage {
  const { pipeline, name, namespace, context, options } = input;
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
  const { secret, secretKeys, missingSecrets } = stageSecret(input, metadata(''));
  const parts: StageParts = { input, workspace, volumes, secretKeys };
  const ephemeral = plan.steps.some((step) => step.kind === 'ephemeral');
  const pulls = pullCredentials(pipeline.imagePullSecrets, input.secrets);
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

  const request = toQuantities(stageRequest(pipeline.resources.requests, options.defaultRequest));
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
    { name: VOLUMES.workspace, emptyDir: {} },
  ];
  const withContainer = plan.steps.filter(
    (step) => step.kind === 'latched' || step.kind === 'service',
  );
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: podMetadata(input, metadata('')),
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: context.repo.timeout * 60 + DEADLINE_MARGIN,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      // A Pod gets a token only where the pipeline asks for an account by name.
      automountServiceAccountToken: pipeline.serviceAccountName !== '',
      enableServiceLinks: false,
      ...podSpecOptions(pipeline, plan),
      ...(pullSecret === undefined
        ? {}
        : { imagePullSecrets: [{ name: pullSecret.metadata.name }] }),
      containers: [
        coordinatorContainer(input, request, workspace, ephemeral),
        ...withContainer.map((step) => stepContainer(step, parts)),
      ],
      volumes: [
        ...own,
        ...pipeline.volumes.flatMap((volume, index) =>
          volume.source === undefined ? [] : [podVolume(`volume-${index}`, volume.source)],
        ),
      ],
    },
  };

  const containers = plan.steps.filter((step) => step.kind !== 'upload');
  return {
    plan,
    files: filesObject(plan, input.scripts, metadata('')),
    environment: environmentObject(input, workspace, {
      ...metadata(''),
      name: environmentName(name),
    }),
    secret,
    pullSecret,
    pod,
    containers: new Map(containers.map((step) => [step.number, containerName(step)])),
    images: new Map(containers.map((step) => [step.number, stepImage(step, input)])),
    masks: Object.entries(secret?.stringData ?? {}).flatMap(([key, value]) =>
      key === NETRC_HOST ? [] : [value],
    ),
    missingSecrets: [...new Set([...missingSecrets, ...pulls.missing])],
    invalidCredentials: pulls.invalid,
    ephemerals: new Map(
      plan.steps.flatMap((step) =>
        step.kind === 'ephemeral' ? [[step.number, ephemeralContainer(step, parts)] as const] : [],
      ),
    ),
  };
}

function stagePlan({ pipeline, context, options }: CompileInput): SourcePlan {
  const { build, repo, system } = context;
  const plan = planStage(pipeline, {
    workspace: options.workspace,
    include: options.include,
    exclude: options.exclude,
    build: {
      action: build.action,
      branch: build.target,
      cron: build.cron,
      event: build.event,
      instance: system.host,
      ref: build.ref,
      repo: repo.slug,
      target: build.deploy_to,
    },
  });
  if (cloneIsLatched(options.cloneImage)) return plan;
  return {
    ...plan,
    steps: plan.steps.map((step) =>
      step.source === undefined && step.kind === 'latched' ? { ...step, kind: 'ephemeral' } : step,
    ),
  };
}

function stageSecret(
  input: CompileInput,
  metadata: ObjectMeta,
): { secret: Secret | undefined; secretKeys: SecretKeys; missingSecrets: string[] } {
  const used = usedSecrets(input.pipeline);
  const present = used.filter((name) => (input.secrets.get(name) ?? '') !== '');
  const byName = assignKeys(present);
  const netrc = netrcEnvironment(input.context.netrc);
  const stringData = Object.fromEntries([
    ...present.map((name) => [byName.get(name) ?? name, input.secrets.get(name) ?? ''] as const),
    ...netrc,
  ]);
  const secret: Secret | undefined =
    Object.keys(stringData).length === 0
      ? undefined
      : { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData };
  return {
    secret,
    secretKeys: { object: metadata.name, byName, netrc: [...netrc.keys()] },
    missingSecrets: used.filter((name) => !byName.has(name)),
  };
}

function filesObject(
  plan: SourcePlan,
  scripts: CompileInput['scripts'],
  metadata: ObjectMeta,
): ConfigMap {
  const data: Record<string, string> = { ...scripts, plan: planFile(plan, hasScript) };
  for (const step of plan.steps) {
    if (step.source !== undefined && hasScript(step)) {
      data[scriptFile(step)] = LATCH + posixScript(scriptCommands(step.source));
    }
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

/** Everything that all containers share; what only holds at the moment a step starts is not in it. */
function environmentObject(
  input: CompileInput,
  workspace: string,
  metadata: ObjectMeta,
): ConfigMap {
  const { pipeline, context, now } = input;
  const variables = mergeEnvironment(
    input.globalEnvironment,
    new Map(Object.entries(context.build.params)),
    pipeline.environment,
    buildEnvironment(context, {
      now,
      gitTrace: pipeline.clone.trace,
      skipVerify: pipeline.clone.skipVerify,
    }),
    workspaceEnvironment(workspace, VOLUMES.workspace),
  );
  for (const name of LATE_VARIABLES) variables.delete(name);
  // Parameters of a build may have any name; only these can be keys of the object.
  for (const name of variables.keys()) {
    if (!/^(?!\.$|\.\.)[A-Za-z0-9._-]{1,253}$/.test(name)) variables.delete(name);
  }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(variables) };
}
