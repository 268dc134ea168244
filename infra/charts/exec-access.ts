/**
 * What people need who run pipelines with `drone-kube exec`: a namespace, the permissions of the
 * contract in it, and a bound on what they can use up.
 *
 * Names are written out and must not change: a role binding cannot be pointed at another role,
 * and a namespace under a new name is a new namespace.
 */
import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { podSecurityLabels } from '../../policies/pod-security.ts';
import { EXEC_PERMISSIONS } from '../../runtime/contract.ts';
import type { ExecAccess } from '../environments/settings.ts';

const RBAC = 'rbac.authorization.k8s.io';
const NAME = 'drone-kube-exec';
const LABELS = {
  'app.kubernetes.io/name': 'drone-kube',
  'app.kubernetes.io/component': 'exec-access',
};

export class ExecAccessChart extends Chart {
  constructor(
    scope: Construct,
    id: string,
    { namespace, podSecurity, subjects, quota }: ExecAccess,
  ) {
    // Not the chart's own `namespace`: cdk8s would write it onto the Namespace object as well.
    super(scope, id, { labels: LABELS, disableResourceNameHashes: true });
    const metadata = { name: NAME, namespace };

    new k8s.KubeNamespace(this, 'namespace', {
      metadata: { name: namespace, labels: podSecurityLabels(podSecurity) },
    });
    new k8s.KubeRole(this, 'role', {
      metadata: { ...metadata, annotations: { 'kubernetes.io/description': reasons() } },
      rules: EXEC_PERMISSIONS.map(({ group, resource, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs: [...verbs],
      })),
    });
    new k8s.KubeRoleBinding(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: NAME },
      subjects: subjects.map(({ kind, name }) => ({ apiGroup: RBAC, kind, name })),
    });
    // Requests and no limits: every container of a stage names its requests, but a limit on
    // limits would refuse each step that sets none.
    new k8s.KubeResourceQuota(this, 'quota', {
      metadata,
      spec: {
        hard: {
          pods: k8s.Quantity.fromString(String(quota.pods)),
          'requests.cpu': k8s.Quantity.fromString(quota.cpu),
          'requests.memory': k8s.Quantity.fromString(quota.memory),
        },
      },
    });
  }
}

/** Why each permission is there, a line each, for who reviews the Role. */
const reasons = (): string =>
  EXEC_PERMISSIONS.map(({ resource, reason }) => `${resource}: ${reason}`).join('\n');
