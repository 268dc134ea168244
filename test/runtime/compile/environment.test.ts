import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  LATE_VARIABLES,
  buildEnvironment,
  mergeEnvironment,
  netrcEnvironment,
  proxyEnvironment,
  substitutionVariables,
  type EnvironmentOptions,
} from '../../../runtime/compile/environment.ts';
import type { BuildContext } from '../../../runtime/drone/types.ts';

interface Fixture {
  readonly context: Omit<BuildContext, 'netrc'>;
  readonly options: EnvironmentOptions;
  readonly environment: Readonly<Record<string, string>>;
}

function fixture(name: string): Fixture & { readonly context: BuildContext } {
  const file = new URL(`../../fixtures/environment/${name}.json`, import.meta.url);
  const data: Fixture = JSON.parse(readFileSync(file, 'utf8'));
  return { ...data, context: { ...data.context, netrc: undefined } };
}

describe('buildEnvironment', () => {
  test.each(['push', 'pull-request', 'tag'])('says everything about a %s build', (name) => {
    const { context, options, environment } = fixture(name);
    expect(Object.fromEntries(buildEnvironment(context, options))).toEqual(environment);
  });

  test('a tag that is no version says so', () => {
    const { context, options } = fixture('tag');
    const build = { ...context.build, ref: 'refs/tags/nightly' };
    const environment = buildEnvironment({ ...context, build }, options);
    expect(environment.get('DRONE_TAG')).toBe('nightly');
    expect(environment.get('DRONE_SEMVER_ERROR')).toBe('nightly is not in dotted-tri format');
  });

  test.each([
    ['refs/pull/17/head', '17'],
    ['refs/merge-requests/3/head', '3'],
    ['refs/pull-requests/250/from', '250'],
    ['refs/heads/main', ''],
  ])('the number of the pull request of %s is "%s"', (ref, number) => {
    const { context, options } = fixture('pull-request');
    const environment = buildEnvironment({ ...context, build: { ...context.build, ref } }, options);
    expect(environment.get('DRONE_PULL_REQUEST')).toBe(number);
  });

  test.each([
    ['failure', 'failure'],
    ['error', 'failure'],
    ['killed', 'failure'],
    ['running', 'success'],
    ['skipped', 'success'],
  ])('a build that is %s counts as %s', (status, expected) => {
    const { context, options } = fixture('push');
    const environment = buildEnvironment(
      { ...context, build: { ...context.build, status } },
      options,
    );
    expect(environment.get('DRONE_BUILD_STATUS')).toBe(expected);
    expect(environment.get('CI_BUILD_STATUS')).toBe(status);
  });

  test('holds no credentials', () => {
    const { context, options } = fixture('push');
    const netrc = { machine: 'git.example.com', login: 'octocat', password: 'hunter2' };
    const environment = buildEnvironment({ ...context, netrc }, options);
    expect([...environment.values()].filter((value) => value.includes('hunter2'))).toEqual([]);
  });
});

test('late variables are known at compile time, but for the number and the failed steps', () => {
  const { context, options } = fixture('push');
  const environment = buildEnvironment(context, options);
  expect(LATE_VARIABLES.filter((name) => !environment.has(name))).toEqual([
    'DRONE_FAILED_STEPS',
    'DRONE_STEP_NUMBER',
  ]);
});

describe('substitutionVariables', () => {
  const { context, options } = fixture('push');
  const variables = (params: Readonly<Record<string, string>>, global: Map<string, string>) =>
    substitutionVariables(
      { ...context, build: { ...context.build, params } },
      { now: options.now, global },
    );

  test('knows the build, but neither git nor proxy variables', () => {
    const names = new Set(Object.keys(fixture('push').environment));
    for (const name of names) if (/^GIT_|_proxy$/i.test(name)) names.delete(name);
    expect(new Set(variables({}, new Map()).keys())).toEqual(names);
  });

  test('the global map is below, params are above everything', () => {
    const global = new Map([
      ['DRONE_BRANCH', 'global'],
      ['REGION', 'global'],
      ['COLOUR', 'global'],
    ]);
    const result = variables({ DRONE_REPO: 'params', COLOUR: 'params' }, global);
    expect(result.get('DRONE_BRANCH')).toBe('main');
    expect(result.get('REGION')).toBe('global');
    expect(result.get('COLOUR')).toBe('params');
    expect(result.get('DRONE_REPO')).toBe('params');
  });
});

test('mergeEnvironment: later layers win, and no layer is changed', () => {
  const first = new Map([
    ['A', '1'],
    ['B', '1'],
  ]);
  expect(mergeEnvironment(first, new Map([['B', '2']]))).toEqual(
    new Map([
      ['A', '1'],
      ['B', '2'],
    ]),
  );
  expect(first.get('B')).toBe('1');
});

describe('proxyEnvironment', () => {
  test.each<[string, Record<string, string | undefined>, Record<string, string>]>([
    ['nothing set', { PATH: '/bin' }, {}],
    ['empty values', { http_proxy: '', HTTPS_PROXY: '' }, {}],
    ['lower case', { all_proxy: 'x' }, { all_proxy: 'x', ALL_PROXY: 'x' }],
    ['upper case', { NO_PROXY: 'x' }, { no_proxy: 'x', NO_PROXY: 'x' }],
    [
      'upper case wins',
      { https_proxy: 'l', HTTPS_PROXY: 'u' },
      { https_proxy: 'u', HTTPS_PROXY: 'u' },
    ],
    ['empty upper case', { http_proxy: 'l', HTTP_PROXY: '' }, { http_proxy: 'l', HTTP_PROXY: 'l' }],
  ])('%s', (_, source, expected) => {
    expect(Object.fromEntries(proxyEnvironment(source))).toEqual(expected);
  });
});

describe('netrcEnvironment', () => {
  test('four variables', () => {
    const netrc = { machine: 'git.example.com', login: 'octocat', password: 'hunter2' };
    expect(Object.fromEntries(netrcEnvironment(netrc))).toEqual({
      DRONE_NETRC_MACHINE: 'git.example.com',
      DRONE_NETRC_USERNAME: 'octocat',
      DRONE_NETRC_PASSWORD: 'hunter2',
      DRONE_NETRC_FILE: 'machine git.example.com login octocat password hunter2',
    });
  });

  test.each([undefined, { machine: '', login: 'x', password: 'y' }])('none for %j', (netrc) => {
    expect(netrcEnvironment(netrc).size).toBe(0);
  });
});
