/** Process 1 of a step, which is run by busybox whatever shell the coordinator has. */
import { expect, test } from '@jest/globals';
import { startStage } from './stage-in-folders.ts';

test.each([
  ['10 KB', 10_000, 0, ''],
  ['20 KB on an idle machine', 20_000, 100_000, 'sleep 0.2'],
  ['20 KB on a busy machine', 20_000, 0, 'sleep 1'],
  ['80 KB on an idle machine', 80_000, 100_000, 'sleep 0.2'],
  ['80 KB on a busy machine', 80_000, 0, 'sleep 3'],
])('a step that wrote %s exits when its log is out', async (_title, bytes, cpus, held) => {
  // In the place of the busybox that holds it: tells for how long, and how many CPUs there are.
  const double = `[ "$1" = nproc ] && echo ${cpus} || echo "$*"`;
  const replace = `rm $OWN/busybox; printf '%s\\n' '#!/bin/sh' '${double}' >$OWN/busybox`;
  const run = `${replace}; chmod +x $OWN/busybox; head -c ${bytes} /dev/zero; echo`;
  const stage = await startStage(['busybox', 'sh'], { 1: { run } });
  const { journal, output } = await stage.end();
  expect(journal.steps.get(1)).toMatchObject({ state: 'exited', code: 0 });
  expect(output.get(1)?.split('\n').slice(1).join('')).toBe(held);
});
