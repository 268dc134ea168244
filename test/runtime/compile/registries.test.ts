import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { dockerConfigOf, mergeDockerConfigs } from '../../../runtime/compile/registries.ts';
import type { ValueOrSecret } from '../../../runtime/pipeline/model.ts';
import { inputOf, pipelineOf, stepOf } from '../support.ts';

const from = (references: Record<string, string>): Map<string, ValueOrSecret<string>> =>
  new Map(Object.entries(references).map(([name, fromSecret]) => [name, { fromSecret }]));

describe('image_pull_secrets', () => {
  test('they become one pull secret of the Pod', () => {
    const { pod, pullSecret } = compileStage(
      inputOf({
        secrets: new Map([
          ['one', '{"auths":{"a.example.com":{"auth":"x"},"b.example.com":{"auth":"x"}}}'],
          ['two', '{"auths":{"b.example.com":{"auth":"y"}}}'],
        ]),
        pipeline: pipelineOf({ imagePullSecrets: ['One', 'two', 'nowhere'] }),
      }),
    );
    expect(pullSecret).toMatchObject({
      metadata: { name: 'drone-1-pull', labels: { 'drone-kube.io/stage': 'drone-1' } },
      type: 'kubernetes.io/dockerconfigjson',
    });
    expect(JSON.parse(pullSecret?.stringData['.dockerconfigjson'] ?? '')).toEqual({
      auths: { 'a.example.com': { auth: 'x' }, 'b.example.com': { auth: 'y' } },
    });
    expect(pod.spec['imagePullSecrets']).toEqual([{ name: 'drone-1-pull' }]);
  });

  test('what image_pull_secrets lack is told: values, and values that are no credentials', () => {
    const stage = compileStage(
      inputOf({
        secrets: new Map([
          ['one', '{"auths":{"a.example.com":{"auth":"x"}}}'],
          ['password', 'hunter2'],
          ['empty', ''],
        ]),
        pipeline: pipelineOf({
          imagePullSecrets: ['One', 'Password', 'empty', 'Token', 'nowhere', 'NOWHERE'],
          steps: [stepOf({ environment: from({ A: 'token' }) })],
        }),
      }),
    );
    expect(stage.missingSecrets).toEqual(['token', 'empty', 'nowhere']);
    expect(stage.invalidCredentials).toEqual(['password']);
  });

  test.each([
    ['the old form, without `auths`', ['{"a.example.com":{"auth":"x"}}'], ['a.example.com'], []],
    ['no JSON', ['no'], [], [0]],
    ['no object', ['{"auths":{}}', '3', '{"auths":7}', 'null'], [], [1, 2, 3]],
    ['one of two', ['no', '{"auths":{"a":{}}}'], ['a'], [0]],
  ])('%s', (_, texts, registries, invalid) => {
    const found = mergeDockerConfigs(texts);
    const merged: { auths: object } = JSON.parse(found.merged ?? '{"auths":{}}');
    expect([Object.keys(merged.auths), found.invalid]).toEqual([registries, invalid]);
    expect(found.merged === undefined).toBe(registries.length === 0);
  });
});

describe('several sources', () => {
  const auths = (entries: Record<string, string>): string =>
    JSON.stringify({
      auths: Object.fromEntries(Object.entries(entries).map(([name, auth]) => [name, { auth }])),
    });

  test('the file of the runner, the plug-in, the pipeline: a later one wins', () => {
    const { pullSecret } = compileStage(
      inputOf({
        runner: {
          dockerConfigs: [
            auths({ 'a.example.com': 'file', 'b.example.com': 'file', 'c.example.com': 'file' }),
            auths({ 'b.example.com': 'plug-in', 'c.example.com': 'plug-in' }),
          ],
        },
        secrets: new Map([['own', auths({ 'c.example.com': 'pipeline' })]]),
        pipeline: pipelineOf({ imagePullSecrets: ['own'] }),
      }),
    );
    expect(JSON.parse(pullSecret?.stringData['.dockerconfigjson'] ?? '')).toEqual(
      JSON.parse(
        auths({ 'a.example.com': 'file', 'b.example.com': 'plug-in', 'c.example.com': 'pipeline' }),
      ),
    );
  });

  test('what the pipeline says wrong is told by its own name', () => {
    const stage = compileStage(
      inputOf({
        runner: { dockerConfigs: [auths({ a: 'file' }), auths({ b: 'plug-in' })] },
        secrets: new Map([
          ['good', auths({ c: 'x' })],
          ['bad', 'no'],
        ]),
        pipeline: pipelineOf({ imagePullSecrets: ['good', 'bad'] }),
      }),
    );
    expect(stage.invalidCredentials).toEqual(['bad']);
  });

  test.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['index.docker.io', 'registry-1.docker.io'],
    ['http://a.example.com:5000/', 'a.example.com:5000'],
    ['https://a.example.com/v2/', 'a.example.com'],
    ['a.example.com/team/', 'a.example.com/team'],
  ])('%s and %s are the same registry', (one, other) => {
    const { merged } = mergeDockerConfigs([auths({ [one]: 'old' }), auths({ [other]: 'new' })]);
    expect(Object.values(JSON.parse(merged ?? '').auths)).toEqual([{ auth: 'new' }]);
  });

  test('parts of one registry are told apart, and no entry spoils the others', () => {
    const { merged, invalid } = mergeDockerConfigs([
      '{"auths":{"a.example.com/x":{"auth":"x"},"a.example.com/y":{"auth":"y"},"b":3,"c":null}}',
    ]);
    expect(Object.keys(JSON.parse(merged ?? '').auths)).toEqual([
      'a.example.com/x',
      'a.example.com/y',
    ]);
    expect(invalid).toEqual([]);
  });

  test('credentials of a plug-in as a config.json; without an address they are none', () => {
    expect(
      JSON.parse(
        dockerConfigOf([
          { address: 'a.example.com', username: 'octocat', password: 'p:w' },
          { address: '', username: 'x', password: 'y' },
        ]) ?? '',
      ),
    ).toEqual({ auths: { 'a.example.com': { auth: btoa('octocat:p:w') } } });
    expect(dockerConfigOf([])).toBeUndefined();
  });
});
