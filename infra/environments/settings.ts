/** What differs from one environment to the next. Plain data, written down in a file each. */
import type { PodSecurityLevel } from '../../policies/pod-security.ts';

export interface Environment {
  /** Names its folder in the output. A DNS label. */
  readonly name: string;
  readonly execAccess: ExecAccess;
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
