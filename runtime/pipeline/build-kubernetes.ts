/** From the decoded keys under `kubernetes:` to the model. */
import type {
  SeccompProfile,
  StageKubernetes,
  StageSecurity,
  StepKubernetes,
  StepSecurity,
  WorkspaceVolume,
} from './kubernetes-model.ts';
import type {
  SeccompSchema,
  StageKubernetesSchema,
  StepKubernetesSchema,
} from './kubernetes-schema.ts';
import type { Infer } from './schema.ts';

const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

export function buildStageKubernetes(
  decoded: Infer<StageKubernetesSchema> | undefined,
): StageKubernetes | undefined {
  if (decoded === undefined) return undefined;
  const { fields } = decoded;
  return {
    priorityClass: fields.priority_class ?? '',
    runtimeClass: fields.runtime_class ?? '',
    nodeSelector: fields.node_selector ?? EMPTY,
    affinity: fields.affinity,
    ephemeralStorage: fields.resources?.fields.requests?.fields.ephemeral_storage ?? 0,
    securityContext: stageSecurity(fields.security_context),
    workspace: workspace(fields.workspace),
  };
}

export function buildStepKubernetes(
  decoded: Infer<StepKubernetesSchema> | undefined,
): StepKubernetes | undefined {
  if (decoded === undefined) return undefined;
  const { resources, security_context: security } = decoded.fields;
  return {
    requests: resources?.fields.requests ?? EMPTY,
    limits: resources?.fields.limits ?? EMPTY,
    securityContext: stepSecurity(security),
  };
}

type Part<
  Whole extends StageKubernetesSchema | StepKubernetesSchema,
  Key extends string,
> = Infer<Whole>['fields'] extends { readonly [name in Key]?: infer Value }
  ? Value | undefined
  : never;

function stageSecurity(
  decoded: Part<StageKubernetesSchema, 'security_context'>,
): StageSecurity | undefined {
  if (decoded === undefined) return undefined;
  const { fields } = decoded;
  return {
    runAsUser: fields.run_as_user,
    runAsGroup: fields.run_as_group,
    runAsNonRoot: fields.run_as_non_root,
    seccompProfile: seccomp(fields.seccomp_profile),
    fsGroup: fields.fs_group,
    fsGroupChangePolicy: fields.fs_group_change_policy,
    supplementalGroups: fields.supplemental_groups ?? [],
  };
}

function stepSecurity(
  decoded: Part<StepKubernetesSchema, 'security_context'>,
): StepSecurity | undefined {
  if (decoded === undefined) return undefined;
  const { fields } = decoded;
  return {
    runAsNonRoot: fields.run_as_non_root,
    seccompProfile: seccomp(fields.seccomp_profile),
    readOnlyRootFilesystem: fields.read_only_root_filesystem,
    allowPrivilegeEscalation: fields.allow_privilege_escalation,
    capabilities: {
      add: fields.capabilities?.fields.add ?? [],
      drop: fields.capabilities?.fields.drop ?? [],
    },
  };
}

const seccomp = (decoded: Infer<SeccompSchema> | undefined): SeccompProfile | undefined =>
  decoded && {
    type: decoded.fields.type,
    localhostProfile: decoded.fields.localhost_profile ?? '',
  };

const workspace = (
  decoded: Part<StageKubernetesSchema, 'workspace'>,
): WorkspaceVolume | undefined =>
  decoded && {
    size: decoded.fields.size ?? 0,
    inMemory: decoded.fields.medium === 'memory',
    storageClass: decoded.fields.storage_class ?? '',
    claim: decoded.fields.claim ?? '',
  };
