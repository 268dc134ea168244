/** Replicas that are killed at any instant lose nothing: a short run of `npm run chaos`. */
import { expect, test } from '@jest/globals';
import { wrongOf } from './chaos-run.ts';

test('20 kills: every build right, every log whole, nothing left', async () => {
  const setting = { kills: 20, seed: 20, faults: [], faultMs: 0, jumps: false };
  await expect(wrongOf(setting)).resolves.toBe('');
}, 600_000);
