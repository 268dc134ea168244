/** What the reaper sees in the cluster, and what it may do about it. Plain data. */
import type { StageRecord } from '../runner/record.ts';

export const KINDS = ['Record', 'Pod', 'ConfigMap', 'Secret', 'Namespace', 'Lease'] as const;

/** `Record` is the ConfigMap of a stage in the namespace of the runner. */
export type Kind = (typeof KINDS)[number];

/** Why something is removed. */
export const REASONS = [
  /** The replica that had the stage is gone for long, and no other one took it over. */
  'owner dead',
  /** The same, and the Pod of the stage is past its deadline. */
  'deadline',
  /** The same, and the Pod of the stage is gone. */
  'no Pod',
  /** Objects of a stage that has no record. */
  'no record',
  /** Objects of a run from the command line, long past their time. */
  'exec left behind',
  /** A namespace that was made for one stage, which has no record. */
  'own namespace',
  /** The Lease of a replica that is gone for long. */
  'dead replica',
] as const;

export type Reason = (typeof REASONS)[number];

export interface Thing {
  readonly kind: Kind;
  /** '' for a Namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Unix milliseconds, by the clock of the API server. */
  readonly created: number;
}

export interface FoundRecord extends Thing {
  readonly kind: 'Record';
  /** Of the stage on the Drone server. */
  readonly stage: number;
  /** The name of the Lease of the replica that has it. */
  readonly owner: string;
  /** undefined where this version of the program cannot read it. */
  readonly content: StageRecord | undefined;
  /** Unix milliseconds since when its owner is known to have no Lease; see `mark`. */
  readonly unownedSince: number | undefined;
}

export interface FoundLease extends Thing {
  readonly kind: 'Lease';
  /** `spec.renewTime` as it is written. */
  readonly renewed: string;
  readonly durationMs: number;
  /** It was looked at twice, longer than its duration apart, and did not change. */
  readonly isQuiet: boolean;
}

/** An object of a stage: its Pod, or what the Pod reads. */
export interface FoundObject extends Thing {
  readonly kind: 'Pod' | 'ConfigMap' | 'Secret';
  /** The label `drone-kube.io/stage`: the name that all objects of one attempt share. */
  readonly group: string;
  readonly origin: 'daemon' | 'exec';
  /** Of a Pod. */
  readonly pod: PodTimes | undefined;
}

export interface PodTimes {
  /** Unix milliseconds; undefined as long as no kubelet has it. */
  readonly started: number | undefined;
  /** `activeDeadlineSeconds` as milliseconds; undefined where it has none. */
  readonly allowedMs: number | undefined;
}

/** Somebody has asked for its deletion, and it is still there. */
export interface LeavingThing extends Thing {
  /** Unix milliseconds, by the clock of the API server. */
  readonly leavingSince: number;
  /** What the cluster says that it waits for; '' where it says nothing. */
  readonly why: string;
}

/** Everything, of one Drone server. */
export interface Found {
  readonly records: readonly FoundRecord[];
  readonly leases: readonly FoundLease[];
  readonly objects: readonly FoundObject[];
  /** Those with the name of a namespace for one stage. */
  readonly namespaces: readonly Thing[];
  /** Namespaces whose objects could not all be listed: nothing in them is judged. */
  readonly unseen: ReadonlySet<string>;
  /** Of all of these kinds what is on its way out already, and is in no other list. */
  readonly leaving: readonly LeavingThing[];
}

export type Action =
  /** Nobody has the stage any more: it gets its end on the server, and all of it goes. */
  | {
      readonly kind: 'close';
      readonly reason: 'owner dead' | 'deadline' | 'no Pod';
      readonly record: FoundRecord & { readonly content: StageRecord };
      readonly objects: readonly Thing[];
    }
  /** A stage of which nobody wrote down anything: the server knows whether it still runs. */
  | {
      readonly kind: 'forget';
      readonly reason: 'no record' | 'own namespace';
      readonly stage: number;
      readonly objects: readonly Thing[];
      /**
       * Whether it goes although the server says that it runs, because its time is over. Else another
       * runner of the same server may have it, with records in another namespace.
       */
      readonly evenRunning: boolean;
    }
  | {
      readonly kind: 'remove';
      readonly reason: 'exec left behind';
      readonly objects: readonly Thing[];
    }
  /** Last of all, and only when these records (by name) are gone. */
  | {
      readonly kind: 'bury';
      readonly reason: 'dead replica';
      readonly objects: readonly [Thing];
      readonly after: readonly string[];
    }
  /** The owner has no Lease, and nobody knows since when: from now on somebody does. */
  | { readonly kind: 'mark'; readonly record: FoundRecord };

export interface Limits {
  /** Milliseconds: nothing younger is touched, and nobody is dead before that. */
  readonly graceMs: number;
  /** Unix milliseconds. */
  readonly now: number;
}
