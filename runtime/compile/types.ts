/** What compiling a pipeline takes and gives. Plain data on both sides. */
import type { BuildContext } from '../drone/types.ts';
import type { Pipeline } from '../pipeline/model.ts';
import type { KnownImages } from './known-images.ts';
import type { ConfigMap, EphemeralContainer, Pod, Secret } from './objects.ts';
import type { SourcePlan } from './plan.ts';
import type { RunnerInput } from './runner-input.ts';

export interface CompileInput {
  readonly pipeline: Pipeline;
  readonly context: BuildContext;
  /** Unix seconds. */
  readonly now: number;
  /** Of the Pod and, with suffixes, of everything else of the stage. */
  readonly name: string;
  readonly namespace: string;
  /** Labels for all objects beside the ones that Drone's runner sets. */
  readonly labels: Readonly<Record<string, string>>;
  /** What the configuration of the runner adds; `withoutRunner` for a run from the command line. */
  readonly runner: RunnerInput;
  /** The value of a secret by its name in lower case. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Below every other variable: DRONE_RUNNER_ENVIRON, `--env-file`. */
  readonly globalEnvironment: ReadonlyMap<string, string>;
  /** What images run, of those in `wantedImages` that could be found out; all others start ephemeral. */
  readonly images?: KnownImages;
  /** coordinator.sh and step.sh, as files of the stage. */
  readonly scripts: Readonly<Record<string, string>>;
  readonly options: CompileOptions;
}

export interface CompileOptions {
  readonly workspace: 'clone' | 'upload';
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** `restricted`: every container satisfies the Pod Security level of that name. */
  readonly security: 'default' | 'restricted';
  readonly coordinatorImage: string;
  readonly cloneImage: string;
  /** Images that run privileged beside the ones of Drone, where `trusted` is not needed. */
  readonly privilegedImages: readonly string[];
}

export interface CompiledStage {
  readonly plan: SourcePlan;
  /** Plan and scripts. Owner of all other objects. */
  readonly files: ConfigMap;
  /** The variables that all containers share. */
  readonly environment: ConfigMap;
  readonly secret: Secret | undefined;
  readonly pullSecret: Secret | undefined;
  readonly pod: Pod;
  /** The container of each step that has one. */
  readonly containers: ReadonlyMap<number, string>;
  readonly images: ReadonlyMap<number, string>;
  /** Values that no log may show. */
  readonly masks: readonly string[];
  /** Names of secrets that the pipeline uses and nobody defined, in lower case. */
  readonly missingSecrets: readonly string[];
  /** Names of `image_pull_secrets` whose value is no `config.json` of Docker, in lower case. */
  readonly invalidCredentials: readonly string[];
  /** Names of steps that ask for resources, and whose container is added too late to get any. */
  readonly withoutResources: readonly string[];
  /** By the number of an ephemeral step: the container to add, with its late variables, at its turn. */
  readonly ephemerals: ReadonlyMap<number, EphemeralContainer>;
}
