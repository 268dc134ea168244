import { describe, expect, test } from '@jest/globals';
import { livesOf } from './plan.ts';

describe('the plan of kills', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(livesOf(7, 50)).toEqual(livesOf(7, 50));
    expect(livesOf(7, 50)).not.toEqual(livesOf(8, 50));
  });

  test('of fewer kills is the beginning of that of more', () => {
    expect(livesOf(7, 50).slice(0, 20)).toEqual(livesOf(7, 20));
  });

  test('has about as many kills at a call as at a time', () => {
    const stops = livesOf(1, 400).filter(({ stop }) => stop !== undefined).length;
    expect(stops).toBeGreaterThan(150);
    expect(stops).toBeLessThan(250);
  });
});
