import { describe, expect, test } from '@jest/globals';
import { BuildWatches, watchBuild } from '../../../runtime/drone/build-watch.ts';
import { errorFromAnswer } from '../../../runtime/drone/errors.ts';
import { ManualClock, settled } from './clocks.ts';
import { FakeDrone, type Faults } from './fake-server.ts';

/** A watched build, and what the owner was told when. */
function watched(faults: Faults = {}) {
  const clock = new ManualClock();
  const drone = new FakeDrone(clock);
  drone.faults = faults;
  const { build } = drone.addBuild();
  const told: string[] = [];
  const tell = (what: string) => (): void => void told.push(`${what} at ${clock.now() / 1_000} s`);
  const handlers = { onCancelled: tell('cancelled'), onGap: tell('gap') };
  const stop = new AbortController();
  const options = { clock, random: () => 0.5 };
  const run = () => watchBuild(drone, build, handlers, stop.signal, options);
  const polls = (): number => drone.calls.filter(({ call }) => call === 'watch').length;
  return { clock, drone, build, told, handlers, stop, options, run, polls };
}

describe('one build', () => {
  test.each([0, 1, 19_999, 20_000, 29_999, 30_000, 30_001, 50_000, 3_600_000])(
    'hears of a cancel after %d ms',
    async (after) => {
      const { clock, drone, build, told, run } = watched();
      const done = run();
      await clock.advance(after);
      drone.cancel(build);
      await done;
      expect(told).toEqual([`cancelled at ${after / 1_000} s`]);
    },
  );

  test('always has a poll open, and asks three times a minute', async () => {
    const { clock, run, polls, stop } = watched();
    const done = run();
    await clock.advance(600_000 - 1);
    expect(polls()).toBe(30);
    stop.abort();
    await done;
  });

  test('after a restart of the server: listens again soon, and then says that there was a gap', async () => {
    const { clock, drone, told, run, polls, stop } = watched();
    const done = run();
    await clock.advance(5_000);
    drone.restart();
    await clock.advance(200);
    expect({ polls: polls(), told }).toEqual({ polls: 1, told: [] });
    await clock.advance(3_000);
    expect(polls()).toBe(2);
    expect(told).toEqual(['gap at 6.5 s']);
    stop.abort();
    await done;
  });

  test('while the server is down: tries on for ever, and tells one gap at its end', async () => {
    let isDown = true;
    const { clock, drone, build, told, run, polls } = watched({
      before: () => {
        if (isDown) throw errorFromAnswer('watch', 503, '');
      },
    });
    const done = run();
    await clock.advance(3_600_000);
    expect(polls()).toBeGreaterThan(400);
    expect(polls()).toBeLessThan(600);
    expect(told).toEqual([]);
    isDown = false;
    await clock.advance(10_000);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^gap/);
    drone.cancel(build);
    await done;
    expect(told[1]).toMatch(/^cancelled/);
  });

  test('a server that fails each poll at its regular end (Redis) makes no gap', async () => {
    const { clock, told, run, polls, stop } = watched({
      after: () => {
        throw errorFromAnswer('watch', 500, 'redis: nil');
      },
    });
    const done = run();
    await clock.advance(300_000 - 1);
    expect({ polls: polls(), told }).toEqual({ polls: 15, told: [] });
    stop.abort();
    await done;
  });

  test('ends with the signal, and calls nothing after that', async () => {
    const { clock, drone, build, told, run, stop, polls } = watched();
    const done = run();
    await clock.advance(25_000);
    stop.abort();
    await done;
    drone.cancel(build);
    await clock.advance(100_000);
    expect({ told, polls: polls() }).toEqual({ told: [], polls: 2 });
  });
});

describe('many stages', () => {
  test('share one watch, which ends with the last of them', async () => {
    const { clock, drone, build, told, handlers, options, polls } = watched();
    const watches = new BuildWatches(drone, options);
    const leave = [watches.join(build, handlers), watches.join(build, handlers)];
    await clock.advance(1_000);
    expect(polls()).toBe(1);
    leave[0]?.();
    leave[0]?.();
    await clock.advance(20_000);
    expect(polls()).toBe(2);
    leave[1]?.();
    await clock.advance(100_000);
    drone.cancel(build);
    await settled();
    expect({ told, polls: polls() }).toEqual({ told: [], polls: 2 });
    watches.join(build, handlers);
    await settled();
    expect(polls()).toBe(3);
  });

  test('each is told of the cancel once, one that joins late too', async () => {
    const { clock, drone, build, told, handlers, options } = watched();
    const watches = new BuildWatches(drone, options);
    watches.join(build, {
      ...handlers,
      onCancelled: () => {
        handlers.onCancelled();
        watches.join(build, handlers);
      },
    });
    const leave = watches.join(build, handlers);
    await clock.advance(1_000);
    drone.cancel(build);
    await settled();
    leave();
    expect(told).toEqual(Array(3).fill('cancelled at 1 s'));
  });

  test('each is told of a gap', async () => {
    const { clock, drone, build, told, handlers, options } = watched();
    const watches = new BuildWatches(drone, options);
    watches.join(build, handlers);
    watches.join(build, handlers);
    await settled();
    drone.restart();
    await clock.advance(2_000);
    expect(told).toEqual(Array(2).fill('gap at 1.5 s'));
  });
});
