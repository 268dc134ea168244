import { describe, expect, test } from '@jest/globals';
import { object, time } from '../found.ts';
import type { KubeObject } from '../world.ts';
import { isOf, isRefused, kindsOf, orderProblems, problems, type Application } from './decide.ts';

const COMMIT = 'c0ffee';

function application(
  status: Partial<Application['status']> = {},
  more: Partial<Application> = {},
): Application {
  return {
    ...object('a'),
    kind: 'Application',
    status: {
      sync: { status: 'Synced', revision: COMMIT },
      health: { status: 'Healthy' },
      operationState: { phase: 'Succeeded', startedAt: time(1) },
      ...status,
    },
    ...more,
  };
}

describe('the commit is deployed', () => {
  test('where all says so', () => {
    expect(problems(application(), COMMIT)).toEqual([]);
  });

  const annotations = { 'argocd.argoproj.io/refresh': 'hard' };
  const asked = object('a', { annotations });
  test.each<[string, Application, string]>([
    ['an open request', application({}, { metadata: asked.metadata }), 'it has not looked yet'],
    ['a sync to begin', application({}, { operation: {} }), 'sync: Succeeded'],
    [
      'a sync under way',
      application({ operationState: { phase: 'Running', message: 'waits', startedAt: time(1) } }),
      'sync: Running waits',
    ],
    [
      'a difference',
      application({ sync: { status: 'OutOfSync', revision: COMMIT } }),
      'it is OutOfSync at c0ffee',
    ],
    [
      'another commit',
      application({ sync: { status: 'Synced', revision: 'beef' } }),
      'it is Synced at beef',
    ],
    ['bad health', application({ health: { status: 'Degraded' } }), 'it is Degraded'],
  ])('not with %s', (_, one, problem) => {
    expect(problems(one, COMMIT)).toEqual([problem]);
  });

  test('not where nothing is said yet', () => {
    const { status: _, ...silent } = application();
    expect(problems(silent, COMMIT)).toEqual([
      'sync: none',
      'it is unknown at nothing',
      'it is of unknown health',
    ]);
  });

  test('or it is told what else is said', () => {
    const resource = { version: 'v1', kind: 'Pod', status: 'Synced' };
    const health = { status: 'Degraded', message: 'no image' };
    const one = application({
      health: { status: 'Degraded' },
      conditions: [{ type: 'SyncError', message: 'not allowed' }],
      resources: [
        { ...resource, name: 'a', health },
        { ...resource, name: 'b', status: 'OutOfSync' },
        { ...resource, name: 'c', health: { status: 'Healthy' } },
      ],
    });
    expect(problems(one, COMMIT)).toEqual([
      'it is Degraded',
      'SyncError: not allowed',
      'Pod a: Synced Degraded no image',
      'Pod b: OutOfSync',
    ]);
  });
});

test('it is refused what the project does not allow', () => {
  const refused = (revision: string, message: string) =>
    isRefused(
      application({
        operationState: {
          phase: 'Running',
          message,
          startedAt: time(1),
          operation: { sync: { revision } },
        },
      }),
      COMMIT,
    );
  const message = "one is not valid: namespace n is not permitted in project 'p'";
  expect(refused(COMMIT, message)).toBe(true);
  expect(refused('beef', message)).toBe(false);
  expect(refused(COMMIT, 'waiting')).toBe(false);
  expect(isRefused(application(), COMMIT)).toBe(false);
});

describe('the objects of an Application', () => {
  test('are of these kinds', () => {
    const resources = [
      { version: 'v1', kind: 'Pod', name: 'a' },
      { group: 'apps', version: 'v1', kind: 'Deployment', name: 'b' },
    ];
    expect(kindsOf(application({ resources }))).toEqual(['pod.v1.', 'deployment.v1.apps']);
  });

  test('carry its name', () => {
    const annotations = { 'argocd.argoproj.io/tracking-id': 'a:/ConfigMap:n/b' };
    expect(isOf('a')(object('b', { annotations }))).toBe(true);
    expect(isOf('b')(object('b', { annotations }))).toBe(false);
    expect(isOf('a')(object('b'))).toBe(false);
  });
});

describe('the order', () => {
  const applied = (name: string, wave: number, second: number): KubeObject =>
    object(name, {
      annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
      managedFields: [
        { manager: 'somebody', time: time(0) },
        { manager: 'argocd-controller', time: time(second) },
      ],
    });

  test('is right where each wave came after the one before', () => {
    const all = [applied('c', 2, 5), applied('a', 0, 1), applied('b', 1, 3), applied('d', 2, 6)];
    expect(orderProblems(all)).toEqual([]);
  });

  test('is none of a single wave', () => {
    expect(orderProblems([applied('a', 0, 1), applied('b', 0, 2)])).toEqual(['there are no waves']);
  });

  test('is wrong where one came at the same time or before', () => {
    const all = [applied('a', 0, 1), applied('b', 0, 4), applied('c', 1, 4), applied('d', 1, 5)];
    expect(orderProblems(all)).toEqual([
      `ConfigMap n/c was applied at ${time(4)}, ` +
        `and ConfigMap n/b of the wave before was ready at ${time(4)}`,
    ]);
  });

  test('is wrong where a Deployment of the wave before was not available yet', () => {
    const conditions = [
      { type: 'Progressing', lastTransitionTime: time(1) },
      { type: 'Available', lastTransitionTime: time(6) },
    ];
    const deployment = { ...applied('a', 0, 1), kind: 'Deployment', status: { conditions } };
    expect(orderProblems([deployment, applied('b', 1, 6)])).toEqual([]);
    expect(orderProblems([deployment, applied('b', 1, 5)])).toEqual([
      `ConfigMap n/b was applied at ${time(5)}, ` +
        `and Deployment n/a of the wave before was ready at ${time(6)}`,
    ]);
  });
});
