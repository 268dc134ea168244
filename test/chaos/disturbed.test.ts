import { expect, test } from '@jest/globals';
import { Disturbed } from './disturbed.ts';

const span = { scenario: 'elsewhere', stages: [3, 4], began: 100, ended: 200 };

test('a build is disturbed by its stages', () => {
  const disturbed = new Disturbed();
  disturbed.add(5);
  expect(disturbed.has(span)).toBe(false);
  disturbed.add(4);
  expect(disturbed.has(span)).toBe(true);
});

test.each([
  ['was over before', 201, 300, false],
  ['ended in it', 150, 300, true],
  ['began in it', 50, 150, true],
  ['began while it was not over', 150, undefined, true],
  ['began after it', 50, 99, false],
])('a build that %s', (_title, from, to, isDisturbed) => {
  let now = from;
  const disturbed = new Disturbed(() => now);
  const over = disturbed.outage('elsewhere');
  if (to !== undefined) {
    now = to;
    over();
  }
  expect(disturbed.has(span)).toBe(isDisturbed);
  expect(disturbed.has({ ...span, scenario: 'other' })).toBe(false);
});
