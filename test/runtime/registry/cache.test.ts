import { expect, test } from '@jest/globals';
import { Cache } from '../../../runtime/registry/cache.ts';

test('forgets what was not asked for the longest time', () => {
  const forgotten: number[] = [];
  const cache = new Cache<number>(2, (value) => forgotten.push(value));
  cache.set('a', 1);
  cache.set('b', 2);
  cache.get('a');
  cache.set('c', 3);
  cache.set('c', 4);
  expect(forgotten).toEqual([2]);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 4]);
});
