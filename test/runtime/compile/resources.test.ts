import { describe, expect, test } from '@jest/globals';
import {
  containerLimits,
  parseCpu,
  parseMemory,
  stageRequest,
  toQuantities,
} from '../../../runtime/compile/resources.ts';

const none = { cpu: 0, memory: 0 };

test.each([
  ['nothing', none, {}],
  ['both', { cpu: 100, memory: 1024 }, { cpu: '100m', memory: '1024' }],
  ['whole cores', { cpu: 2000, memory: 0 }, { cpu: '2000m' }],
  ['4 TiB', { cpu: 0, memory: 2 ** 42 }, { memory: '4398046511104' }],
])('toQuantities: %s', (_, amounts, expected) => {
  expect(toQuantities(amounts)).toEqual(expected);
});

test.each([
  ['neither', none, none, none],
  ['runner only', { cpu: 500, memory: 10 }, none, { cpu: 500, memory: 10 }],
  ['step only', none, { cpu: 500, memory: 10 }, { cpu: 500, memory: 10 }],
  [
    'the smaller one of each',
    { cpu: 500, memory: 10 },
    { cpu: 400, memory: 20 },
    { cpu: 400, memory: 10 },
  ],
  ['one each', { cpu: 500, memory: 0 }, { cpu: 0, memory: 20 }, { cpu: 500, memory: 20 }],
])('containerLimits: %s', (_, runner, step, expected) => {
  expect(containerLimits(runner, step)).toEqual(expected);
});

test.each([
  ['what is wanted', { cpu: 250, memory: 100 }, { cpu: 1, memory: 4 }, { cpu: 250, memory: 100 }],
  ['the sum of the least', { cpu: 2, memory: 8 }, { cpu: 1, memory: 4 }, { cpu: 3, memory: 12 }],
  ['each for itself', { cpu: 2, memory: 100 }, { cpu: 1, memory: 4 }, { cpu: 3, memory: 100 }],
  ['nothing', none, none, none],
])('stageRequest of three containers: %s', (_, wanted, minimum, expected) => {
  expect(stageRequest(wanted, minimum, 3)).toEqual(expected);
});

describe('quantities of Kubernetes', () => {
  test.each([
    ['100m', 100],
    ['1', 1000],
    ['1.5', 1500],
    ['.5', 500],
    ['0.0001', 1],
    ['1500u', 2],
    ['2k', 2_000_000],
    ['1e3', 1_000_000],
    ['0.1', 100],
    ['0', 0],
  ])('%s CPU are %d millicores', (text, expected) => {
    expect(parseCpu(text)).toBe(expected);
  });

  test.each([
    ['104857600', 104_857_600],
    ['100Mi', 104_857_600],
    ['1.5Gi', 1_610_612_736],
    ['500M', 500_000_000],
    ['1E', 1e18],
    ['1e9', 1_000_000_000],
    ['12E2', 1200],
    ['5e-1', 1],
    ['1234m', 2],
    ['2Ti', 2_199_023_255_552],
  ])('%s memory are %d bytes', (text, expected) => {
    expect(parseMemory(text)).toBe(expected);
  });

  test.each(['', '.', 'm', '-1', '1 Gi', '1gi', '1Mib', '1e', '1e3Mi', '0x10', 'NaN', '1K'])(
    '"%s" is none',
    (text) => {
      expect(parseMemory(text)).toBeUndefined();
      expect(parseCpu(text)).toBeUndefined();
    },
  );

  test('what is printed can be read', () => {
    const { cpu = '', memory = '' } = toQuantities({ cpu: 1234, memory: 987_654_321 });
    expect([parseCpu(cpu), parseMemory(memory)]).toEqual([1234, 987_654_321]);
  });
});
