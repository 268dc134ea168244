import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RESTRICTED_POD } from '../../infra/constructs/pods.ts';

describe('the image of the runner', () => {
  const lines = readFileSync(new URL('../../runtime/Dockerfile', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'));
  const of = (instruction: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${instruction} `));

  test('has a base that is pinned by its digest', () => {
    expect(of('ARG')[0]).toMatch(/^ARG BASE=\S+@sha256:[0-9a-f]{64}$/);
    expect(of('FROM')).toEqual(['FROM ${BASE}']);
  });

  test('runs as the user that its Pods run as', () => {
    const { runAsUser, runAsGroup } = RESTRICTED_POD;
    expect(of('USER')).toEqual([`USER ${runAsUser}:${runAsGroup}`]);
  });

  test('is made for another platform without running anything', () => {
    expect(of('RUN')).toEqual([]);
  });
});
