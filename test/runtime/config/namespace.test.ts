import { describe, expect, test } from '@jest/globals';
import { namespaceOf, type NamespaceInput } from '../../../runtime/config/namespace.ts';

const RULES = new Map([
  ['production', ['octocat/deploy', 'octocat/infra-*']],
  ['closed', []],
  ['drone-', ['octocat/**']],
  ['deep', ['octocat/**']],
]);

const input = (differs: Partial<NamespaceInput>): NamespaceInput => ({
  pipeline: '',
  policy: '',
  fallback: 'default',
  rules: RULES,
  slug: 'octocat/hello',
  temporary: 'drone-abc',
  ...differs,
});

describe('the namespace of a stage', () => {
  test.each<[string, Partial<NamespaceInput>, string, boolean]>([
    ['the default', {}, 'default', false],
    ['the pipeline', { pipeline: 'own' }, 'own', false],
    ['the policy', { pipeline: 'own', policy: 'policy' }, 'policy', false],
    ['one for the stage, by default', { fallback: 'drone-' }, 'drone-abc', true],
    ['one for the stage, by the pipeline', { pipeline: 'drone-' }, 'drone-abc', true],
    ['one for the stage, by the policy', { policy: 'drone-' }, 'drone-abc', true],
    ['the policy instead of one for the stage', { fallback: 'drone-', policy: 'a' }, 'a', false],
    ['allowed', { pipeline: 'production', slug: 'octocat/infra-dns' }, 'production', false],
    ['allowed with all below', { pipeline: 'deep', slug: 'octocat/a/b' }, 'deep', false],
    ['rules are not about the default', { fallback: 'closed' }, 'closed', false],
    ['rules are not about the policy', { policy: 'closed' }, 'closed', false],
  ])('%s', (_, differs, name, temporary) => {
    expect(namespaceOf(input(differs))).toEqual({ name, temporary });
  });

  test.each<[string, Partial<NamespaceInput>, string, string]>([
    [
      'a repository that the rules do not name',
      { pipeline: 'production' },
      'namespace-restricted',
      'the repository octocat/hello may not use the namespace "production"',
    ],
    [
      'also where the policy goes over it',
      { pipeline: 'production', policy: 'builds' },
      'namespace-restricted',
      'may not use the namespace "production"',
    ],
    ['closed to all', { pipeline: 'closed' }, 'namespace-restricted', '"closed"'],
    ['one for the stage', { pipeline: 'drone-', slug: 'x/y' }, 'namespace-restricted', '"drone-"'],
    ['no name', { pipeline: '../kube-system' }, 'namespace-invalid', 'is "../kube-system"'],
    ['a subdomain', { pipeline: 'a.b' }, 'namespace-invalid', 'not the name of a namespace'],
  ])('refused: %s', (_, differs, code, message) => {
    expect(namespaceOf(input(differs))).toEqual({
      refusal: { code, message: expect.stringContaining(message), fix: expect.any(String) },
    });
  });
});
