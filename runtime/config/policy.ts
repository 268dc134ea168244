/** Which policy a build gets, and what it and the defaults do to the Pod of a stage. Pure. */
import { matchesBuild, type BuildInputs } from '../pipeline/conditions.ts';
import type { Pipeline, ResourceAmounts, Toleration } from '../pipeline/model.ts';
import type { DaemonConfig, Policy } from './types.ts';

/** The first that matches; else the one called `default`, whatever it matches; else none. */
export const choosePolicy = (policies: readonly Policy[], build: BuildInputs): Policy | undefined =>
  policies.find((policy) => matchesBuild(policy.match, build)) ??
  policies.find((policy) => policy.name === 'default');

/** Entries that go around what the pipeline says, and around the labels of the runner itself. */
export interface Layers {
  /** Below the pipeline: the defaults of the runner. */
  readonly below: ReadonlyMap<string, string>;
  /** Above everything: the policy. */
  readonly above: ReadonlyMap<string, string>;
}

export interface PodSettings {
  readonly labels: Layers;
  readonly annotations: Layers;
  readonly nodeSelector: ReadonlyMap<string, string>;
  /** '' leaves it to the namespace. */
  readonly serviceAccountName: string;
  /** '' is the default of the cluster. */
  readonly priorityClassName: string;
  readonly runtimeClassName: string;
  readonly tolerations: readonly Toleration[];
  readonly resources: {
    /** Of the stage: CPU and memory each from the first of policy, pipeline and runner. */
    readonly request: ResourceAmounts;
    /** Of each container, from the policy or else the runner; a step may only lower it. */
    readonly limit: ResourceAmounts;
  };
}

/**
 * Labels and annotations are put together; of everything else only one source counts. What the
 * pipeline says under `kubernetes` has been allowed, so that it goes over what the policy says, but
 * for the labels of nodes: no pipeline leaves the nodes that a policy has chosen.
 */
export function podSettings(
  pipeline: Pick<
    Pipeline,
    'kubernetes' | 'nodeSelector' | 'platform' | 'resources' | 'serviceAccountName' | 'tolerations'
  >,
  policy: Policy | undefined,
  { defaults, resources }: Pick<DaemonConfig, 'defaults' | 'resources'>,
): PodSettings {
  const tolerations = policy?.tolerations ?? [];
  return {
    labels: { below: defaults.labels, above: policy?.labels ?? new Map() },
    annotations: { below: defaults.annotations, above: policy?.annotations ?? new Map() },
    nodeSelector: nodeSelector(pipeline, policy, defaults.nodeSelector),
    serviceAccountName:
      policy?.serviceAccount || pipeline.serviceAccountName || defaults.serviceAccount,
    priorityClassName: pipeline.kubernetes?.priorityClass || policy?.priorityClass || '',
    runtimeClassName: pipeline.kubernetes?.runtimeClass || policy?.runtimeClass || '',
    tolerations: tolerations.length > 0 ? tolerations : pipeline.tolerations,
    resources: {
      request: firstSet(policy?.request, pipeline.resources.requests, resources.request),
      limit: firstSet(policy?.limit, resources.limit),
    },
  };
}

/**
 * Of the top-level selectors one counts: policy, pipeline, runner. `kubernetes.node_selector` is
 * added to it, and the platform where nothing else speaks of it.
 */
function nodeSelector(
  { kubernetes, nodeSelector: own, platform }: Parameters<typeof podSettings>[0],
  policy: Policy | undefined,
  fallback: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const { arch, os } = platform;
  return new Map([
    ...(arch === '' ? [] : [['kubernetes.io/arch', arch] as const]),
    ...(os === '' ? [] : [['kubernetes.io/os', os] as const]),
    ...(own.size > 0 || policy?.nodeSelector ? [] : fallback),
    ...(policy?.nodeSelector ? [] : own),
    ...(kubernetes?.nodeSelector ?? []),
    ...(policy?.nodeSelector ?? []),
  ]);
}

const firstSet = (...sources: readonly (ResourceAmounts | undefined)[]): ResourceAmounts => ({
  cpu: sources.find((source) => (source?.cpu ?? 0) > 0)?.cpu ?? 0,
  memory: sources.find((source) => (source?.memory ?? 0) > 0)?.memory ?? 0,
});
