import { describe, expect, test } from '@jest/globals';
import { contentKey } from './keys.ts';

describe('contentKey', () => {
  test('is the same for the same texts', () => {
    expect(contentKey(['a', 'b'])).toBe(contentKey(['a', 'b']));
    expect(contentKey(['a', 'b'])).toMatch(/^[0-9a-f]{12}$/);
  });

  test.each([
    ['another text', ['a', 'c']],
    ['another order', ['b', 'a']],
    ['the same characters, cut elsewhere', ['ab', '']],
    ['a separator inside', ['a1:b']],
  ])('differs with %s', (_, texts) => {
    expect(contentKey(texts)).not.toBe(contentKey(['a', 'b']));
  });
});
