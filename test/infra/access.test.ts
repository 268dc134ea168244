import { describe, expect, test } from '@jest/globals';
import {
  REAPER_PERMISSIONS,
  RUNNER_PERMISSIONS,
  STAGE_PERMISSIONS,
  type Permission,
} from '../../runtime/contract.ts';
import { at } from '../cluster/json.ts';
import { environmentOf, everything, object, objects, type Manifest } from './support.ts';

const rules = (permissions: readonly Permission[]): readonly object[] =>
  permissions.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs,
  }));

const rolesOf = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');

describe('the permissions', () => {
  const manifests = objects(environmentOf({ trusted: { repos: ['a/b'] } }));

  test.each<[string, string, readonly Permission[]]>([
    ['drone-system', 'drone-kube', RUNNER_PERMISSIONS],
    ['drone-trusted', 'drone-kube', STAGE_PERMISSIONS],
    ['drone-untrusted', 'drone-kube', STAGE_PERMISSIONS],
    ['drone-system', 'drone-kube-reaper', REAPER_PERMISSIONS.runner],
    ['drone-trusted', 'drone-kube-reaper', REAPER_PERMISSIONS.stages],
    ['drone-untrusted', 'drone-kube-reaper', REAPER_PERMISSIONS.stages],
  ])('in %s of %s are those of the contract', (namespace, name, permissions) => {
    const role = object(manifests, 'Role', name, namespace);
    expect(role['rules']).toEqual(rules(permissions));
    for (const { resource, reason } of permissions) {
      expect(role.metadata.annotations['kubernetes.io/description']).toContain(
        `${resource}: ${reason}`,
      );
    }
    expect(object(manifests, 'RoleBinding', name, namespace)).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'drone-system' }],
    });
  });

  test('are all that is granted, and end at our namespaces', () => {
    expect(rolesOf(manifests)).toHaveLength(6);
    expect(
      manifests.filter(({ kind }) => kind.endsWith('Binding') && kind.includes('Role')),
    ).toHaveLength(6);
    expect(manifests.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
  });

  test('never let anybody run commands in Pods of others, or give rights away', () => {
    for (const role of rolesOf(objects(everything))) {
      // People stream their working tree into their own Pods.
      if (role.metadata.name === 'drone-kube-exec') continue;
      const text = JSON.stringify(role['rules']);
      for (const wide of [
        '"*"',
        'pods/exec',
        'pods/attach',
        'rbac.',
        'serviceaccounts',
        'impersonate',
        'escalate',
      ]) {
        expect(text).not.toContain(wide);
      }
    }
  });
});

test('rights in the whole cluster are there only for namespaces that are made for a stage', () => {
  const manifests = objects(environmentOf({ temporaryNamespaces: { repos: ['lab/*'] } }));
  const role = object(manifests, 'ClusterRole', 'drone-kube-temporary-namespaces');
  expect(role['rules']).toEqual([
    ...rules(STAGE_PERMISSIONS).filter((rule) => at(rule, 'resources', '0') !== 'namespaces'),
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'create', 'delete'] },
  ]);
  expect(
    object(manifests, 'ClusterRole', 'drone-kube-temporary-namespaces-reaper')['rules'],
  ).toEqual(rules(REAPER_PERMISSIONS.cluster));
});

test('no account brings a token by itself', () => {
  const accounts = objects(everything).filter(({ kind }) => kind === 'ServiceAccount');
  expect(accounts).toHaveLength(4);
  for (const account of accounts) expect(account['automountServiceAccountToken']).toBe(false);
});
