/** Settings of the namespaces of builds. */
import type { AdmissionParameters } from '../../policies/admission/index.ts';
import type { Switch } from '../../policies/pipeline/policies.ts';
import type { PodSecurityLevel } from '../../policies/pod-security.ts';

/** A namespace of builds. */
export interface Builds {
  /** @default `baseline` */
  readonly podSecurity?: PodSecurityLevel;
  /** @default see below */
  readonly quota?: BuildQuota;
  /** @default see below */
  readonly container?: ContainerLimit;
  /** @default any node */
  readonly nodes?: Nodes;
  /**
   * Keys under `kubernetes` that pipelines may use; see docs/pipeline-keys.md.
   * @default for trusted repositories those that lead to nothing outside of the Pod; else none
   */
  readonly allow?: readonly Switch[];
  /**
   * RuntimeClass of the Pods, such as one of gVisor or Kata.
   * @default none
   */
  readonly runtimeClass?: string;
  /**
   * Parameters of the admission rules, where they are to be others than those that follow from the
   * settings above; see docs/admission.md.
   * @default none
   */
  readonly admission?: Partial<AdmissionParameters>;
}

export interface TrustedBuilds extends Builds, Repositories {
  /**
   * Whether pull requests, which hold code of anybody, run there as well.
   * @default `false`: they run where those of all others do
   */
  readonly pullRequests?: boolean;
}

export interface Repositories {
  /** Globs of `owner/name`: `octocat/*`. At least one. */
  readonly repos: readonly string[];
}

/** What all stages of the namespace may have together. */
export interface BuildQuota {
  /**
   * Stages at the same time: a stage is one Pod.
   * @default `100`
   */
  readonly pods?: number;
  /**
   * Sum of the requests.
   * @default `50`
   */
  readonly cpu?: string;
  /**
   * Sum of the requests.
   * @default `100Gi`
   */
  readonly memory?: string;
  /**
   * Stages at the same time of one PriorityClass.
   * @default none: the classes share `pods`
   */
  readonly perPriority?: Partial<Record<BuildPriority, number>>;
}

/** What one container of a stage may use at most. A stage may not request more, either. */
export interface ContainerLimit {
  /** @default no limit */
  readonly cpu?: string;
  /** @default `4Gi` */
  readonly memory?: string;
  /**
   * Files outside of the workspace, and logs.
   * @default `10Gi`
   */
  readonly ephemeralStorage?: string;
}

/** Where Pods run. */
export interface Nodes {
  /** Labels of the nodes. */
  readonly selector: Readonly<Record<string, string>>;
  /** @default none */
  readonly tolerations?: readonly Toleration[];
}

export interface Toleration {
  readonly key: string;
  /** @default any value */
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export const BUILD_PRIORITIES = ['interactive', 'default', 'batch'] as const;

export type BuildPriority = (typeof BUILD_PRIORITIES)[number];

/** `interactive` goes before the Pods of others in the cluster, which have 0 unless they say so. */
export type Priorities = Readonly<Record<'runner' | BuildPriority | 'balloon', number>>;
