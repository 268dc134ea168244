import { describe, expect, test } from '@jest/globals';
import { isNodeReady } from './api.ts';

describe('isNodeReady', () => {
  const node = (ready: string, taints?: unknown[]) => ({
    spec: taints === undefined ? {} : { taints },
    status: {
      conditions: [
        { type: 'MemoryPressure', status: 'False' },
        { type: 'Ready', status: ready },
      ],
    },
  });

  test.each([
    ['a Ready node', node('True'), true],
    ['a Ready node with a list of no taints', node('True', []), true],
    [
      'a Ready node that is still tainted',
      node('True', [{ key: 'node.kubernetes.io/not-ready' }]),
      false,
    ],
    ['a node that is not Ready', node('False'), false],
    ['a node nobody heard of for a while', node('Unknown'), false],
    ['a node without conditions', {}, false],
    ['no node', undefined, false],
  ])('%s', (_, object, expected) => {
    expect(isNodeReady(object)).toBe(expected);
  });
});
