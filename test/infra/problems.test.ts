import { describe, expect, test } from '@jest/globals';
import { settingsProblems } from '../../infra/environments/problems.ts';
import type { Environment, ExecAccess, Subject } from '../../infra/environments/settings.ts';
import { environmentOf } from './support.ts';

const found = (...environments: readonly Environment[]): readonly string[] =>
  settingsProblems(environments).map(({ path, code }) => `${path} ${code}`);

const QUOTA = environmentOf().execAccess.quota;
const group = (name: string): Subject => ({ kind: 'Group', name });
// What reaches the check of somebody who runs the sources without a type check.
const untyped: Partial<ExecAccess> = JSON.parse('{"podSecurity": "strict"}');

describe('settings in order', () => {
  test.each<Partial<ExecAccess>>([
    {},
    { podSecurity: 'restricted' },
    { podSecurity: 'privileged' },
    { namespace: 'a' },
    { namespace: `a${'-'.repeat(61)}b` },
    { subjects: [group('developers'), { kind: 'User', name: 'developers' }] },
    { subjects: [group('oidc:team/one'), group('system:serviceaccounts:tools')] },
    { quota: { pods: 1, cpu: '500m', memory: '1000000' } },
    { quota: { pods: 1, cpu: '16', memory: '1T' } },
  ])('%j', (execAccess) => {
    expect(found(environmentOf(execAccess))).toEqual([]);
  });
});

describe('each wrong setting is named by path and code', () => {
  test.each<[Partial<ExecAccess>, string]>([
    [{ namespace: '' }, 'namespace settings-namespace-name'],
    [{ namespace: 'Pipelines' }, 'namespace settings-namespace-name'],
    [{ namespace: 'pipelines-' }, 'namespace settings-namespace-name'],
    [{ namespace: 'p'.repeat(64) }, 'namespace settings-namespace-name'],
    [{ namespace: 'default' }, 'namespace settings-namespace-reserved'],
    [{ namespace: 'kube-system' }, 'namespace settings-namespace-reserved'],
    [untyped, 'podSecurity settings-pod-security'],
    [{ subjects: [] }, 'subjects settings-subjects-empty'],
    [{ subjects: [group('a'), group(' ')] }, 'subjects[1].name settings-subject-name'],
    [{ subjects: [group('a'), group('a')] }, 'subjects[1].name settings-subject-twice'],
    [{ subjects: [group('system:authenticated')] }, 'subjects[0].name settings-subject-everybody'],
    [
      { subjects: [{ kind: 'User', name: 'system:anonymous' }] },
      'subjects[0].name settings-subject-everybody',
    ],
    [{ quota: { ...QUOTA, pods: 0 } }, 'quota.pods settings-quota-pods'],
    [{ quota: { ...QUOTA, pods: 1.5 } }, 'quota.pods settings-quota-pods'],
    [{ quota: { ...QUOTA, cpu: '0' } }, 'quota.cpu settings-quota-cpu'],
    [{ quota: { ...QUOTA, cpu: '8 cores' } }, 'quota.cpu settings-quota-cpu'],
    [{ quota: { ...QUOTA, memory: '16GB' } }, 'quota.memory settings-quota-memory'],
    [{ quota: { ...QUOTA, memory: '100m' } }, 'quota.memory settings-quota-memory'],
  ])('%j', (execAccess, problem) => {
    expect(found(environmentOf(execAccess))).toEqual([`staging.execAccess.${problem}`]);
  });

  test('the name of an environment names a folder', () => {
    expect(found(environmentOf({}, '../dev'))).toEqual(['../dev settings-environment-name']);
  });

  test('two environments of one name', () => {
    expect(found(environmentOf(), environmentOf({}, 'dev'), environmentOf())).toEqual([
      'staging settings-environment-twice',
    ]);
  });

  test('all at once', () => {
    expect(
      found(environmentOf({ namespace: 'default' }, 'a'), environmentOf({ subjects: [] }, 'b')),
    ).toEqual([
      'a.execAccess.namespace settings-namespace-reserved',
      'b.execAccess.subjects settings-subjects-empty',
    ]);
  });
});
