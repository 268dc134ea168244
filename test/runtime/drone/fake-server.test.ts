/** The fake server, asked by the client over HTTP: the traps that stages must know. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { createDroneClient, type DroneClient } from '../../../runtime/drone/client.ts';
import {
  isAlreadyStored,
  isConflict,
  isNoRows,
  isUnknownStream,
} from '../../../runtime/drone/errors.ts';
import type { ServerStage, ServerStep } from '../../../runtime/drone/rpc.ts';
import { LimitClock, ManualClock, settled } from './clocks.ts';
import { serveFake } from './fake-http.ts';
import { FakeDrone, lostAnswer, type FakeBuild } from './fake-server.ts';

const FILTER = { kind: 'pipeline', type: 'kubernetes', labels: {} } as const;
const never = new AbortController().signal;
const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(clean.splice(0).map(async (end) => end()));
});

async function start(): Promise<{ readonly fake: FakeDrone; readonly drone: DroneClient }> {
  const fake = new FakeDrone(new ManualClock());
  const http = await serveFake(fake, 'secret');
  const drone = createDroneClient({
    url: http.url,
    secret: 'secret',
    tls: { skipVerify: false },
    environment: {},
    clock: new LimitClock(),
  });
  clean.push(async () => {
    await drone.close();
    await http.close();
  });
  return { fake, drone };
}

const failureOf = async (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

const stepsOf = (stage: ServerStage, ...names: readonly string[]): ServerStep[] =>
  names.map((name, index) => ({
    id: 0,
    step_id: stage.id,
    number: index + 1,
    name,
    status: 'pending',
    exit_code: 0,
    version: 0,
  }));

/** A stage that runs, with steps. */
async function running(build: FakeBuild, ...names: readonly string[]) {
  const { fake, drone } = await start();
  const ids = fake.addBuild(build);
  const accepted = await drone.accept(ids.stages[0] ?? 0, 'me', never);
  const begun = { ...accepted, status: 'running', started: 5 };
  const { stage, steps } = await drone.putStage(begun, stepsOf(accepted, ...names), never);
  return { fake, drone, stage, steps, ...ids };
}

test('a whole stage', async () => {
  const { fake, drone } = await start();
  const waiting = drone.request(FILTER, never);
  const secrets = [{ name: 's', data: 'v', pull_request: false }];
  const { build } = fake.addBuild({ config: 'kind: pipeline', secrets, repoSecret: 'key' });
  const offered = await waiting;
  const accepted = await drone.accept(offered?.id ?? 0, 'me', never);
  expect(accepted).toMatchObject({ machine: 'me', status: 'pending' });
  const details = await drone.details(accepted.id, never);
  expect(details).toMatchObject({ config: 'kind: pipeline', secrets, repoSecret: 'key' });
  expect(details.build.status).toBe('pending');

  const begun = { ...accepted, status: 'running', started: 5 };
  const written = await drone.putStage(begun, stepsOf(accepted, 'one', 'two'), never);
  expect(written.steps).toMatchObject([
    { id: 1, version: 1 },
    { id: 2, version: 1 },
  ]);
  expect(fake.build(build)).toMatchObject({ status: 'running', started: 5 });

  const steps: ServerStep[] = [];
  for (const step of written.steps) {
    const on = await drone.putStep({ ...step, status: 'running', started: 6 }, never);
    await drone.batch(step.id, [{ pos: 0, out: 'hello\n', time: 0 }], never);
    expect(fake.liveLog(step.id)).toHaveLength(1);
    await drone.upload(step.id, [{ pos: 0, out: 'hello\n', time: 0 }], never);
    await drone.card(step.id, { schema: 's', data: { n: 1 } }, never);
    steps.push(await drone.putStep({ ...on, status: 'success', stopped: 7 }, never));
    expect(fake.liveLog(step.id)).toBeUndefined();
    expect(fake.log(step.id)).toHaveLength(1);
    expect(fake.cardOf(step.id)).toEqual({ schema: 's', data: { n: 1 } });
  }
  await drone.putStage({ ...written.stage, status: 'success', stopped: 8 }, steps, never);
  expect(fake.build(build)).toMatchObject({ status: 'success', finished: 8 });
});

describe('the queue', () => {
  test('offers a stage again and again until one accepts it', async () => {
    const { fake, drone } = await start();
    const { stages } = fake.addBuild();
    expect(await drone.request(FILTER, never)).toMatchObject({ id: stages[0] });
    expect(await drone.request(FILTER, never)).toMatchObject({ id: stages[0] });
    await drone.accept(1, 'me', never);
    await expect(drone.accept(1, 'you', never)).rejects.toMatchObject({
      code: 'drone-conflict',
      afterRetry: false,
    });
  });

  test('labels must be equal as a whole', async () => {
    const { fake, drone } = await start();
    fake.addBuild({ stages: [{ name: 'a', labels: { gpu: 'yes', disk: 'big' } }, { name: 'b' }] });
    const request = async (labels: Readonly<Record<string, string>>) =>
      (await drone.request({ ...FILTER, labels }, never))?.name;
    expect(await request({ disk: 'big', gpu: 'yes' })).toBe('a');
    expect(await request({})).toBe('b');
  });

  test('a dependent stage comes when those before it are done, or is skipped', async () => {
    const stages = [
      { name: 'a' },
      { name: 'b', depends_on: ['a'] },
      { name: 'c', depends_on: ['b'] },
      { name: 'd', depends_on: ['a'], on_failure: true },
    ];
    const { fake, drone, stage } = await running({ stages });
    const failed = { ...stage, status: 'failure', exit_code: 1, stopped: 9 };
    await drone.putStage(failed, [], never);
    expect([1, 2, 3, 4].map((id) => fake.stage(id).status)).toEqual([
      'failure',
      'skipped',
      'skipped',
      'pending',
    ]);
    expect(fake.build(1).status).toBe('running');
    expect(await drone.request(FILTER, never)).toMatchObject({ name: 'd' });
  });
});

describe('a lost answer', () => {
  test('to accept: the retry conflicts, the details tell whose it is', async () => {
    const { fake, drone } = await start();
    fake.addBuild();
    let left = 1;
    fake.faults = {
      after: () => {
        left -= 1;
        if (left === 0) throw new Error('lost');
      },
    };
    const accepting = drone.accept(1, 'me', never);
    await expect(accepting).rejects.toMatchObject({ code: 'drone-conflict', afterRetry: true });
    expect((await drone.details(1, never)).stage.machine).toBe('me');
  });

  test('as those see it who do not use HTTP', async () => {
    const fake = new FakeDrone();
    fake.addBuild();
    fake.faults = {
      after: () => {
        throw lostAnswer();
      },
    };
    await expect(fake.accept(1, 'me', never)).rejects.toMatchObject({ afterRetry: true });
    expect(fake.stage(1).machine).toBe('me');
  });

  test('a call that hangs ends with its signal', async () => {
    const fake = new FakeDrone();
    fake.faults = { before: async () => new Promise<void>(() => undefined) };
    const stop = new AbortController();
    const ping = fake.ping(stop.signal);
    stop.abort(new Error('stopped'));
    await expect(ping).rejects.toThrow('stopped');
  });
});

describe('versions', () => {
  test('steps cannot be made twice, but the version of the stage goes up', async () => {
    const { fake, drone, stage } = await running({}, 'one');
    const again = drone.putStage(stage, stepsOf(stage, 'one'), never);
    expect(isAlreadyStored(await failureOf(again))).toBe(true);
    expect(fake.stage(stage.id).version).toBe(stage.version + 1);
  });

  test('an update without steps takes a stage over, once', async () => {
    const { drone, stage } = await running({}, 'one');
    const taken = await drone.putStage({ ...stage, machine: 'you' }, [], never);
    expect(taken.stage).toMatchObject({ machine: 'you', version: stage.version + 1 });
    const late = drone.putStage({ ...stage, machine: 'other' }, [], never);
    await expect(late).rejects.toMatchObject({ code: 'drone-conflict' });
  });

  test('a final update that conflicts has written the steps before', async () => {
    const { fake, drone, stage, steps } = await running({}, 'one', 'two');
    const final = steps.map((step) => ({ ...step, status: 'success' as const }));
    const stale = final.map((step, index) => (index === 1 ? { ...step, version: 9 } : step));
    const update = { ...stage, status: 'success' };
    await expect(drone.putStage(update, stale, never)).rejects.toMatchObject({
      code: 'drone-conflict',
    });
    expect(fake.steps(stage.id).map(({ status }) => status)).toEqual(['success', 'pending']);
    expect(fake.stage(stage.id)).toMatchObject({ status: 'running', version: stage.version });
  });

  test('fields that a body leaves out are gone, names are never changed', async () => {
    const { fake, drone, stage } = await running({ stages: [{ labels: { a: 'b' } }] });
    const { labels: _labels, ...rest } = stage;
    await drone.putStage({ ...rest, name: 'other' }, [], never);
    expect(fake.stage(stage.id)).toMatchObject({ name: 'default' });
    expect(fake.stage(stage.id)['labels']).toBeUndefined();
  });

  test('an error is cut after 500 bytes', async () => {
    const { fake, drone, stage } = await running({});
    await drone.putStage({ ...stage, status: 'error', error: 'x'.repeat(600) }, [], never);
    expect(fake.stage(stage.id)['error']).toBe('x'.repeat(500));
  });
});

describe('a cancel', () => {
  test('reaches who listens, and makes everything final with new versions', async () => {
    const { fake, drone, stage, steps, build } = await running({}, 'one');
    const watching = drone.watch(build, never);
    while (fake.calls.at(-1)?.call !== 'watch') await settled();
    await settled();
    fake.cancel(build);
    expect(await watching).toBe(true);
    expect((await drone.details(stage.id, never)).build.status).toBe('killed');
    expect(fake.steps(stage.id)).toMatchObject([{ status: 'killed', exit_code: 130, version: 2 }]);
    const step = { ...(steps[0] ?? stepsOf(stage, 'x')[0]!), status: 'success' as const };
    await expect(drone.putStep(step, never)).rejects.toMatchObject({ code: 'drone-conflict' });
    await expect(drone.putStage({ ...stage, status: 'success' }, [], never)).rejects.toMatchObject({
      code: 'drone-conflict',
    });
  });

  test('before accept is undone by it; the build tells', async () => {
    const { fake, drone } = await start();
    fake.addBuild();
    fake.cancel(1);
    expect(await drone.accept(1, 'me', never)).toMatchObject({ status: 'pending' });
    expect((await drone.details(1, never)).build.status).toBe('killed');
  });
});

describe('logs', () => {
  test('a second "running" empties the live log, a final write removes it even in a conflict', async () => {
    const { fake, drone, steps } = await running({}, 'one');
    const step = { ...steps[0]!, status: 'running' as const, started: 1 };
    const on = await drone.putStep(step, never);
    await drone.batch(on.id, [{ pos: 0, out: 'a', time: 0 }], never);
    await drone.putStep(on, never);
    expect(fake.liveLog(on.id)).toEqual([]);
    expect(isConflict(await failureOf(drone.putStep({ ...on, status: 'success' }, never)))).toBe(
      true,
    );
    expect(isUnknownStream(await failureOf(drone.batch(on.id, [], never)))).toBe(true);
  });

  test('a second upload is refused and changes nothing', async () => {
    const { fake, drone, steps } = await running({}, 'one');
    await drone.upload(steps[0]!.id, [{ pos: 0, out: 'a', time: 0 }], never);
    expect(isAlreadyStored(await failureOf(drone.upload(steps[0]!.id, [], never)))).toBe(true);
    expect(fake.log(steps[0]!.id)).toHaveLength(1);
  });

  test('a restart of the server loses live logs and breaks polls', async () => {
    const { fake, drone, steps } = await running({}, 'one');
    await drone.putStep({ ...steps[0]!, status: 'running', started: 1 }, never);
    const watching = drone.watch(1, never);
    while (fake.calls.at(-1)?.call !== 'watch') await settled();
    await settled();
    fake.restart();
    await expect(watching).rejects.toMatchObject({ code: 'drone-unavailable' });
    expect(fake.liveLog(steps[0]!.id)).toBeUndefined();
  });
});

test('what does not exist, and a wrong secret', async () => {
  const { drone } = await start();
  expect(isNoRows(await failureOf(drone.details(99, never)))).toBe(true);
  const { fake } = await start();
  const http = await serveFake(fake, 'other');
  const options = { url: http.url, secret: 'secret', tls: { skipVerify: false }, environment: {} };
  const stranger = createDroneClient(options);
  await expect(stranger.ping(never)).rejects.toMatchObject({ code: 'drone-unauthorized' });
  await stranger.close();
  await http.close();
});
