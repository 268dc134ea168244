/**
 * What differs from one environment to the next: plain data, written down in a file each. Every
 * setting with a default may be left out; docs/deployment.md lists all of them, also those of
 * the files beside this one.
 */
import type { PodSecurityLevel } from '../../policies/pod-security.ts';
import type { Builds, Priorities, Repositories, TrustedBuilds } from './settings-builds.ts';
import type { Capacity, Disruption, Kueue, WarmUp } from './settings-capacity.ts';
import type { GitOps } from './settings-gitops.ts';
import type { Network, Opening } from './settings-network.ts';
import type { SecretReference } from './settings-secrets.ts';

export interface Environment {
  /** Names its folder in the output. A DNS label. */
  readonly name: string;
  /**
   * Begins the names of what belongs to the whole cluster (PriorityClasses, admission policies), so
   * that two deployments can share a cluster. At most 30 characters.
   * @default `drone-kube`
   */
  readonly instance?: string;
  /** Image of the runner, with a tag or, better, a digest: `registry/name@sha256:…`. */
  readonly image: string;
  readonly drone: DroneServer;
  /** @default see below */
  readonly namespaces?: Namespaces;
  /** @default see below */
  readonly runner?: Runner;
  /** @default see below */
  readonly stage?: Stage;
  /**
   * Where builds of all repositories run that nothing else is said about.
   * @default see below
   */
  readonly untrusted?: Builds;
  /** @default none: every repository counts as untrusted */
  readonly trusted?: TrustedBuilds;
  /**
   * Gives each stage of these repositories a namespace that is made for it. The runner then gets the
   * permissions of the contract in all namespaces, and no quota, limit or network policy of ours
   * applies in those that it makes.
   * @default none: the runner has no permission outside of its namespaces
   */
  readonly temporaryNamespaces?: Repositories;
  /**
   * Values of the PriorityClasses.
   * @default `runner` 1000000, `interactive` 100, `default` 0, `batch` -5, `balloon` -10
   */
  readonly priorities?: Partial<Priorities>;
  readonly network: Network;
  /**
   * Room that is kept for stages that are still to come.
   * @default `none`
   */
  readonly capacity?: Capacity;
  /** @default none: the first stage on a node waits for its images */
  readonly warmUp?: WarmUp;
  /**
   * What may move Pods away, so that it is told to let stages finish.
   * @default none: stages carry no hint
   */
  readonly disruption?: Disruption;
  /** @default none */
  readonly kueue?: Kueue;
  /** @default see below */
  readonly reaper?: Reaper;
  readonly gitops: GitOps;
  /** @default none: nobody may run pipelines by `drone-kube exec` */
  readonly execAccess?: ExecAccess;
}

/** The server whose pipelines are run. */
export interface DroneServer {
  /** Host name, with a port where it has one. */
  readonly host: string;
  /** @default `https` */
  readonly proto?: 'http' | 'https';
  /** Where the Secret is that the runner shares with the server (DRONE_RPC_SECRET). */
  readonly rpcSecret: SecretReference;
}

/** Made by this deployment, and used by nothing else. */
export interface Namespaces {
  /**
   * Of the runner, the reaper, the records of stages.
   * @default `drone-system`
   */
  readonly system?: string;
  /** @default `drone-trusted` */
  readonly trusted?: string;
  /** @default `drone-untrusted` */
  readonly untrusted?: string;
}

/** `drone-kube daemon`. */
export interface Runner {
  /**
   * All of them work; with two, one may be away.
   * @default `2`
   */
  readonly replicas?: number;
  /**
   * Stages of one replica at the same time.
   * @default `100`
   */
  readonly capacity?: number;
  /**
   * Takes only pipelines whose `node` has exactly these labels.
   * @default none
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Requested by a replica.
   * @default `100m`
   */
  readonly cpu?: string;
  /**
   * Requested by a replica.
   * @default `192Mi`
   */
  readonly memory?: string;
  /** @default `512Mi`, enough for 1000 running stages */
  readonly memoryLimit?: string;
  /**
   * More variables of docs/configuration.md, as long as they are no secrets.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Variables whose values are secrets, such as `DRONE_UI_PASSWORD`.
   * @default none
   */
  readonly secretEnvironment?: Readonly<Record<string, SecretReference>>;
}

/** The template of a stage: what it gets where the pipeline does not say, and what room is kept for. */
export interface Stage {
  /**
   * Requested by a stage that names nothing else.
   * @default `500m`
   */
  readonly cpu?: string;
  /**
   * The same for memory.
   * @default `512Mi`
   */
  readonly memory?: string;
  /**
   * The longest timeout of a repository in minutes, for hints that end with the stage.
   * @default `60`
   */
  readonly timeoutMinutes?: number;
}

/** `drone-kube reap`. */
export interface Reaper {
  /** @default every ten minutes */
  readonly schedule?: string;
  /**
   * Seconds that a run may take at most.
   * @default `300`
   */
  readonly deadlineSeconds?: number;
  /**
   * Where each run tells its metrics: nobody scrapes a Pod that lives for seconds.
   * @default none: its log and its exit code tell what it did
   */
  readonly pushgateway?: Pushgateway;
}

/** Of Prometheus. */
export interface Pushgateway {
  /** As in `http://pushgateway.monitoring:9091`. No credentials: whoever may read Pods reads it. */
  readonly url: string;
  /** Its address or its Pods, for the NetworkPolicy of the reaper. */
  readonly opening: Opening;
}

/** A namespace in which people run pipelines with `drone-kube exec`. */
export interface ExecAccess {
  /**
   * Made for this alone: who may create a Pod in a namespace can read every Secret in it and act
   * as every service account of it.
   */
  readonly namespace: string;
  /** `privileged` lets everybody bound here take over the nodes of the cluster. */
  readonly podSecurity: PodSecurityLevel;
  /** Who may run pipelines. At least one. */
  readonly subjects: readonly Subject[];
  readonly quota: Quota;
}

/** As the authentication of the cluster names it: the group of an OIDC claim, a user. */
export interface Subject {
  readonly kind: 'Group' | 'User';
  readonly name: string;
}

/** What all stages of the namespace may have together. */
export interface Quota {
  /** Stages at the same time: a stage is one Pod. */
  readonly pods: number;
  /** Sum of the requests: whole cores (`8`) or millicores (`500m`). */
  readonly cpu: string;
  /** Sum of the requests, in bytes, with a suffix or without: `16Gi`. */
  readonly memory: string;
}
