import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { LATE_VARIABLES } from '../../../runtime/compile/environment.ts';
import type { RunnerInput } from '../../../runtime/compile/runner-input.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const compile = (
  pipeline: Partial<Pipeline>,
  runner: Partial<RunnerInput>,
  input: Parameters<typeof inputOf>[0] = {},
): CompiledStage =>
  compileStage(
    inputOf({ ...input, runner, pipeline: pipelineOf({ clone: NO_CLONE, ...pipeline }) }),
  );

/** What a step reads, and how it comes: `open`, `step` or `secret`. */
function seen(stage: CompiledStage, name: string, container = 1): string | undefined {
  const variable = (stage.pod.spec.containers[container]?.env ?? []).find(
    (each) => each.name === name,
  );
  if (variable?.value !== undefined) return `step ${variable.value}`;
  const source = variable?.valueFrom;
  if (source !== undefined && 'secretKeyRef' in source) {
    return `secret ${stage.secret?.stringData[source.secretKeyRef.key]}`;
  }
  const value = stage.environment.data[name];
  return value === undefined ? undefined : `open ${value}`;
}

describe('secret variables of the runner', () => {
  const secretEnvironment = new Map([['X', 'hidden']]);

  test('they go over its open ones', () => {
    const globalEnvironment = new Map([
      ['X', 'open'],
      ['Y', 'open'],
    ]);
    const stage = compile({ steps: [stepOf({})] }, { secretEnvironment }, { globalEnvironment });
    expect([seen(stage, 'X'), seen(stage, 'Y')]).toEqual(['secret hidden', 'open open']);
    expect(stage.environment.data).not.toHaveProperty('X');
    expect(stage.masks).toEqual(['hidden']);
  });

  test.each<[string, Partial<Pipeline>, Record<string, string>, string]>([
    ['a parameter of the build', { steps: [stepOf({})] }, { X: 'parameter' }, 'open parameter'],
    [
      'the pipeline',
      { steps: [stepOf({})], environment: new Map([['X', 'pipeline']]) },
      {},
      'open pipeline',
    ],
    [
      'the step',
      { steps: [stepOf({ environment: new Map([['X', { value: 'own' }]]) })] },
      {},
      'step own',
    ],
  ])('%s goes over them', (_, pipeline, params, expected) => {
    const context = contextOf({ build: { params } });
    const stage = compile(pipeline, { secretEnvironment }, { context });
    expect(seen(stage, 'X')).toBe(expected);
  });

  test('a variable of the build itself goes over one of the same name', () => {
    const stage = compile(
      { steps: [stepOf({})] },
      { secretEnvironment: new Map([['DRONE_BRANCH', 'hidden']]) },
    );
    expect(seen(stage, 'DRONE_BRANCH')).toBe('open main');
    expect(stage.secret).toBeUndefined();
  });

  test('the same value from elsewhere is hidden all the same', () => {
    const environment = new Map([['X', 'hidden']]);
    const stage = compile({ steps: [stepOf({})], environment }, { secretEnvironment });
    expect(seen(stage, 'X')).toBe('secret hidden');
  });

  test('services and plug-ins get them by reference too', () => {
    const stage = compile(
      {
        services: [serviceOf({ name: 'db' })],
        steps: [stepOf({ name: 'notify', commands: [], image: 'plugins/slack' })],
      },
      { secretEnvironment },
    );
    expect(seen(stage, 'X')).toBe('secret hidden');
    const reference = { secretKeyRef: { name: 'drone-1', key: 'VARIABLE-0' } };
    expect(stage.ephemerals.get(2)?.env).toContainEqual({ name: 'X', valueFrom: reference });
    const rest = [stage.pod, [...stage.ephemerals.values()], stage.environment, stage.files];
    expect(JSON.stringify(rest)).not.toContain('hidden');
  });

  test('names that no variable can have, and what only holds at the start of a step, are left out', () => {
    const names = ['1A', 'a b', '', '..x', 'ä', ...LATE_VARIABLES];
    const stage = compile(
      { steps: [stepOf({})] },
      { secretEnvironment: new Map(names.map((name) => [name, 'hidden'])) },
    );
    expect(stage.secret).toBeUndefined();
    expect(names.filter((name) => seen(stage, name) !== undefined)).toEqual([]);
  });
});

describe('proxies', () => {
  test('in upper and lower case, over what the pipeline says', () => {
    const stage = compile(
      { steps: [stepOf({})], environment: new Map([['http_proxy', 'mine']]) },
      { proxy: { http_proxy: 'http://proxy:3128', no_proxy: 'localhost', https_proxy: '' } },
    );
    expect(
      ['http_proxy', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy'].map((name) => seen(stage, name)),
    ).toEqual(['open http://proxy:3128', 'open http://proxy:3128', 'open localhost', undefined]);
    expect(stage.secret).toBeUndefined();
  });

  test.each(['http://octocat:pw@proxy:3128', 'octocat:pw@proxy:3128', 'socks5://octocat@proxy'])(
    'one with a user (%s) is secret, in a step that has none of its own',
    (address) => {
      const stage = compile(
        {
          steps: [
            stepOf({ name: 'a' }),
            stepOf({ name: 'b', environment: new Map([['HTTPS_PROXY', { value: '' }]]) }),
          ],
        },
        { proxy: { https_proxy: address } },
      );
      expect(seen(stage, 'https_proxy')).toBe(`secret ${address}`);
      expect(seen(stage, 'HTTPS_PROXY', 2)).toBe('step ');
      expect(stage.masks).toContain(address);
      expect(JSON.stringify([stage.pod, stage.environment])).not.toContain(address);
    },
  );

  test('an `@` elsewhere is no user', () => {
    const stage = compile({ steps: [stepOf({})] }, { proxy: { http_proxy: 'http://proxy/x@y' } });
    expect(seen(stage, 'http_proxy')).toBe('open http://proxy/x@y');
  });
});
