/** The configuration of `drone-kube daemon`: checked, complete, and never changed again. */
import type { Conditions, ResourceAmounts, Toleration } from '../pipeline/model.ts';
import type { HostVolume, ListenAddress } from './address-types.ts';
import type { Switch } from './switches.ts';

/** One of the three services that the runner can ask while it compiles a stage. */
export interface Extension {
  readonly endpoint: string;
  /** '' where none is set. */
  readonly token: string;
  readonly skipVerify: boolean;
}

/** One document of the policy file. '' and 0 stand for what it does not set. */
export interface Policy {
  readonly name: string;
  readonly match: Conditions;
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  /** Of a whole stage. */
  readonly request: ResourceAmounts;
  /** Of each container. */
  readonly limit: ResourceAmounts;
  /** An empty map is set: it takes the selector of the pipeline away. */
  readonly nodeSelector: ReadonlyMap<string, string> | undefined;
  readonly serviceAccount: string;
  readonly tolerations: readonly Toleration[];
  /** Keys under `kubernetes` that pipelines may use; undefined leaves it to the runner. */
  readonly allow: readonly Switch[] | undefined;
  /** Where the pipeline names none, or may not. */
  readonly priorityClass: string;
  /** That a pipeline may name; undefined: any but those of the system. */
  readonly priorityClasses: readonly string[] | undefined;
  readonly runtimeClass: string;
  readonly runtimeClasses: readonly string[] | undefined;
}

/** Globs of repositories by namespace. A namespace that is not in it is open to all. */
export type NamespaceRules = ReadonlyMap<string, readonly string[]>;

export interface DaemonConfig {
  readonly logLevel: 'info' | 'debug' | 'trace';
  readonly rpc: {
    /** URL without a slash at its end. */
    readonly server: string;
    readonly secret: string;
    readonly skipVerify: boolean;
    /** What of requests to the server is logged; in `bodies` secrets may stand. */
    readonly dump: 'nothing' | 'headers' | 'bodies';
    /** Of a Drone user. */
    readonly userToken: string | undefined;
  };
  /** '' where none is set. `all` is for the steps only, which get the others too. */
  readonly proxy: {
    readonly http: string;
    readonly https: string;
    readonly none: string;
    readonly all: string;
  };
  readonly runner: {
    readonly name: string;
    /** Stages of one replica at the same time. */
    readonly capacity: number;
    /** Stages of all replicas at the same time in one namespace; 0 is no limit. */
    readonly namespaceCapacity: number;
    /** How often a stage is run again that the cluster ended before its first step. */
    readonly retryLimit: number;
    /** For the queue of the server. */
    readonly labels: ReadonlyMap<string, string>;
    /** Of every step; the file of variables is merged in. */
    readonly environment: ReadonlyMap<string, string>;
    /** By name, as it is written. */
    readonly secrets: ReadonlyMap<string, string>;
    readonly volumes: readonly HostVolume[];
    readonly privilegedImages: readonly string[];
    /** Are cards taken out of the logs? */
    readonly cards: boolean;
    readonly coordinatorImage: string;
  };
  readonly limits: {
    readonly repos: readonly string[];
    readonly events: readonly string[];
    readonly trusted: boolean;
  };
  /** CPU in millicores, memory in bytes; 0 is "not set". */
  readonly resources: {
    /** Of a whole stage. */
    readonly request: ResourceAmounts;
    /** Of a whole stage, at least, for each of its containers. */
    readonly minRequest: ResourceAmounts;
    /** Of each step. */
    readonly limit: ResourceAmounts;
  };
  readonly policies: readonly Policy[];
  /** Keys under `kubernetes` that pipelines may use whose policy says nothing about it. */
  readonly allow: readonly Switch[];
  readonly namespaces: {
    /** May be `drone-`: one for each stage. */
    readonly default: string;
    readonly rules: NamespaceRules;
  };
  readonly extensions: {
    readonly secret: Extension | undefined;
    readonly registry: Extension | undefined;
    readonly env: Extension | undefined;
  };
  /** Path of a Docker config.json, to be read for each stage. */
  readonly dockerConfig: string | undefined;
  readonly registries: {
    /** Are they asked what images run? */
    readonly lookUp: boolean;
    /** The address of a registry, by the name that images have it under. */
    readonly mirrors: ReadonlyMap<string, string>;
  };
  readonly clone: {
    readonly image: string;
    /** Does the clone step alone get the credentials of the Git server? */
    readonly netrcOnly: boolean;
  };
  readonly defaults: {
    readonly labels: ReadonlyMap<string, string>;
    readonly annotations: ReadonlyMap<string, string>;
    readonly nodeSelector: ReadonlyMap<string, string>;
    /** '' where none is set. */
    readonly serviceAccount: string;
  };
  readonly tmate: {
    readonly enabled: boolean;
    readonly image: string;
    readonly host: string | undefined;
    readonly port: number | undefined;
    readonly fingerprintRsa: string | undefined;
    readonly fingerprintEd25519: string | undefined;
  };
  readonly dashboard: {
    /** Of health and metrics too. */
    readonly address: ListenAddress;
    readonly username: string;
    /** undefined: there is no dashboard. */
    readonly password: string | undefined;
    readonly realm: string;
  };
  readonly kube: {
    /** undefined: as kubectl does, or the service account of the Pod. */
    readonly kubeconfig: string | undefined;
    readonly qps: number;
    readonly burst: number;
    /** Of records and Leases; undefined: the one of the Pod, or of the kubeconfig. */
    readonly namespace: string | undefined;
    readonly pod: { readonly name: string; readonly uid: string } | undefined;
    readonly leaseDurationSeconds: number;
  };
  /** Milliseconds. */
  readonly timeouts: {
    readonly queued: number;
    readonly unschedulable: number;
    readonly starting: number;
  };
}
