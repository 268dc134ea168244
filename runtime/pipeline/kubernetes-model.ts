/** What stands under `kubernetes:` of a pipeline or a step. undefined, 0 and '' are "not said". */
import type { AffinitySchema } from './kubernetes-schema.ts';
import type { Infer } from './schema.ts';

export interface SeccompProfile {
  readonly type: string | undefined;
  readonly localhostProfile: string;
}

interface SecurityKeys {
  readonly runAsNonRoot: boolean | undefined;
  readonly seccompProfile: SeccompProfile | undefined;
}

export interface StageSecurity extends SecurityKeys {
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  readonly fsGroup: number | undefined;
  readonly fsGroupChangePolicy: string | undefined;
  readonly supplementalGroups: readonly number[];
}

/** Without user and group: those are `Step.user` and `Step.group`, whichever key says them. */
export interface StepSecurity extends SecurityKeys {
  readonly readOnlyRootFilesystem: boolean | undefined;
  readonly allowPrivilegeEscalation: boolean | undefined;
  readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
}

/** The volume of the workspace; all "not said" is an empty folder of the node. */
export interface WorkspaceVolume {
  /** Bytes. */
  readonly size: number;
  readonly inMemory: boolean;
  readonly storageClass: string;
  /** Of a claim that is there. */
  readonly claim: string;
}

export interface StageKubernetes {
  readonly priorityClass: string;
  readonly runtimeClass: string;
  readonly nodeSelector: ReadonlyMap<string, string>;
  /** As it stands in the file, because what is wrong with it is told with its place. */
  readonly affinity: Infer<AffinitySchema> | undefined;
  /** Bytes that the Pod requests. */
  readonly ephemeralStorage: number;
  readonly securityContext: StageSecurity | undefined;
  readonly workspace: WorkspaceVolume | undefined;
}

/** Amounts by the name of the resource, as they are written; `readAmount` reads them. */
export type WrittenAmounts = ReadonlyMap<string, string>;

export interface StepKubernetes {
  readonly requests: WrittenAmounts;
  readonly limits: WrittenAmounts;
  readonly securityContext: StepSecurity | undefined;
}
