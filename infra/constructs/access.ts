/** Roles and their bindings, from the permission tables of the contract. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Permission } from '../../runtime/contract.ts';
import { RBAC } from './names.ts';

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** What the account may do in the namespace. Role and binding get the name of the account. */
export function grant(
  scope: Construct,
  id: string,
  namespace: string,
  account: Account,
  permissions: readonly Permission[],
): void {
  const metadata = { name: account.name, namespace };
  new k8s.KubeRole(scope, `${id}-role`, {
    metadata: described(metadata, permissions),
    rules: rulesOf(permissions),
  });
  new k8s.KubeRoleBinding(scope, `${id}-role-binding`, {
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: account.name },
    subjects: [subjectOf(account)],
  });
}

/** The same in every namespace there is and will be, and for what is in none. */
export function grantEverywhere(
  scope: Construct,
  id: string,
  name: string,
  account: Account,
  permissions: readonly Permission[],
): void {
  const metadata = { name };
  new k8s.KubeClusterRole(scope, `${id}-cluster-role`, {
    metadata: described(metadata, permissions),
    rules: rulesOf(permissions),
  });
  new k8s.KubeClusterRoleBinding(scope, `${id}-cluster-role-binding`, {
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
    subjects: [subjectOf(account)],
  });
}

const subjectOf = ({ namespace, name }: Account): k8s.Subject => ({
  kind: 'ServiceAccount',
  name,
  namespace,
});

export const rulesOf = (permissions: readonly Permission[]): k8s.PolicyRule[] =>
  permissions.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs: [...verbs],
  }));

/** Why each permission is there, a line each, for who reviews the Role. */
export function described(
  metadata: k8s.ObjectMeta,
  permissions: readonly Permission[],
): k8s.ObjectMeta {
  const reasons = permissions.map(({ resource, reason }) => `${resource}: ${reason}`);
  return { ...metadata, annotations: { 'kubernetes.io/description': reasons.join('\n') } };
}
