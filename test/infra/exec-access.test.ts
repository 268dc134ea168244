import { describe, expect, test } from '@jest/globals';
import type { ExecAccess } from '../../infra/environments/settings.ts';
import { POD_SECURITY_LEVELS } from '../../policies/pod-security.ts';
import { EXEC_PERMISSIONS } from '../../runtime/contract.ts';
import { charts, withAccess, type Manifest } from './support.ts';

const manifests = (execAccess: Partial<ExecAccess> = {}): readonly Manifest[] =>
  charts(withAccess(execAccess))['exec-access'] ?? [];

function manifest(kind: string, execAccess: Partial<ExecAccess> = {}): Manifest {
  const [found, ...others] = manifests(execAccess).filter((object) => object.kind === kind);
  expect(others).toEqual([]);
  if (found === undefined) throw new Error(`no ${kind} was made`);
  return found;
}

test('every object says what it belongs to', () => {
  for (const { metadata } of manifests()) {
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'drone-kube',
      'app.kubernetes.io/component': 'exec-access',
    });
  }
});

describe('the Role', () => {
  test('grants the permissions of the contract and nothing else', () => {
    expect(manifest('Role')['rules']).toEqual(
      EXEC_PERMISSIONS.map(({ group, resource, verbs }) => ({
        apiGroups: [group],
        resources: [resource],
        verbs,
      })),
    );
  });

  test('says of each permission why', () => {
    const description = manifest('Role').metadata.annotations?.['kubernetes.io/description'];
    for (const { resource, reason } of EXEC_PERMISSIONS) {
      expect(description).toContain(`${resource}: ${reason}`);
    }
  });

  test('is bound to the subjects of the settings', () => {
    const binding = manifest('RoleBinding', {
      subjects: [
        { kind: 'Group', name: 'developers' },
        { kind: 'User', name: 'octocat' },
      ],
    });
    const apiGroup = 'rbac.authorization.k8s.io';
    expect(binding).toMatchObject({
      roleRef: { apiGroup, kind: 'Role', name: manifest('Role').metadata.name },
      subjects: [
        { apiGroup, kind: 'Group', name: 'developers' },
        { apiGroup, kind: 'User', name: 'octocat' },
      ],
    });
  });
});

test.each(POD_SECURITY_LEVELS)('the namespace enforces %s, of a fixed version', (podSecurity) => {
  const { labels } = manifest('Namespace', { podSecurity }).metadata;
  expect(labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': podSecurity,
    'pod-security.kubernetes.io/audit': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  });
  for (const mode of ['enforce', 'audit', 'warn']) {
    expect(labels[`pod-security.kubernetes.io/${mode}-version`]).toMatch(/^v1\.\d+$/);
  }
});

test('the quota bounds Pods and requests, and asks for no limits', () => {
  expect(manifest('ResourceQuota')['spec']).toEqual({
    hard: { pods: '5', 'requests.cpu': '2', 'requests.memory': '4Gi' },
  });
});
