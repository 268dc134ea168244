/** Replicas that are killed at any instant lose nothing: a short run of `npm run chaos`. */
import { expect, test } from '@jest/globals';
import { chaos } from '../chaos/chaos.ts';

test('20 kills: every build right, every log whole, nothing left', async () => {
  const told: string[] = [];
  const isRight = await chaos(
    { kills: 20, seed: 20, minutes: 0, faults: [], faultMs: 0, jumps: false, keep: false },
    (line) => told.push(line),
  );
  expect(isRight ? '' : told.join('\n')).toBe('');
}, 600_000);
