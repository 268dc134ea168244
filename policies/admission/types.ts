/** What an admission rule is, and what it looks at. */
import type { AdmissionParameters, ParameterName } from './parameters.ts';

/** Which repositories a namespace is for. Drone calls a repository trusted; nobody else does. */
export type Trust = 'trusted' | 'untrusted';

/**
 * One rule, twice: as CEL for the API server and as a function for everybody else. Both list what
 * breaks the rule, in the same words and order; an empty list lets the Pod pass.
 */
export interface AdmissionRule {
  /** Kebab-case. With `admission-` before it: the code in messages. Never changes its meaning. */
  readonly id: string;
  /** For the table of rules, a sentence. */
  readonly title: string;
  /** Does it hold in namespaces of trusted repositories as well? */
  readonly trust: 'both' | 'untrusted';
  /** Would any Pod of ours be wrong that breaks it, not only one of a stage? */
  readonly everyPod: boolean;
  /** Of the type list of string. Reads the objects of the request, and the parameters as `variables.NAME`. */
  readonly cel: string;
  readonly find: (attempt: Attempt, parameters: AdmissionParameters) => readonly string[];
  /** After what was found and a colon: what is wrong with it. No full stop. */
  readonly message: string;
  /** What to write instead. No full stop. */
  readonly fix: string;
  readonly parameters: readonly ParameterName[];
}

/** What somebody asks the API server for. */
export interface Attempt {
  readonly operation: 'CREATE' | 'UPDATE';
  /** '' is the Pod itself. */
  readonly subresource: '' | 'ephemeralcontainers' | 'resize';
  /** As the API server knows who asks: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly user: string;
  readonly pod: PodLike;
  /** The Pod as it is, for UPDATE. */
  readonly old?: PodLike;
}

/** A Pod as JSON, as far as rules read it, before or after the API server filled in its defaults. */
export interface PodLike {
  readonly metadata: {
    readonly name?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpecLike;
}

export interface PodSpecLike {
  readonly containers: readonly ContainerLike[];
  readonly initContainers?: readonly ContainerLike[];
  readonly ephemeralContainers?: readonly ContainerLike[];
  readonly volumes?: readonly VolumeLike[];
  readonly activeDeadlineSeconds?: number;
  readonly affinity?: {
    readonly podAffinity?: PodAffinityLike;
    readonly podAntiAffinity?: PodAffinityLike;
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms?: readonly NodeTerm[];
      };
      readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
        readonly preference?: NodeTerm;
      }[];
    };
  };
  readonly automountServiceAccountToken?: boolean;
  readonly hostIPC?: boolean;
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly imagePullSecrets?: readonly Named[];
  readonly nodeName?: string;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly priorityClassName?: string;
  readonly resourceClaims?: readonly Named[];
  readonly resources?: ResourcesLike;
  readonly restartPolicy?: string;
  readonly runtimeClassName?: string;
  readonly securityContext?: { readonly seccompProfile?: SeccompLike };
  readonly serviceAccountName?: string;
  readonly tolerations?: readonly {
    readonly key?: string;
    readonly tolerationSeconds?: number;
  }[];
}

interface SeccompLike {
  readonly type?: string;
}

export interface PodAffinityLike {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly podAffinityTerm?: PodTerm;
  }[];
}

export interface PodTerm {
  readonly namespaces?: readonly string[];
  readonly namespaceSelector?: object;
}

export interface Named {
  readonly name?: string;
}

export interface NodeTerm {
  readonly matchExpressions?: readonly { readonly key: string }[];
  readonly matchFields?: readonly { readonly key: string }[];
}

export interface ResourcesLike {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
  readonly claims?: readonly Named[];
}

export interface ContainerLike {
  readonly name: string;
  readonly image?: string;
  readonly env?: readonly {
    readonly valueFrom?: {
      readonly configMapKeyRef?: Named;
      readonly secretKeyRef?: Named;
    };
  }[];
  readonly envFrom?: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly ports?: readonly { readonly hostPort?: number }[];
  readonly resources?: ResourcesLike;
  readonly securityContext?: {
    readonly privileged?: boolean;
    readonly procMount?: string;
    readonly capabilities?: { readonly add?: readonly string[] };
    readonly seccompProfile?: SeccompLike;
  };
  readonly volumeMounts?: readonly { readonly name: string; readonly readOnly?: boolean }[];
}

/** A name and one key more, which says the kind of the volume; without that key it is an `emptyDir`. */
export interface VolumeLike {
  readonly name: string;
  readonly configMap?: Named;
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly ephemeral?: {
    readonly volumeClaimTemplate?: { readonly spec?: { readonly storageClassName?: string } };
  };
  readonly hostPath?: { readonly path: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: {
    readonly sources?: readonly {
      readonly serviceAccountToken?: { readonly audience?: string };
      readonly configMap?: Named;
      readonly downwardAPI?: object;
    }[];
  };
  readonly secret?: { readonly secretName?: string };
}
