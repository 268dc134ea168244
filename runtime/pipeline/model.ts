/**
 * A pipeline as the rest of the program sees it: every list present, every default applied,
 * nothing of YAML left but the position of each named part.
 */
import type { Position } from './diagnostics.ts';
import type { StageKubernetes, StepKubernetes } from './kubernetes-model.ts';

/** Globs of one condition; an empty `include` means "everything that is not excluded". */
export interface Condition {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export const CONDITION_KEYS = [
  'action',
  'branch',
  'cron',
  'event',
  'instance',
  'ref',
  'repo',
  'status',
  'target',
  'paths',
] as const;

export type ConditionKey = (typeof CONDITION_KEYS)[number];
export type Conditions = Readonly<Partial<Record<ConditionKey, Condition>>>;

/** A value that stands in the file, or the name of a secret that holds it. */
export type ValueOrSecret<T> = { readonly value: T } | { readonly fromSecret: string };

/** CPU in millicores, memory in bytes; 0 means "not set". */
export interface ResourceAmounts {
  readonly cpu: number;
  readonly memory: number;
}

export interface Resources {
  readonly requests: ResourceAmounts;
  readonly limits: ResourceAmounts;
}

/**
 * Where the values of keys stand, by key; parts of a value by a path such as `environment.PATH`.
 * Absent where a pipeline does not come from a file.
 */
export type Places = ReadonlyMap<string, Position>;

export type FailurePolicy = 'stop' | 'ignore' | 'fast';
export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never';

export interface VolumeMount {
  readonly name: string;
  readonly path: string;
  readonly subPath: string;
  readonly position: Position;
}

export interface Step {
  readonly name: string;
  readonly image: string;
  readonly commands: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: ReadonlyMap<string, ValueOrSecret<string>>;
  /** Values are plain JSON (string, number, bigint, boolean, list, map) or a Uint8Array for `!!binary`. */
  readonly settings: ReadonlyMap<string, ValueOrSecret<unknown>>;
  readonly when: Conditions;
  readonly failure: FailurePolicy;
  /** True for every service. */
  readonly detach: boolean;
  readonly dependsOn: readonly { readonly name: string; readonly position: Position }[];
  readonly privileged: boolean;
  readonly pull: PullPolicy | undefined;
  readonly resources: Resources;
  readonly user: number | undefined;
  readonly group: number | undefined;
  readonly volumes: readonly VolumeMount[];
  readonly workingDir: string;
  readonly kubernetes: StepKubernetes | undefined;
  readonly position: Position;
  readonly places?: Places;
}

export type VolumeSource =
  | { readonly kind: 'temp'; readonly medium: string; readonly sizeLimit: number }
  | { readonly kind: 'host'; readonly path: string }
  | { readonly kind: 'claim'; readonly claimName: string; readonly readOnly: boolean }
  | {
      readonly kind: 'config_map' | 'secret';
      readonly objectName: string;
      readonly defaultMode: number | undefined;
      readonly optional: boolean;
    };

export interface Volume {
  readonly name: string;
  /** undefined where no known kind is given. */
  readonly source: VolumeSource | undefined;
  readonly position: Position;
}

export interface Toleration {
  readonly effect: string;
  readonly key: string;
  readonly operator: string;
  readonly value: string;
  readonly tolerationSeconds: number | undefined;
}

export interface Pipeline {
  readonly name: string;
  /** '' where the file does not say: such a pipeline is bound to no platform. */
  readonly platform: {
    readonly os: string;
    readonly arch: string;
    readonly variant: string;
    readonly version: string;
  };
  readonly clone: {
    readonly disable: boolean;
    readonly depth: number;
    readonly skipVerify: boolean;
    readonly trace: boolean;
  };
  readonly workspacePath: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly resources: Resources;
  readonly services: readonly Step[];
  readonly steps: readonly Step[];
  readonly volumes: readonly Volume[];
  readonly imagePullSecrets: readonly string[];
  readonly metadata: {
    readonly namespace: string;
    readonly annotations: ReadonlyMap<string, string>;
    readonly labels: ReadonlyMap<string, string>;
  };
  readonly nodeName: string;
  readonly nodeSelector: ReadonlyMap<string, string>;
  readonly serviceAccountName: string;
  readonly tolerations: readonly Toleration[];
  readonly dnsConfig:
    | {
        readonly nameservers: readonly string[];
        readonly searches: readonly string[];
        readonly options: readonly { readonly name: string; readonly value: string | undefined }[];
      }
    | undefined;
  readonly hostAliases: readonly { readonly ip: string; readonly hostnames: readonly string[] }[];
  readonly kubernetes: StageKubernetes | undefined;
  readonly trigger: Conditions;
  readonly dependsOn: readonly string[];
  readonly position: Position;
  readonly places?: Places;
}
