/** What Argo CD and Flux are told of every object. */
import { ApiObject, type ApiObjectProps } from 'cdk8s';
import type { Part } from '../constructs/part.ts';

/**
 * Variables of pipelines look like those that Flux can replace in what it applies. Ours must come
 * through as they are, whatever else is in the same Kustomization.
 */
const UNCHANGED = { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' };

/**
 * A namespace takes everything that is in it along: only a person may do that. Argo CD is not to wait
 * for one either (`Prune=confirm`), since it applies nothing and puts nothing back until then.
 */
const KEPT = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  // One that is left is no difference.
  'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/** Nobody may do anything without them until the very end. */
const PRUNED_LAST = { 'argocd.argoproj.io/sync-options': 'PruneLast=true' };

const ACCESS: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'ServiceAccount',
]);

/** Argo CD would fail before an operator or an autoscaler has brought these types. */
const TYPES_COME_LATER = { 'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true' };

const OF_OTHERS: ReadonlySet<string> = new Set([
  'CapacityBuffer',
  'ExternalSecret',
  'SealedSecret',
]);

export function annotate(part: Part): void {
  for (const object of part.objects) {
    const annotations = {
      ...UNCHANGED,
      'argocd.argoproj.io/sync-wave': String(part.wave),
      ...(object.kind === 'Namespace' ? KEPT : {}),
      ...(ACCESS.has(object.kind) ? PRUNED_LAST : {}),
      ...(OF_OTHERS.has(object.kind) ? TYPES_COME_LATER : {}),
    };
    for (const [key, value] of Object.entries(annotations)) {
      object.metadata.addAnnotation(key, value);
    }
  }
}

export interface Kind {
  readonly group: string;
  readonly kind: string;
}

/** Every kind of object that is deployed, once, by whether a namespace holds it. */
export function kindsOf(parts: readonly Part[]): {
  readonly ofCluster: readonly Kind[];
  readonly ofNamespaces: readonly Kind[];
} {
  const found = { ofCluster: new Map<string, Kind>(), ofNamespaces: new Map<string, Kind>() };
  for (const object of parts.flatMap(({ objects }) => objects)) {
    const { kind, apiGroup, metadata } = object;
    // cdk8s calls the oldest group by another name than Kubernetes.
    const group = apiGroup === 'core' ? '' : apiGroup;
    const map = metadata.namespace === undefined ? found.ofCluster : found.ofNamespaces;
    map.set(`${group}/${kind}`, { group, kind });
  }
  const sorted = (map: ReadonlyMap<string, Kind>): readonly Kind[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind);
  return { ofCluster: sorted(found.ofCluster), ofNamespaces: sorted(found.ofNamespaces) };
}

/** The namespaces that objects are in, in order. */
export const namespacesOf = (parts: readonly Part[]): readonly string[] =>
  [
    ...new Set(
      parts
        .flatMap(({ objects }) => objects)
        .flatMap(({ metadata }) => (metadata.namespace === undefined ? [] : [metadata.namespace])),
    ),
  ].sort();

/** For objects that are of Argo CD or Flux and have no type of their own in cdk8s. */
export const custom = (
  part: Part,
  apiVersion: string,
  kind: string,
  metadata: NonNullable<ApiObjectProps['metadata']> & { readonly name: string },
  spec: object,
): ApiObject =>
  new ApiObject(part, `${kind}-${metadata.name}`, { apiVersion, kind, metadata, spec });
