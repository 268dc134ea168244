import { describe, expect, test } from '@jest/globals';
import { Lives, type Life } from '../../../runtime/runner/lives.ts';
import type { HeldRecord } from '../../../runtime/runner/records.ts';

const held = (resourceVersion: string): HeldRecord => ({
  record: {
    server: 'http://drone',
    stage: 7,
    build: 3,
    machine: 'a',
    owner: 'me',
    attempt: 1,
    progress: { state: 'claimed' },
  },
  resourceVersion,
  uid: 'u',
});

/** Lives that end in these ways, one after the other; what each of them began with. */
async function live(ends: readonly Life[], current: (held: HeldRecord) => HeldRecord | undefined) {
  const left = [...ends];
  const began: string[] = [];
  const pauses: number[] = [];
  const counts: number[] = [];
  const lives = new Lives({
    clock: {
      now: () => 0,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    },
    signal: new AbortController().signal,
    live: async ({ resourceVersion }) => {
      began.push(resourceVersion);
      return left.shift() ?? { isOver: true };
    },
    current: async (before) => current(before),
  });
  lives.start(held('1'));
  counts.push(lives.count);
  await lives.nextEnd();
  counts.push(lives.count);
  return { began, pauses, counts };
}

describe('a stage of this replica', () => {
  test('is lived once where it comes to its end', async () => {
    const { began, counts } = await live([{ isOver: true }], (same) => same);
    expect(began).toEqual(['1']);
    expect(counts).toEqual([1, 0]);
  });

  test('is gone on with after a failure, since nobody else takes it from a replica that lives', async () => {
    const failed = { isOver: false, held: held('2') };
    const { began, pauses } = await live([failed, failed], () => held('3'));
    expect(began).toEqual(['1', '3', '3']);
    expect(pauses).toHaveLength(2);
    expect(pauses[1]).toBeGreaterThan(pauses[0] ?? 0);
  });

  test('is left where another replica has it meanwhile', async () => {
    const failed = { isOver: false, held: held('2') };
    const { began } = await live([failed, failed], () => undefined);
    expect(began).toEqual(['1']);
  });
});
