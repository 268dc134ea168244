/**
 * What people need who run pipelines with `drone-kube exec`: a namespace, the permissions of the
 * contract in it, and a bound on what they can use up.
 *
 * Names are written out and must not change: a role binding cannot be pointed at another role,
 * and a namespace under a new name is a new namespace.
 */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { podSecurityLabels } from '../../policies/pod-security.ts';
import { EXEC_PERMISSIONS } from '../../runtime/contract.ts';
import { described, rulesOf } from '../constructs/access.ts';
import { RBAC } from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import { quota as quotaOf } from '../constructs/quotas.ts';
import type { ExecAccess } from '../environments/settings.ts';

const NAME = 'drone-kube-exec';

export class ExecAccessChart extends Part {
  constructor(
    scope: Construct,
    id: string,
    { namespace, podSecurity, subjects, quota }: ExecAccess,
  ) {
    super(scope, id, 'exec-access', 0);
    const metadata = { name: NAME, namespace };

    new k8s.KubeNamespace(this, 'namespace', {
      metadata: { name: namespace, labels: podSecurityLabels(podSecurity) },
    });
    new k8s.KubeRole(this, 'role', {
      metadata: described(metadata, EXEC_PERMISSIONS),
      rules: rulesOf(EXEC_PERMISSIONS),
    });
    new k8s.KubeRoleBinding(this, 'role-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'Role', name: NAME },
      subjects: subjects.map(({ kind, name }) => ({ apiGroup: RBAC, kind, name })),
    });
    // Requests and no limits: every container of a stage names its requests, but a limit on
    // limits would refuse each step that sets none.
    quotaOf(this, metadata, {
      pods: String(quota.pods),
      'requests.cpu': quota.cpu,
      'requests.memory': quota.memory,
    });
  }
}
