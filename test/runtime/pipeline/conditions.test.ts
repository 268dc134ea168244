import { describe, expect, test } from '@jest/globals';
import { matches, matchesBuild, runPolicy } from '../../../runtime/pipeline/conditions.ts';
import type { Conditions } from '../../../runtime/pipeline/model.ts';

const include = (...patterns: string[]) => ({ include: patterns, exclude: [] });
const exclude = (...patterns: string[]) => ({ include: [], exclude: patterns });

describe('globs', () => {
  test.each<[string, string, boolean]>([
    ['main', 'main', true],
    ['main', 'mainly', false],
    ['', '', true],
    ['', 'main', false],
    ['*', '', true],
    ['*', 'main', true],
    ['*', 'feature/a', false],
    ['**', 'feature/a', true],
    ['**', '', true],
    ['feature/*', 'feature/a', true],
    ['feature/*', 'feature/a/b', false],
    ['feature/**', 'feature/a/b', true],
    ['feature/**', 'feature', false],
    ['refs/tags/**', 'refs/tags/v1', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b', true],
    ['a/**/**/b', 'a/b', true],
    ['**/b', 'b', true],
    ['feature-**', 'feature-a/b', false],
    ['v?.?', 'v1.2', true],
    ['v?', 'v/', false],
    ['?', 'é', true],
    ['[a-c]x', 'bx', true],
    ['[a-c]x', 'dx', false],
    ['[^a]', 'b', true],
    ['[^a]', 'a', false],
    ['[!a]', 'b', false],
    ['[!a]', '!', true],
    ['[\\]]', ']', true],
    ['{a,b}*', 'bc', true],
    ['{a,b}*', 'cb', false],
    ['{,a}b', 'b', true],
    ['{a*,[x-z]}1', 'y1', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a/', 'a', true],
    ['/a', 'a', false],
    // Malformed: they match nothing, not even themselves.
    ['[', '[', false],
    ['[]a]', ']', false],
    ['[a-]', '-', false],
    ['{a', '{a', false],
    ['a\\', 'a\\', false],
    ['{a,b/c}', 'b/c', false],
  ])('%j on %j: %j', (pattern, text, expected) => {
    expect(matches(include(pattern), text)).toBe(expected);
    expect(matches(exclude(pattern), text)).toBe(!expected);
  });

  test('hostile globs take no time', () => {
    const started = performance.now();
    const text = 'a'.repeat(2_000);
    expect(matches(include(`${'*a'.repeat(200)}b`), text)).toBe(false);
    expect(matches(include(`${'**/'.repeat(200)}b`), 'a/'.repeat(1_000))).toBe(false);
    expect(matches(include(`${'{a,aa}'.repeat(200)}b`), text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('a condition', () => {
  test('that is absent or empty matches everything', () => {
    expect(matches(undefined, 'x')).toBe(true);
    expect(matches({ include: [], exclude: [] }, 'x')).toBe(true);
  });

  test.each([
    ['main', true],
    ['release/1', true],
    ['release/2', false],
    ['other', false],
  ])('exclude is stronger than include: %s', (branch, expected) => {
    const condition = { include: ['main', 'release/*'], exclude: ['release/2'] };
    expect(matches(condition, branch)).toBe(expected);
  });
});

describe('conditions on the build', () => {
  const build = {
    action: 'opened',
    branch: 'main',
    cron: 'nightly',
    event: 'push',
    instance: 'drone.example.com',
    ref: 'refs/heads/main',
    repo: 'octocat/hello',
    target: 'production',
  };

  test.each(Object.entries(build))('%s is compared', (key, value) => {
    expect(matchesBuild({ [key]: include(value) }, build)).toBe(true);
    expect(matchesBuild({ [key]: include('other') }, build)).toBe(false);
  });

  test('all of them have to match', () => {
    const both = { event: include('push'), branch: include('main') };
    expect(matchesBuild(both, build)).toBe(true);
    expect(matchesBuild({ ...both, repo: exclude('octocat/*') }, build)).toBe(false);
    expect(matchesBuild({}, build)).toBe(true);
  });

  test('status and paths are not looked at', () => {
    const conditions = { status: include('failure'), paths: include('docs/**') };
    expect(matchesBuild(conditions, build)).toBe(true);
  });
});

describe('after which course of the stage a step runs', () => {
  test.each<[string, Conditions, string]>([
    ['no condition', {}, 'success'],
    ['an empty one', { status: include() }, 'success'],
    ['success', { status: include('success') }, 'success'],
    ['failure', { status: include('failure') }, 'failure'],
    ['both', { status: include('success', 'failure') }, 'always'],
    ['a glob', { status: include('*') }, 'always'],
    ['not success', { status: exclude('success') }, 'failure'],
    ['not failure', { status: exclude('failure') }, 'success'],
    ['neither', { status: exclude('success', 'failure') }, 'success'],
    ['another status', { status: include('killed') }, 'success'],
    ['failure and another', { status: include('failure', 'killed') }, 'failure'],
    ['not another', { status: exclude('killed') }, 'always'],
  ])('%s', (_, conditions, expected) => {
    expect(runPolicy(conditions)).toBe(expected);
  });
});
