import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { layout } from './settings.ts';
import { readCluster, readRecorded, record } from './state.ts';

describe('readCluster', () => {
  test('prefers the cluster that the environment names', () => {
    expect(
      readCluster({ DRONE_KUBE_TEST_KUBECONFIG: '/a/config', DRONE_KUBE_TEST_HOST: '192.0.2.9' }),
    ).toEqual({
      way: 'given',
      kubeconfig: '/a/config',
      kubectl: 'kubectl',
      host: '192.0.2.9',
    });
  });
});

describe('the recorded cluster', () => {
  const cluster = { way: 'source', kubeconfig: '/k', kubectl: '/b', registry: 'r:1' } as const;

  test('is read as it was written', () => {
    const state = mkdtempSync(join(tmpdir(), 'state-'));
    record(state, cluster, false);
    expect(readRecorded(state)).toEqual({ ...cluster, ready: false });
    rmSync(state, { recursive: true });
  });

  test.each([['{}'], ['{"way":"other","kubeconfig":"/k","kubectl":"/b"}'], ['[]']])(
    'is none when the file says %s',
    (text) => {
      const state = mkdtempSync(join(tmpdir(), 'state-'));
      writeFileSync(join(state, 'cluster.json'), text);
      expect(readRecorded(state)).toBeUndefined();
      rmSync(state, { recursive: true });
    },
  );
});

describe('layout', () => {
  test.each([
    ['root', { HOME: '/root' }, true, '/var/lib/drone-kube-test', '/root/.cache/drone-kube'],
    [
      'a user',
      { HOME: '/home/me' },
      false,
      '/home/me/.local/state/drone-kube-test',
      '/home/me/.cache/drone-kube',
    ],
    [
      'a user with folders of their own',
      { HOME: '/home/me', XDG_STATE_HOME: '/s', XDG_CACHE_HOME: '/c' },
      false,
      '/s/drone-kube-test',
      '/c/drone-kube',
    ],
  ])('for %s', (_, environment, isRoot, state, cache) => {
    expect(layout(environment, isRoot)).toMatchObject({ state, cache });
  });
});
