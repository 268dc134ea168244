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
  readonly tolerations: readonly Toleration[];
  readonly resources: {
    /** Of the stage: CPU and memory each from the first of policy, pipeline and runner. */
    readonly request: ResourceAmounts;
    /** Of each container, from the policy or else the runner; a step may only lower it. */
    readonly limit: ResourceAmounts;
  };
}

/** Labels and annotations are put together; of everything else only one source counts. */
export function podSettings(
  pipeline: Pick<Pipeline, 'nodeSelector' | 'resources' | 'serviceAccountName' | 'tolerations'>,
  policy: Policy | undefined,
  { defaults, resources }: Pick<DaemonConfig, 'defaults' | 'resources'>,
): PodSettings {
  const tolerations = policy?.tolerations ?? [];
  return {
    labels: { below: defaults.labels, above: policy?.labels ?? new Map() },
    annotations: { below: defaults.annotations, above: policy?.annotations ?? new Map() },
    nodeSelector:
      policy?.nodeSelector ??
      (pipeline.nodeSelector.size > 0 ? pipeline.nodeSelector : defaults.nodeSelector),
    serviceAccountName:
      policy?.serviceAccount || pipeline.serviceAccountName || defaults.serviceAccount,
    tolerations: tolerations.length > 0 ? tolerations : pipeline.tolerations,
    resources: {
      request: firstSet(policy?.request, pipeline.resources.requests, resources.request),
      limit: firstSet(policy?.limit, resources.limit),
    },
  };
}

const firstSet = (...sources: readonly (ResourceAmounts | undefined)[]): ResourceAmounts => ({
  cpu: sources.find((source) => (source?.cpu ?? 0) > 0)?.cpu ?? 0,
  memory: sources.find((source) => (source?.memory ?? 0) > 0)?.memory ?? 0,
});
