import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { assignKeys, masksOf } from '../../../runtime/compile/secrets.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import type { ValueOrSecret } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const from = (references: Record<string, string>): Map<string, ValueOrSecret<string>> =>
  new Map(Object.entries(references).map(([name, fromSecret]) => [name, { fromSecret }]));

const NETRC = { machine: 'git.example.com', login: 'octocat', password: 'correct horse' };

/** Everything of a stage that is no Secret, as the API server would get it. */
function withoutSecrets(stage: CompiledStage): string {
  return JSON.stringify([
    stage.files,
    stage.environment,
    stage.pod,
    [...stage.ephemerals.values()],
  ]);
}

test('no value of a secret is anywhere but in the Secret', () => {
  // Letters that nothing else in the objects is made of.
  const value = fc.stringMatching(/^[ΑΒΓΔΕ]{4,20}$/);
  fc.assert(
    fc.property(value, value, value, value, (a, b, login, password) => {
      const stage = compileStage(
        inputOf({
          context: contextOf({ netrc: { machine: 'git.example.com', login, password } }),
          secrets: new Map([
            ['token', a],
            ['odd name!', b],
            ['registry', JSON.stringify({ auths: { 'example.com': { auth: a } } })],
          ]),
          pipeline: pipelineOf({
            imagePullSecrets: ['registry'],
            services: [serviceOf({ name: 'db', environment: from({ PASSWORD: 'odd name!' }) })],
            steps: [
              stepOf({ name: 'test', environment: from({ TOKEN: 'token' }) }),
              stepOf({ name: 'notify', commands: [], settings: from({ token: 'TOKEN' }) }),
            ],
          }),
        }),
      );
      expect(withoutSecrets(stage)).not.toMatch(/[ΑΒΓΔΕ]/);
      expect(Object.values(stage.secret?.stringData ?? {})).toEqual(
        expect.arrayContaining([a, b, login, password]),
      );
      expect(stage.masks).toEqual(expect.arrayContaining([a, b, login, password]));
    }),
    { numRuns: 30 },
  );
});

describe('references', () => {
  const compile = (secrets: Record<string, string>, context = contextOf()): CompiledStage =>
    compileStage(
      inputOf({
        context,
        secrets: new Map(Object.entries(secrets)),
        pipeline: pipelineOf({
          clone: NO_CLONE,
          steps: [
            stepOf({
              environment: from({ A: 'Token', B: 'odd name!', C: 'nowhere' }),
              settings: from({ key: 'token' }),
            }),
          ],
        }),
      }),
    );
  const variable = (stage: CompiledStage, name: string): unknown =>
    stage.pod.spec.containers[1]?.env.find((each) => each.name === name);

  test('names are the same in upper and lower case; each value is stored once', () => {
    const stage = compile({ token: 'abc', 'odd name!': 'def', unused: 'ghi' });
    expect(stage.secret).toMatchObject({
      metadata: { name: 'drone-1', namespace: 'builds' },
      stringData: { token: 'abc', 'SECRET-1': 'def' },
    });
    const reference = (key: string): object => ({ secretKeyRef: { name: 'drone-1', key } });
    expect(variable(stage, 'A')).toEqual({ name: 'A', valueFrom: reference('token') });
    expect(variable(stage, 'B')).toEqual({ name: 'B', valueFrom: reference('SECRET-1') });
    expect(variable(stage, 'PLUGIN_KEY')).toEqual({
      name: 'PLUGIN_KEY',
      valueFrom: reference('token'),
    });
    expect(stage.secret?.stringData).not.toHaveProperty('unused');
  });

  test('a secret that nobody defined is an empty variable, and told', () => {
    const stage = compile({ token: 'abc', 'odd name!': '' });
    expect(stage.missingSecrets).toEqual(['odd name!', 'nowhere']);
    expect([variable(stage, 'B'), variable(stage, 'C')]).toEqual([
      { name: 'B', value: '' },
      { name: 'C', value: '' },
    ]);
  });

  test('without any value there is no Secret', () => {
    const stage = compile({});
    expect([stage.secret, stage.pullSecret, stage.masks]).toEqual([undefined, undefined, []]);
  });

  test('credentials of git reach every step by reference; the host is not masked', () => {
    const stage = compile({}, contextOf({ netrc: NETRC }));
    expect(stage.secret?.stringData).toEqual({
      DRONE_NETRC_MACHINE: 'git.example.com',
      DRONE_NETRC_USERNAME: 'octocat',
      DRONE_NETRC_PASSWORD: 'correct horse',
      DRONE_NETRC_FILE: 'machine git.example.com login octocat password correct horse',
    });
    expect(variable(stage, 'DRONE_NETRC_PASSWORD')).toEqual({
      name: 'DRONE_NETRC_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'drone-1', key: 'DRONE_NETRC_PASSWORD' } },
    });
    expect(stage.masks).toEqual(expect.arrayContaining(['octocat', 'correct horse']));
    expect(stage.masks).not.toContain('git.example.com');
  });
});

test('whatever secrets are called, their keys are unique, and Kubernetes takes them', () => {
  const name = fc.oneof(
    fc.string({ maxLength: 20, unit: 'grapheme' }).map((text) => text.toLowerCase()),
    fc.constantFrom('secret-0', 'secret-1', '.', '..', '..a', 'a b', 'drone_netrc_file', 'é'),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 10 }), (names) => {
      const keys = [...assignKeys(names).values()];
      expect(new Set(keys).size).toBe(names.length);
      expect(keys.filter((key) => !/^(?!\.\.?$|\.\.)[-._a-zA-Z0-9]{1,253}$/.test(key))).toEqual([]);
      expect(keys.filter((key) => key.startsWith('DRONE_'))).toEqual([]);
    }),
  );
});

test('whoever has the data of the Secret alone knows what no log may show', () => {
  const stage = compileStage(
    inputOf({
      context: contextOf({ netrc: NETRC }),
      secrets: new Map([['token', 'abc']]),
      runner: { secretEnvironment: new Map([['KEY', 'def']]) },
      pipeline: pipelineOf({ steps: [stepOf({ environment: from({ A: 'token' }) })] }),
    }),
  );
  const masks = masksOf(stage.secret?.stringData ?? {});
  expect(masks).toEqual(stage.masks);
  expect(masks).toEqual(expect.arrayContaining(['abc', 'def', 'octocat', 'correct horse']));
  expect(masks).not.toContain('git.example.com');
  expect(masksOf({})).toEqual([]);
});
