/** From what the server says of a stage to its objects, or to why it is not run. */
import { buildInputs } from '../compile/build-inputs.ts';
import { compileStage, wantedImages } from '../compile/compile.ts';
import { mergeEnvironment, substitutionVariables } from '../compile/environment.ts';
import { dockerConfigOf, mergeDockerConfigs } from '../compile/registries.ts';
import { tooLarge } from '../compile/size.ts';
import type { CompiledStage, CompileInput, CompileOptions } from '../compile/types.ts';
import { refuseBuild } from '../config/admission.ts';
import { namespaceOf, type StageNamespace } from '../config/namespace.ts';
import { choosePolicy, podSettings } from '../config/policy.ts';
import { refuseKeys } from '../config/switches.ts';
import type { DaemonConfig, Policy } from '../config/types.ts';
import { LABEL_ORIGIN, LABEL_SERVER } from '../contract.ts';
import type { ExtensionVariable, RegistryCredentials } from '../drone/extensions.ts';
import type { Details } from '../drone/rpc.ts';
import type { BuildContext } from '../drone/types.ts';
import { isNotFound } from '../kube/errors.ts';
import { byPosition, type SecretDocument } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/model.ts';
import { scripts } from '../pod/scripts.ts';
import type { LookUp } from '../registry/look-up.ts';
import { checkPipeline } from './check.ts';
import { listOrWarn, type Extensions } from './prepare-extensions.ts';
import { refuse, refuseFile, type StageRefusal } from './prepare-refusal.ts';
import { findSecrets } from './prepare-secrets.ts';
import { serverKey } from './record.ts';

export interface PrepareOptions {
  readonly config: DaemonConfig;
  /** Of the Pod; it ends in the number of the attempt. */
  readonly name: string;
  /** Unix seconds. */
  readonly now: number;
  /** Of the namespace that is made for the stage, if it gets one of its own. */
  readonly temporaryNamespace: string;
  /** The Pod Security level of a namespace. Rejects with a KubeError. */
  readonly security: (namespace: string) => Promise<CompileOptions['security']>;
  /** The text of DRONE_DOCKER_CONFIG; undefined where none is set. Rejects where it cannot be read. */
  readonly readDockerConfig: () => Promise<string | undefined>;
  readonly extensions: Extensions;
  /** undefined: no registry is asked what images run. */
  readonly lookUp: LookUp | undefined;
}

export type PrepareResult =
  | {
      readonly stage: CompiledStage;
      /** The namespace has to be made for this stage, and goes with it. */
      readonly temporaryNamespace: boolean;
      /** What may well surprise the user, one sentence each. */
      readonly warnings: readonly string[];
    }
  | { readonly refusal: StageRefusal };

/**
 * Whatever is wrong with the build or its pipeline is a refusal; rejects only where the cluster
 * cannot be reached, or a plug-in was interrupted.
 */
export async function prepareStage(
  details: Details,
  options: PrepareOptions,
): Promise<PrepareResult> {
  const decided = decide(details, options);
  if ('refusal' in decided) return decided;
  const { context, namespace, pipeline } = decided;
  const { config, extensions } = options;
  const { build, repo } = details;
  const subject = { build, repo };

  const level = await securityOf(namespace, options);
  if (typeof level !== 'string') return level;
  const [variables, registries, dockerConfig, secrets] = await Promise.all([
    listOrWarn(extensions.variables, subject, 'the variables of this plug-in'),
    listOrWarn(extensions.registries, subject, 'the credentials of this plug-in'),
    dockerConfigOrWarn(options),
    findSecrets(
      pipeline,
      {
        server: details.secrets,
        documents: decided.secrets,
        key: details.repoSecret,
        runner: config.runner.secrets,
        build,
        repo,
      },
      extensions.secret && (async (get) => extensions.secret?.({ ...get, ...subject })),
    ),
  ]);

  const input: CompileInput = {
    ...baseInput(options),
    ...runnerInput(config, decided, {
      variables: variables.items,
      registries: registries.items,
      dockerConfig: dockerConfig.text,
    }),
    pipeline,
    context,
    namespace: namespace.name,
    secrets: secrets.values,
    options: {
      workspace: 'clone',
      include: [],
      exclude: [],
      security: level,
      coordinatorImage: config.runner.coordinatorImage,
      cloneImage: config.clone.image,
      privilegedImages: config.runner.privilegedImages,
    },
  };
  const images = await options.lookUp?.(wantedImages(input));
  const stage = compileStage(images === undefined ? input : { ...input, images });
  const large = tooLarge(stage);
  if (large !== undefined) return { refusal: refuse({ code: 'stage-too-large', ...large }) };
  return {
    stage,
    temporaryNamespace: namespace.temporary,
    warnings: [
      ...decided.warnings,
      ...secrets.warnings,
      ...stage.invalidCredentials.map(
        (name) =>
          `secret "${name}" of image_pull_secrets is no config.json of Docker and is left out`,
      ),
      ...stage.withoutResources.map(
        (name) =>
          `step "${name}" gets no resources of its own, because the command of its image is not known; write \`commands\` or \`entrypoint\``,
      ),
      ...[variables, registries, dockerConfig].flatMap(({ warnings }) => warnings),
    ],
  };
}

interface Decided {
  readonly context: BuildContext;
  readonly pipeline: Pipeline;
  readonly policy: Policy | undefined;
  readonly namespace: StageNamespace;
  /** Of the file. */
  readonly secrets: readonly SecretDocument[];
  readonly warnings: readonly string[];
}

/** All that needs nobody to be asked. */
function decide(
  { build, config: file, netrc, repo, stage, system }: Details,
  { config, now, temporaryNamespace }: PrepareOptions,
): Decided | { readonly refusal: StageRefusal } {
  const { slug, trusted } = repo;
  const admission = refuseBuild(config.limits, { slug, trusted, event: build.event });
  if (admission !== undefined) return { refusal: refuse(admission) };

  // It was accepted under a name that says more than a user wants to know.
  const named = { ...stage, machine: config.runner.name };
  const context: BuildContext = { build, netrc, repo, stage: named, system };
  const global = config.runner.environment;
  const variables = substitutionVariables(context, { now, global });
  const checked = checkPipeline(file, { name: stage.name, trusted, variables });
  if ('refusal' in checked) return checked;

  const policy = choosePolicy(config.policies, buildInputs(context));
  const { pipeline } = checked;
  const keys = refuseKeys({ pipeline, policy, allow: config.allow, slug });
  const [refused, ...more] = keys.toSorted(byPosition);
  if (refused !== undefined) return { refusal: refuseFile([refused, ...more]) };
  const namespace = namespaceOf({
    pipeline: checked.pipeline.metadata.namespace,
    policy: policy?.namespace ?? '',
    fallback: config.namespaces.default,
    rules: config.namespaces.rules,
    slug,
    temporary: temporaryNamespace,
  });
  if ('refusal' in namespace) return { refusal: refuse(namespace.refusal) };
  return { ...checked, context, policy, namespace };
}

/** A namespace that is still to be made has no level of its own. */
async function securityOf(
  { name, temporary }: StageNamespace,
  { security }: PrepareOptions,
): Promise<CompileOptions['security'] | { readonly refusal: StageRefusal }> {
  if (temporary) return 'default';
  try {
    return await security(name);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const message = `the namespace "${name}" of the stage does not exist in the cluster`;
    const fix =
      'correct `metadata.namespace` of the pipeline, or let the operator of the runner create it';
    return { refusal: refuse({ code: 'namespace-missing', message, fix }) };
  }
}

const baseInput = ({
  config,
  name,
  now,
}: PrepareOptions): Pick<CompileInput, 'labels' | 'name' | 'now' | 'scripts'> => ({
  name,
  now,
  labels: { [LABEL_ORIGIN]: 'daemon', [LABEL_SERVER]: serverKey(config.rpc.server) },
  scripts: scripts(),
});

/** Plug-ins go over the runner's own variables and credentials. */
function runnerInput(
  config: DaemonConfig,
  { pipeline, policy }: Decided,
  asked: {
    readonly variables: readonly ExtensionVariable[];
    readonly registries: readonly RegistryCredentials[];
    readonly dockerConfig: string | undefined;
  },
): Pick<CompileInput, 'globalEnvironment' | 'runner'> {
  const { clone, proxy, resources, runner } = config;
  const pairs = (isSecret: boolean): Map<string, string> =>
    new Map(
      asked.variables
        .filter(({ mask }) => mask === isSecret)
        .map(({ name, data }) => [name, data] as const),
    );
  return {
    globalEnvironment: mergeEnvironment(runner.environment, pairs(false)),
    runner: {
      settings: podSettings(pipeline, policy, config),
      minRequest: resources.minRequest,
      hostVolumes: runner.volumes,
      proxy: {
        http_proxy: proxy.http,
        https_proxy: proxy.https,
        no_proxy: proxy.none,
        all_proxy: proxy.all,
      },
      secretEnvironment: pairs(true),
      netrcCloneOnly: clone.netrcOnly,
      dockerConfigs: [asked.dockerConfig, dockerConfigOf(asked.registries)].flatMap(
        (text) => text ?? [],
      ),
      tmate: config.tmate.enabled ? config.tmate : undefined,
    },
  };
}

async function dockerConfigOrWarn({ readDockerConfig }: PrepareOptions): Promise<{
  readonly text: string | undefined;
  readonly warnings: readonly string[];
}> {
  const without = 'the stage runs without its credentials; tell the operator of the runner';
  try {
    const text = await readDockerConfig();
    if (text === undefined || mergeDockerConfigs([text]).invalid.length === 0) {
      return { text, warnings: [] };
    }
    const warning = `the file of DRONE_DOCKER_CONFIG is no config.json of Docker, so ${without}`;
    return { text: undefined, warnings: [warning] };
  } catch {
    const warning = `the file of DRONE_DOCKER_CONFIG cannot be read, so ${without}`;
    return { text: undefined, warnings: [warning] };
  }
}
