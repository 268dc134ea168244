import { describe, expect, test } from '@jest/globals';
import { refuseBuild } from '../../../runtime/config/admission.ts';
import type { DaemonConfig } from '../../../runtime/config/types.ts';

const limits = (differs: Partial<DaemonConfig['limits']>): DaemonConfig['limits'] => ({
  repos: [],
  events: [],
  trusted: false,
  ...differs,
});
const BUILD = { slug: 'octocat/hello', trusted: false, event: 'push' };

describe('what the runner works for', () => {
  test.each<[string, Partial<DaemonConfig['limits']>, Partial<typeof BUILD>, string | undefined]>([
    ['no limits', {}, {}, undefined],
    ['a repository', { repos: ['octocat/hello'] }, {}, undefined],
    ['one of several', { repos: ['a/b', 'octocat/*'] }, {}, undefined],
    ['another repository', { repos: ['a/b'] }, {}, 'admission-repo'],
    ['an event', { events: ['push', 'tag'] }, {}, undefined],
    ['a glob of events', { events: ['pu*'] }, {}, undefined],
    ['another event', { events: ['tag'] }, {}, 'admission-event'],
    ['not trusted', { trusted: true }, {}, 'admission-trusted'],
    ['trusted', { trusted: true }, { trusted: true }, undefined],
    ['all count', { repos: ['octocat/*'], events: ['tag'] }, {}, 'admission-event'],
  ])('%s', (_, differs, build, code) => {
    expect(refuseBuild(limits(differs), { ...BUILD, ...build })?.code).toBe(code);
  });

  test.each<[string, string, boolean]>([
    ['octocat/*', 'octocat/hello', true],
    ['octocat/*', 'octocat/group/hello', false],
    ['*', 'octocat/hello', false],
    ['*/*', 'octocat/hello', true],
    ['**', 'octocat/hello', false],
    ['octocat/**', 'octocat/hello', true],
    ['octocat/**', 'octocat/group/hello', false],
    ['octocat/{hello,world}', 'octocat/hello', false],
    ['octocat/{a}', 'octocat/{a}', true],
    ['octocat/\\{a}', 'octocat/{a}', true],
    ['octocat/h[a-f]llo', 'octocat/hello', true],
    ['octocat/h[^a-f]llo', 'octocat/hello', false],
    ['octocat/h?llo', 'octocat/hello', true],
    ['octocat/[', 'octocat/[', false],
  ])('%s and %s: %s', (pattern, slug, taken) => {
    const refusal = refuseBuild(limits({ repos: [pattern] }), { ...BUILD, slug });
    expect(refusal === undefined).toBe(taken);
  });

  test('a refusal says what to do', () => {
    expect(refuseBuild(limits({ repos: ['a/b'] }), BUILD)).toEqual({
      code: 'admission-repo',
      message: 'this runner does not work for the repository octocat/hello',
      fix: expect.stringContaining('DRONE_LIMIT_REPOS'),
    });
  });
});
