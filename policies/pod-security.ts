/** The Pod Security levels of the namespaces that we deploy, as labels. */

/** What Kubernetes calls the Pod Security Standards, from the loosest to the strictest. */
export const POD_SECURITY_LEVELS = ['privileged', 'baseline', 'restricted'] as const;

export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];

/**
 * The rules as of this Kubernetes minor. `latest` would let an upgrade of the cluster decide
 * which pipelines are refused; an older API server takes a version it does not know for `latest`.
 */
export const POD_SECURITY_VERSION = 'v1.34';

/**
 * The labels of a namespace that enforces a level. Whatever it enforces, it warns and audits by
 * `restricted`, so that one can see what would break before the level is raised.
 */
export const podSecurityLabels = (enforce: PodSecurityLevel): Readonly<Record<string, string>> => ({
  'pod-security.kubernetes.io/enforce': enforce,
  'pod-security.kubernetes.io/enforce-version': POD_SECURITY_VERSION,
  'pod-security.kubernetes.io/audit': 'restricted',
  'pod-security.kubernetes.io/audit-version': POD_SECURITY_VERSION,
  'pod-security.kubernetes.io/warn': 'restricted',
  'pod-security.kubernetes.io/warn-version': POD_SECURITY_VERSION,
});
