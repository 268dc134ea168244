import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createDroneClient } from '../../../runtime/drone/client.ts';
import { listen } from './fake-http.ts';
import { LimitClock } from './clocks.ts';
import {
  clean,
  CALLS,
  FILTER,
  REPEATED,
  SECRET,
  STEP,
  double,
  endDoubles,
  hangs,
  loses,
  never,
  says,
} from './client-double.ts';

afterEach(endDoubles);

describe('a server that is not there for a while', () => {
  const TROUBLES = [
    { trouble: 'a connection that breaks', fail: loses },
    { trouble: 'a proxy without a server', fail: says(502, '<html>Bad gateway</html>') },
    { trouble: 'a service without endpoints', fail: says(503) },
    { trouble: 'a limit of a proxy', fail: says(504) },
    { trouble: 'too many requests', fail: says(429) },
    { trouble: 'a login page', fail: says(200, '<!DOCTYPE html><title>Log in</title>') },
  ];
  const cases = REPEATED.flatMap((call) => TROUBLES.map((trouble) => ({ ...call, ...trouble })));

  test.each(cases)('$name goes on after $trouble', async ({ send, fail, answer, result }) => {
    const { drone, seen } = await double(fail, fail, says(200, answer));
    expect(await send(drone, never)).toEqual(result);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  test.each(['accept', 'putStage', 'putStep'])(
    '%s goes on after 204 and after garbage',
    async (name) => {
      const call = CALLS.find((one) => one.name === name);
      const { drone, seen } = await double(
        says(204),
        says(200, 'ok'),
        says(200, ''),
        says(200, call?.answer),
      );
      expect(await call?.send(drone, never)).toEqual(call?.result);
      expect(seen).toHaveLength(4);
    },
  );

  test.each(REPEATED)('$name goes on after a hang', async ({ send, answer, result }) => {
    let clock: LimitClock | undefined;
    const server = await double(() => setImmediate(() => clock?.expire()), says(200, answer));
    clock = server.clock;
    expect(await send(server.drone, never)).toEqual(result);
    expect(server.reports[0]?.error?.message).toMatch(/in (30|60|120) s/);
  });

  test('waits longer and longer, 10 s at most, for ever', async () => {
    const { drone, clock, reports } = await double(...Array(40).fill(says(502)), says(200));
    await drone.ping(never);
    expect(clock.pauses).toHaveLength(40);
    expect(clock.pauses.slice(0, 3)).toEqual([300, 600, 1_200]);
    expect(Math.max(...clock.pauses)).toBe(7_500);
    expect(reports.map(({ retryIn }) => retryIn)).toEqual([...clock.pauses, undefined]);
  });

  test('a retry ends with the signal, with its reason', async () => {
    const stop = new AbortController();
    const { drone } = await double(says(502), () => stop.abort(new Error('stopped')));
    await expect(drone.putStep(STEP, stop.signal)).rejects.toThrow('stopped');
    await expect(drone.ping(stop.signal)).rejects.toThrow('stopped');
  });

  test('closing ends what is under way, and what comes later', async () => {
    const { drone } = await double(hangs);
    const ping = drone.ping(never);
    const request = drone.request(FILTER, never);
    const ended = Promise.allSettled([ping, request]);
    await drone.close();
    for (const call of [ping, request, drone.putStep(STEP, never)]) {
      await expect(call).rejects.toThrow('closed here');
    }
    await ended;
  });

  test.each(['watch', 'batch'])('%s is sent once', async (name) => {
    const call = CALLS.find((one) => one.name === name);
    const { drone, seen } = await double(says(502));
    await expect(call?.send(drone, never)).rejects.toMatchObject({ code: 'drone-unavailable' });
    expect(seen).toHaveLength(1);
  });

  test('nobody listens at all', async () => {
    const http = await double();
    const { drone, url, clock } = http;
    clean.splice(0);
    await http.close();
    const call = drone.batch(9, [], never);
    await expect(call).rejects.toMatchObject({ code: 'drone-unavailable', sent: false });
    await expect(call).rejects.toThrow(
      `no answer from ${url} (ECONNREFUSED); check DRONE_RPC_HOST`,
    );
    expect(clock.pauses).toEqual([]);
    await drone.close();
  });
});

describe('a conflict', () => {
  test.each(['accept', 'putStage', 'putStep'])('of a repeated %s may be its own', async (name) => {
    const call = CALLS.find((one) => one.name === name);
    const { drone } = await double(loses, says(409));
    const error = await call?.send(drone, never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'drone-conflict', afterRetry: true });
  });

  test('is somebody else’s where the server cannot have heard the first attempt', async () => {
    const first = await listen(createServer(says(409)));
    await first.close();
    const { promise: refused, resolve: onRefused } = Promise.withResolvers<void>();
    const { promise: serving, resolve: onServing } = Promise.withResolvers<void>();
    const drone = createDroneClient({
      url: first.url,
      secret: SECRET,
      tls: { skipVerify: false },
      environment: {},
      clock: {
        now: () => 0,
        sleep: async (ms, signal) => (ms < 5_000 ? serving : new LimitClock().sleep(ms, signal)),
      },
      onCall: () => onRefused(),
    });
    const accepting = drone.accept(7, 'm', never).catch((thrown: unknown) => thrown);
    await refused;
    const second = createServer(says(409)).listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(second, 'listening');
    onServing();
    expect(await accepting).toMatchObject({ code: 'drone-conflict', afterRetry: false });
    await drone.close();
    second.close();
  });
});

describe('polls', () => {
  test('nothing to do; a server that says so at once is asked once a second', async () => {
    const { drone, clock } = await double(says(204));
    expect(await drone.request(FILTER, never)).toBeUndefined();
    expect(await drone.watch(3, never)).toBe(false);
    expect(clock.pauses).toEqual([1_000, 1_000]);
  });

  test('a login page is no cancellation', async () => {
    const { drone } = await double(says(200, '<html>'));
    await expect(drone.watch(3, never)).rejects.toMatchObject({ code: 'drone-bad-answer' });
  });

  test('do not keep other calls waiting', async () => {
    const stop = new AbortController();
    const { drone, seen } = await double(...Array(50).fill(hangs), says(200));
    const polls = Array.from({ length: 50 }, async () => drone.watch(3, stop.signal));
    const ended = Promise.allSettled(polls);
    while (seen.length < 50) await new Promise((resolve) => setImmediate(resolve));
    await drone.ping(never);
    stop.abort();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('an answer that no Drone server gives', () => {
  test.each([
    ['204', says(204)],
    ['200 with something in it', says(200, 'welcome to the portal')],
  ])('to an upload, %s, is not taken for a stored log', async (_title, odd) => {
    const { drone, seen } = await double(odd, says(200));
    await drone.upload(9, [], never);
    expect(seen).toHaveLength(2);
  });

  test('to a watch is not taken for a cancel', async () => {
    const { drone } = await double(says(200, 'welcome to the portal'));
    await expect(drone.watch(3, never)).rejects.toMatchObject({ code: 'drone-bad-answer' });
  });
});
