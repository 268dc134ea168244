import { describe, expect, test } from '@jest/globals';
import { DroneError, isNoRows } from '../../../runtime/drone/errors.ts';
import { withServer, type ServerPatience } from '../../../runtime/runner/server-patience.ts';

const conflict = new DroneError('drone-conflict', 'changed meanwhile');
const noRows = new DroneError('drone-rejected', 'failed', { text: 'sql: no rows in result set' });
const down = new DroneError('drone-unavailable', 'not there');

/** Work that fails with these, one after the other, and then succeeds. */
async function outcome(errors: readonly Error[], options: Partial<ServerPatience> = {}) {
  const left = [...errors];
  let now = 0;
  const sleep = async (ms: number): Promise<void> => {
    now += ms;
  };
  const work = async (): Promise<string> => {
    const error = left.shift();
    if (error !== undefined) throw error;
    return 'done';
  };
  return withServer(work, {
    clock: { now: () => now, sleep },
    signal: new AbortController().signal,
    limitMs: 1_000_000,
    ...options,
  });
}

describe('a call to a server with a bad day', () => {
  test('is made until it succeeds', async () => {
    await expect(outcome([down, down, down])).resolves.toBe('done');
  });

  test.each([conflict, noRows])('ends with the answer of the server: %s', async (error) => {
    await expect(outcome([down, error])).rejects.toBe(error);
  });

  test('that only reads has no conflicts: a proxy made them up', async () => {
    await expect(outcome([conflict, conflict], { isAnswer: isNoRows })).resolves.toBe('done');
  });

  test('is given up after the limit', async () => {
    await expect(
      outcome(
        Array.from({ length: 50 }, () => down),
        { limitMs: 5_000 },
      ),
    ).rejects.toBe(down);
  });
});
