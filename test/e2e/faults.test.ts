/** What else goes wrong while builds run: a short run of `npm run chaos -- --with …` for each. */
import { expect, test } from '@jest/globals';
import { FAULTS } from '../chaos/faults.ts';
import { wrongOf } from './chaos-run.ts';

/** Not those that others notice, who test at the same server and cluster. */
const named = (...names: readonly string[]) =>
  FAULTS.filter(({ name, isShared }) => names.includes(name) && !isShared);

test.each<[string, readonly string[], number]>([
  ['refuses', ['drone-500', 'drone-502', 'drone-409'], 6],
  ['answers nonsense', ['drone-204', 'drone-garbage'], 6],
  ['says nothing, or its answers are lost', ['drone-hang', 'drone-lost'], 6],
])(
  'Drone %s',
  async (_title, names, kills) => {
    await expect(wrong(names, kills, 10_000)).resolves.toBe('');
  },
  600_000,
);

test.each<[string, readonly string[], number]>([
  ['Pods and Secrets', ['pod', 'secret'], 6],
  ['a namespace', ['namespace'], 6],
  ['records', ['record'], 0],
])(
  'somebody deletes %s',
  async (_title, names, kills) => {
    await expect(wrong(names, kills, 20_000)).resolves.toBe('');
  },
  600_000,
);

test('the clocks of the replicas jump', async () => {
  await expect(wrong([], 10, 0, true)).resolves.toBe('');
}, 600_000);

async function wrong(
  names: readonly string[],
  kills: number,
  faultMs: number,
  jumps = false,
): Promise<string> {
  return wrongOf({ kills, seed: 20, faults: named(...names), faultMs, jumps });
}
