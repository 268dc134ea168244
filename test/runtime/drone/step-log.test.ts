import { describe, expect, test } from '@jest/globals';
import { errorFromAnswer } from '../../../runtime/drone/errors.ts';
import type { Line } from '../../../runtime/drone/rpc.ts';
import { StepLog } from '../../../runtime/drone/step-log.ts';
import { ManualClock, settled } from './clocks.ts';
import { FakeDrone, type FakeCall, type Faults } from './fake-server.ts';

const STEP = 1;
const MIB = 1_048_576;
const never = new AbortController().signal;

/** A step that runs, its log, and the batches that came. */
async function running(faults: Faults = {}) {
  const clock = new ManualClock();
  const drone = new FakeDrone(clock);
  const { stages } = drone.addBuild();
  const stage = await drone.accept(stages[0] ?? 0, 'm', never);
  const step = { id: 0, step_id: stage.id, number: 1, name: 'a', exit_code: 0, version: 0 };
  const pending = { ...step, status: 'pending' } as const;
  const { steps } = await drone.putStage({ ...stage, status: 'running' }, [pending], never);
  await drone.putStep({ ...(steps[0] ?? pending), status: 'running', started: 1 }, never);
  drone.faults = faults;
  const stop = new AbortController();
  const log = new StepLog({ server: drone, step: STEP, signal: stop.signal, clock });
  const sent = (kind: FakeCall['call']): readonly (readonly Line[])[] =>
    drone.calls.filter(({ call }) => call === kind).map(({ body }) => linesOf(body));
  return { clock, drone, log, stop, sent };
}

const linesOf = (body: unknown): readonly Line[] => {
  const lines: readonly Line[] = JSON.parse(JSON.stringify(body));
  return lines;
};
const text = (lines: readonly Line[] | undefined): string =>
  (lines ?? []).map(({ out }) => out).join('');

describe('the live log', () => {
  test('has each line, with its position, newline and whole seconds', async () => {
    const { clock, log, drone } = await running();
    log.goLive();
    log.write('first', true, 0);
    log.write('half', false, 1_999);
    await clock.advance(999);
    expect(drone.liveLog(STEP)).toEqual([]);
    await clock.advance(1);
    log.write(' a line', true, 2_500);
    log.write('before the start', true, -300);
    await clock.advance(1_000);
    expect(drone.liveLog(STEP)).toEqual([
      { pos: 0, out: 'first\n', time: 0 },
      { pos: 1, out: 'half', time: 1 },
      { pos: 2, out: ' a line\n', time: 2 },
      { pos: 3, out: 'before the start\n', time: 0 },
    ]);
  });

  test('waits until the server knows the step as running', async () => {
    const { clock, log, drone, sent } = await running();
    log.write('early', true, 0);
    await clock.advance(10_000);
    expect(sent('batch')).toEqual([]);
    log.goLive();
    log.goLive();
    await clock.advance(1_000);
    expect(text(drone.liveLog(STEP))).toBe('early\n');
    log.write('later', true, 0);
    await clock.advance(1_000);
    expect(sent('batch')).toHaveLength(2);
  });

  test('goes in batches of 1000 lines or 1 MiB, without waiting for the second to be over', async () => {
    const { clock, log, sent } = await running();
    log.goLive();
    for (let line = 0; line < 2_500; line += 1) log.write(`${line}`, true, 0);
    await settled();
    expect(sent('batch').map(({ length }) => length)).toEqual([1_000, 1_000]);
    await clock.advance(1_000);
    for (let line = 0; line < 3; line += 1) log.write('x'.repeat(MIB * 0.6), true, 0);
    await clock.advance(1_000);
    expect(sent('batch').map(({ length }) => length)).toEqual([1_000, 1_000, 500, 2, 1]);
  });

  test('one batch at a time, and what fails is not sent again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let count = 0;
    const { clock, log, sent } = await running({
      before: async () => {
        count += 1;
        if (count === 1) await promise;
        if (count === 1) throw errorFromAnswer('batch', 502, '');
      },
    });
    log.goLive();
    log.write('lost', true, 0);
    await clock.advance(1_000);
    log.write('shown', true, 0);
    await clock.advance(60_000);
    expect(sent('batch')).toHaveLength(1);
    resolve();
    await clock.advance(1_000);
    expect(sent('batch').map(text)).toEqual(['lost\n', 'shown\n']);
  });

  test('is given up when the server has lost it', async () => {
    const { clock, log, drone, sent } = await running();
    log.goLive();
    drone.restart();
    for (let second = 0; second < 5; second += 1) {
      log.write('x', true, 0);
      await clock.advance(1_000);
    }
    expect(sent('batch')).toHaveLength(1);
    await log.close(never);
    expect(drone.log(STEP)).toHaveLength(5);
  });

  test('ends with its signal', async () => {
    const { clock, log, stop, sent } = await running();
    log.goLive();
    log.write('x', true, 0);
    stop.abort();
    await clock.advance(5_000);
    expect(sent('batch')).toEqual([]);
  });
});

describe('the end', () => {
  test('sends what is left and uploads all, once', async () => {
    const { log, drone, sent } = await running();
    log.goLive();
    log.write('a', true, 0);
    log.write('b', false, 0);
    await Promise.all([log.close(never), log.close(never)]);
    await log.close(never);
    log.write('too late', true, 0);
    await settled();
    expect(text(drone.liveLog(STEP))).toBe('a\nb');
    expect(sent('upload')).toEqual([drone.log(STEP)]);
    expect(text(drone.log(STEP))).toBe('a\nb');
  });

  test('an empty log is uploaded too', async () => {
    const { log, drone } = await running();
    await log.close(never);
    expect(drone.log(STEP)).toEqual([]);
  });

  test('a log that the server has already is a success', async () => {
    const { log, drone } = await running();
    await drone.upload(STEP, [], never);
    await expect(log.close(never)).resolves.toBeUndefined();
  });

  test('another failure of the upload is told', async () => {
    const { log } = await running({
      before: () => {
        throw errorFromAnswer('upload', 500, 'disk full');
      },
    });
    await expect(log.close(never)).rejects.toMatchObject({ code: 'drone-rejected' });
  });

  test('does not send tens of thousands of lines live first', async () => {
    const { log, drone, sent } = await running();
    for (let line = 0; line < 40_000; line += 1) log.write(`${line}`, true, 0);
    log.goLive();
    await log.close(never);
    expect(sent('batch').length).toBeLessThanOrEqual(6);
    expect(drone.liveLog(STEP)?.at(-1)?.out).toBe('39999\n');
    expect(drone.log(STEP)).toHaveLength(40_000);
  });
});

describe('a log that is too long', () => {
  test('keeps its last 5 MiB, says so, and stops being live', async () => {
    const { clock, log, drone, sent } = await running();
    log.goLive();
    const line = 'x'.repeat(1_023);
    for (let count = 0; count < 8 * 1_024; count += 1) {
      log.write(line, true, 7_000);
      if (count % 512 === 0) await clock.advance(1_000);
    }
    await clock.advance(10_000);
    const live = sent('batch').flat();
    expect(live.at(-1)?.out).toMatch(/the live log ends here/);
    const batches = sent('batch').length;
    await log.close(never);
    expect(sent('batch')).toHaveLength(batches);
    const [note, ...kept] = drone.log(STEP) ?? [];
    expect(note).toEqual({
      pos: 3_071,
      out: '[the first 3072 lines are left out: a log keeps its last 5 MiB]\n',
      time: 7,
    });
    expect(kept.map(({ pos }) => pos)).toEqual(
      Array.from({ length: 5_120 }, (_, at) => 3_072 + at),
    );
  });

  test('of very short lines stays below what MySQL can store', async () => {
    const { log, drone } = await running();
    for (let line = 0; line < 400_000; line += 1) log.write('', true, 0);
    await log.close(never);
    const stored = drone.log(STEP) ?? [];
    expect(stored.at(-1)?.pos).toBe(399_999);
    expect(JSON.stringify(stored).length).toBeLessThan(12 * MIB);
    expect(JSON.stringify(stored).length).toBeGreaterThan(10 * MIB);
  });

  test.each(['x', 'é', '\u0000', '🙂'])(
    'a line of 6 million %j is cut, with a mark',
    async (one) => {
      const { clock, log, drone } = await running();
      log.goLive();
      log.write('before', true, 0);
      log.write(one.repeat(6_000_000), true, 0);
      await clock.advance(1_000);
      await log.close(never);
      const stored = drone.log(STEP) ?? [];
      const long = stored.find(({ pos }) => pos === 1)?.out ?? '';
      expect(long.startsWith(one)).toBe(true);
      expect(long.slice(-51)).toBe('[the line is too long, the rest of it is left out]\n');
      expect(long.isWellFormed() && !long.includes('\uFFFD')).toBe(true);
      expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(6 * MIB);
    },
  );

  test('text that is none is replaced', async () => {
    const { log, drone } = await running();
    log.write('a\uD800b\u0000', true, 0);
    await log.close(never);
    expect(text(drone.log(STEP))).toBe('a\uFFFDb\u0000\n');
  });
});
