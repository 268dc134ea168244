/** One step for each exit code, beside each other in one Pod. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDaemons, type Daemons } from './daemon.ts';
import { pipeline, steps } from './daemon-repo.ts';

let daemons: Daemons;
beforeAll(async () => {
  daemons = await openDaemons('daemon-codes');
  await daemons.start();
}, 60_000);
afterAll(async () => {
  await daemons.close();
}, 60_000);

describe('exit codes', () => {
  test('are reported as they are, from 0 to 255', async () => {
    // 78 ends a pipeline; see below.
    const codes = Array.from({ length: 256 }, (_, code) => code).filter((code) => code !== 78);
    const step = (code: number): string =>
      `  - {name: c${code}, image: busybox, commands: ["exit ${code}"], depends_on: [go], when: {status: [success, failure]}}`;
    const go = '  - {name: go, image: busybox, commands: ["true"]}';
    const { build } = await daemons.build(
      pipeline(['steps:', go, ...codes.map(step)].join('\n')),
      110_000,
    );
    const expected = codes.map((code) => [
      `c${code}`,
      code === 0 ? 'success 0' : `failure ${code}`,
    ]);
    expect(steps(build)).toEqual({ go: 'success 0', ...Object.fromEntries(expected) });
    expect(build.status).toBe('failure');
  }, 120_000);
});
