import { expect, test } from '@jest/globals';
import { Turnclocks } from '../../../runtime/stage/turn-clocks.ts';
import { journalOf } from './observed.ts';

const DAY = 86_400_000;

test('counts from the first step that ran, not from one that was skipped', () => {
  const clocks = new Turnclocks(false);
  const skipped = journalOf('skip 1 success');
  expect(clocks.advance(skipped, 100, 0).elapsed).toBeUndefined();
  const running = journalOf('skip 1 success', 'start 2 success');
  clocks.advance(running, 500, 0);
  const turns = clocks.advance(
    journalOf('skip 1 success', 'start 2 success', 'start 3 success'),
    900,
    0,
  );
  expect(turns.elapsed).toBe(400);
  expect([turns.waited(2), turns.waited(3), turns.waited(4)]).toEqual([400, 0, 0]);
});

test('a wall clock that jumps changes nothing for who watched from the beginning', () => {
  const clocks = new Turnclocks(false);
  const journal = journalOf('start 1 success');
  clocks.advance(journal, 0, 1000);
  expect(clocks.advance(journal, 5, DAY).elapsed).toBe(5);
  expect(clocks.advance(journal, 6, -DAY).elapsed).toBe(6);
});

test('who comes late asks the stamps how long ago it began', () => {
  const clocks = new Turnclocks(true);
  const journal = journalOf('start 1 success');
  expect(clocks.advance(journal, 50, 61_000).elapsed).toBe(60_000);
  expect(clocks.advance(journal, 70, 61_020).elapsed).toBe(60_020);
});

test('a stamp from the future does not give more time than the timeout', () => {
  expect(new Turnclocks(true).advance(journalOf('start 1 success'), 7, 0).elapsed).toBe(0);
});
