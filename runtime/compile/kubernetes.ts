/** What the keys under `kubernetes` of the pipeline and its steps make of the Pod. */
import type { PodSettings } from '../config/policy.ts';
import { OWN_RESOURCES, readAmount } from '../pipeline/amounts.ts';
import type { SeccompProfile, StageSecurity, StepSecurity } from '../pipeline/kubernetes-model.ts';
import type { Pipeline, ResourceAmounts } from '../pipeline/model.ts';
import type { SecurityContext, Volume } from './objects.ts';
import type { SourceStep } from './plan.ts';
import { toQuantities } from './resources.ts';

/** Parts of the Pod's spec; absent where neither pipeline nor policy says anything. */
export function kubernetesOptions(
  { kubernetes }: Pick<Pipeline, 'kubernetes'>,
  { priorityClassName, runtimeClassName }: PodSettings,
): Readonly<Record<string, unknown>> {
  const security = stageSecurity(kubernetes?.securityContext);
  return {
    ...(priorityClassName === '' ? {} : { priorityClassName }),
    ...(runtimeClassName === '' ? {} : { runtimeClassName }),
    ...(kubernetes?.affinity === undefined ? {} : { affinity: plain(kubernetes.affinity) }),
    ...(Object.keys(security).length === 0 ? {} : { securityContext: security }),
  };
}

/** A decoded part of the file, of which every key is one of Kubernetes, as Kubernetes takes it. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries<unknown>(value);
  if (typeof value !== 'object' || value === null || !('fields' in value)) return value;
  const fields = Object.entries(value.fields ?? {});
  return Object.fromEntries(fields.map(([key, inner]) => [key, plain(inner)]));
}

/** Without what is undefined. */
const said = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const stageSecurity = (security: StageSecurity | undefined): Readonly<Record<string, unknown>> =>
  security === undefined
    ? {}
    : said({
        runAsUser: security.runAsUser,
        runAsGroup: security.runAsGroup,
        runAsNonRoot: security.runAsNonRoot,
        fsGroup: security.fsGroup,
        fsGroupChangePolicy: security.fsGroupChangePolicy,
        supplementalGroups:
          security.supplementalGroups.length === 0 ? undefined : security.supplementalGroups,
        ...seccompOf(security.seccompProfile),
      });

/** Of the container of a step; `base` is what it has without. User and group are not among it. */
export function stepSecurity(
  security: StepSecurity | undefined,
  base: SecurityContext,
): SecurityContext {
  if (security === undefined) return base;
  const { allowPrivilegeEscalation, capabilities, readOnlyRootFilesystem, runAsNonRoot } = security;
  const drop = capabilities.drop.length > 0 ? capabilities.drop : base.capabilities?.drop;
  const { add } = capabilities;
  return {
    ...base,
    ...(allowPrivilegeEscalation === undefined ? {} : { allowPrivilegeEscalation }),
    ...(readOnlyRootFilesystem === undefined ? {} : { readOnlyRootFilesystem }),
    ...(runAsNonRoot === undefined ? {} : { runAsNonRoot }),
    ...(drop === undefined && add.length === 0
      ? {}
      : {
          capabilities: {
            ...(add.length === 0 ? {} : { add }),
            ...(drop === undefined ? {} : { drop }),
          },
        }),
    ...seccompOf(security.seccompProfile),
  };
}

function seccompOf(profile: SeccompProfile | undefined): Pick<SecurityContext, 'seccompProfile'> {
  if (profile?.type === undefined) return {};
  const { localhostProfile, type } = profile;
  return {
    seccompProfile: { type, ...(localhostProfile === '' ? {} : { localhostProfile }) },
  };
}

/** The volume behind the workspace. A claim that is made for the run goes with its Pod. */
export function workspaceVolume(
  name: string,
  { kubernetes }: Pick<Pipeline, 'kubernetes'>,
): Volume {
  const { claim, inMemory, size, storageClass } = kubernetes?.workspace ?? NO_WORKSPACE;
  if (claim !== '') return { name, persistentVolumeClaim: { claimName: claim } };
  if (storageClass !== '') {
    const spec = {
      accessModes: ['ReadWriteOnce'],
      storageClassName: storageClass,
      resources: { requests: { storage: String(size) } },
    };
    return { name, ephemeral: { volumeClaimTemplate: { spec } } };
  }
  return {
    name,
    emptyDir: {
      ...(inMemory ? { medium: 'Memory' } : {}),
      ...(size > 0 ? { sizeLimit: String(size) } : {}),
    },
  };
}

const NO_WORKSPACE = { claim: '', inMemory: false, size: 0, storageClass: '' };

export interface StepAmounts {
  /** CPU and memory that the step requests itself; 0 is nothing. */
  readonly own: ResourceAmounts;
  /** Other resources, by their names and with their quantities. */
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/**
 * What a step asks for itself; `limit` is what it may use of CPU and memory, and no request may be
 * above a limit. Of an extended resource request and limit are the same.
 */
export function stepAmounts({ source }: SourceStep, limit: ResourceAmounts): StepAmounts {
  const { limits, requests } = source?.kubernetes ?? { limits: new Map(), requests: new Map() };
  const read = (amounts: ReadonlyMap<string, string>, name: string): number => {
    const amount = readAmount(name, amounts.get(name) ?? '0');
    return 'value' in amount ? amount.value : 0;
  };
  const capped = (wanted: number, most: number): number =>
    most > 0 ? Math.min(wanted, most) : wanted;

  const extended = [...requests.keys(), ...limits.keys()].filter(
    (name) => !OWN_RESOURCES.some((own) => own === name),
  );
  const pieces = Object.fromEntries(
    extended.map((name) => [name, String(Math.max(read(requests, name), read(limits, name)))]),
  );
  const most = read(limits, 'ephemeral_storage');
  const disk = capped(read(requests, 'ephemeral_storage'), most);
  return {
    own: {
      cpu: capped(read(requests, 'cpu'), limit.cpu),
      memory: capped(read(requests, 'memory'), limit.memory),
    },
    requests: { ...(disk > 0 ? { 'ephemeral-storage': String(disk) } : {}), ...pieces },
    limits: { ...(most > 0 ? { 'ephemeral-storage': String(most) } : {}), ...pieces },
  };
}

/**
 * What stands on the coordinator: the request of the stage, but for what steps request themselves.
 * The Pod then requests as much as the stage, or as all those steps where that is more.
 */
export function coordinatorRequest(
  stage: ResourceAmounts,
  own: readonly ResourceAmounts[],
  ephemeralStorage: number,
): Readonly<Record<string, string>> {
  const rest = (key: 'cpu' | 'memory'): number =>
    Math.max(0, stage[key] - own.reduce((sum, amounts) => sum + amounts[key], 0));
  const isSplit = own.some(({ cpu, memory }) => cpu > 0 || memory > 0);
  return {
    // A quota asks every container for a request, were it of nothing.
    ...(isSplit ? { cpu: '0', memory: '0' } : {}),
    ...toQuantities({ cpu: rest('cpu'), memory: rest('memory') }),
    ...(ephemeralStorage > 0 ? { 'ephemeral-storage': String(ephemeralStorage) } : {}),
  };
}

/** Does the step ask for anything that only a container from the beginning can be given? */
export const hasOwnAmounts = ({ source }: SourceStep): boolean =>
  source?.kubernetes !== undefined &&
  source.kubernetes.requests.size + source.kubernetes.limits.size > 0;
