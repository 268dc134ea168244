import { describe, expect, test } from '@jest/globals';
import { fullQuota, type QuotaLike } from '../../../runtime/runner/room.ts';

const REQUEST = { cpu: 100, memory: 100 * 1_048_576 };

const quota = (
  hard: Record<string, string>,
  used: Record<string, string> = {},
  spec: QuotaLike['spec'] = {},
): QuotaLike => ({ metadata: { name: 'builds' }, spec, status: { hard, used } });

describe('a stage fits', () => {
  test.each<[string, readonly QuotaLike[]]>([
    ['without a quota', []],
    ['into the last place', [quota({ pods: '5' }, { pods: '4' })]],
    ['exactly', [quota({ 'requests.cpu': '1' }, { 'requests.cpu': '900m' })]],
    ['into a quota of other things', [quota({ services: '0' }, { services: '0' })]],
    [
      'as far as anybody knows, where the quota is for some Pods only',
      [quota({ pods: '0' }, {}, { scopes: ['BestEffort'] })],
    ],
    ['where the quota has no status yet', [{ metadata: { name: 'new' } }]],
  ])('%s', (_title, quotas) => {
    expect(fullQuota(quotas, REQUEST)).toBeUndefined();
  });
});

describe('a stage does not fit', () => {
  test.each<[Record<string, string>, Record<string, string>, string]>([
    [{ pods: '5' }, { pods: '5' }, 'pods 5 of 5'],
    [{ 'count/pods': '1' }, { 'count/pods': '1' }, 'count/pods 1 of 1'],
    [{ 'requests.cpu': '1' }, { 'requests.cpu': '901m' }, 'requests.cpu 901m of 1'],
    [{ cpu: '50m' }, {}, 'cpu 0 of 50m'],
    [{ 'requests.memory': '1Gi' }, { 'requests.memory': '1Gi' }, 'requests.memory 1Gi of 1Gi'],
  ])('%j of which %j is used', (hard, used, text) => {
    expect(fullQuota([quota(hard, used)], REQUEST)).toBe(
      `the quota builds has no room for another stage: ${text}`,
    );
  });
});
