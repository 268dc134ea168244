import { describe, expect, test } from '@jest/globals';
import { object, time } from '../found.ts';
import { isDone, LABEL_NAME, orderProblems, undone, type FluxObject } from './decide.ts';
import type { KubeObject } from '../world.ts';

const COMMIT = 'c0ffee';

function kustomization(name: string, changes: Partial<FluxObject['status']> = {}): FluxObject {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { ...object(name).metadata, generation: 2 },
    status: {
      observedGeneration: 2,
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time(5) }],
      lastAppliedRevision: `main@sha1:${COMMIT}`,
      lastHandledReconcileAt: '1',
      ...changes,
    },
  };
}

const applied = (by: string, second: number): KubeObject =>
  object(`of-${by}`, {
    labels: { [LABEL_NAME]: by },
    managedFields: [
      { manager: 'somebody', time: time(0) },
      { manager: 'kustomize-controller', time: time(second) },
    ],
  });

describe('one is done', () => {
  test('that is Ready, of the commit, and has answered', () => {
    expect(isDone(kustomization('a'), { commit: COMMIT, request: '1' })).toBe(true);
    expect(isDone(kustomization('a'), { commit: COMMIT })).toBe(true);
  });

  test('whose artifact is of the commit', () => {
    const { lastAppliedRevision: revision = '', ...status } = kustomization('a').status ?? {};
    const source = { ...kustomization('a'), status: { ...status, artifact: { revision } } };
    expect(isDone(source, { commit: COMMIT })).toBe(true);
  });

  test.each<[string, Partial<FluxObject['status']>]>([
    ['an older generation', { observedGeneration: 1 }],
    ['another commit', { lastAppliedRevision: 'main@sha1:beef' }],
    ['an older request', { lastHandledReconcileAt: '0' }],
    ['no condition', { conditions: [] }],
    [
      'not Ready',
      { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: time(1) }] },
    ],
  ])('not with %s', (_, status) => {
    expect(isDone(kustomization('a', status), { commit: COMMIT, request: '1' })).toBe(false);
  });

  test('or it is told what it says', () => {
    const condition = { type: 'Ready', status: 'False', reason: 'BuildFailed', message: 'no file' };
    const conditions = [{ ...condition, lastTransitionTime: time(1) }];
    expect(
      undone([kustomization('a'), kustomization('b', { conditions })], { commit: COMMIT }),
    ).toEqual(['Kustomization b: BuildFailed no file']);
  });
});

describe('the order', () => {
  const pair = [kustomization('first'), kustomization('second')];
  const problems = (
    waves: readonly (readonly string[])[],
    kustomizations: readonly FluxObject[],
    ...objects: readonly KubeObject[]
  ) => orderProblems(waves, kustomizations, objects);
  const waves = [['first'], ['second']];

  test('is right where the second began when the first was ready', () => {
    expect(problems(waves, pair, applied('first', 1), applied('second', 5))).toEqual([]);
  });

  test('is wrong where it began before', () => {
    expect(problems(waves, pair, applied('first', 1), applied('second', 4))).toEqual([
      `second applied something at ${time(4)}, before first was ready at ${time(5)}`,
    ]);
    expect(
      problems([['first', 'second']], pair, applied('first', 1), applied('second', 4)),
    ).toEqual([]);
  });

  test('is wrong where one had to try again', () => {
    const outcomes = ['ReconciliationSucceeded', 'HealthCheckFailed'];
    const history = outcomes.map((lastReconciledStatus) => ({ lastReconciledStatus }));
    expect(problems([['a']], [kustomization('a', { history })], applied('a', 1))).toEqual([
      'a did not succeed at once: HealthCheckFailed',
    ]);
  });

  test('is not known where one applied nothing, is not there, or is of no wave', () => {
    expect(problems(waves, pair, applied('first', 1))).toEqual(['second has applied nothing']);
    expect(problems(waves, pair.slice(1), applied('first', 1), applied('second', 9))).toEqual([
      `second applied something at ${time(9)}, before first was ready at no time`,
    ]);
    expect(problems([['first']], pair, applied('first', 1))).toEqual(['second is of no wave']);
  });
});
