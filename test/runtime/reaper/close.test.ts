import { describe, expect, test } from '@jest/globals';
import type { Details, ServerStep } from '../../../runtime/drone/rpc.ts';
import { closeStage, closingText, detailsOf } from '../../../runtime/reaper/close.ts';
import { DroneSide } from '../../../runtime/reaper/drone.ts';
import { errorFromAnswer } from '../../../runtime/drone/errors.ts';
import { FakeDrone } from '../drone/fake-server.ts';
import { NOW } from './found.ts';

const NEVER = new AbortController().signal;
const SECONDS = NOW / 1000;
const stepOf = (number: number): ServerStep => ({
  id: 0,
  step_id: 1,
  number,
  name: `s${number}`,
  status: 'pending',
  exit_code: 0,
  version: 0,
});

/** A stage of three steps: one is done, one runs, one waits. */
async function interrupted() {
  const drone = new FakeDrone();
  drone.addBuild();
  await drone.accept(1, 'runner-0.0badcafe', NEVER);
  const { stage } = await drone.details(1, NEVER);
  const { steps } = await drone.putStage(
    { ...stage, status: 'running', started: SECONDS - 60 },
    [stepOf(1), stepOf(2), stepOf(3)],
    NEVER,
  );
  const [first, second] = steps;
  if (first === undefined || second === undefined) throw new Error('no steps');
  const runs = { status: 'running', started: SECONDS - 60 } as const;
  const ran = await drone.putStep({ ...first, ...runs }, NEVER);
  await drone.putStep({ ...ran, status: 'success', stopped: SECONDS - 30 }, NEVER);
  await drone.putStep({ ...second, ...runs }, NEVER);
  return { drone, steps, details: await drone.details(1, NEVER) };
}

const optionsOf = (drone: FakeDrone, read?: readonly ServerStep[]) => ({
  server: drone,
  readSteps: async () => read,
  now: () => NOW,
});

const stepsOf = (drone: FakeDrone) =>
  drone.steps(1).map(({ status, exit_code }) => [status, exit_code]);

describe('a stage that nobody has', () => {
  test.each<[string, boolean]>([
    ['as a user may read them', true],
    ['as its record knows them', false],
  ])('ends with its steps, %s', async (_title, mayRead) => {
    const { drone, steps, details } = await interrupted();
    const options = optionsOf(drone, mayRead ? drone.steps(1) : undefined);
    await expect(closeStage(details, 'owner dead', steps, options, NEVER)).resolves.toBe('closed');
    expect(stepsOf(drone)).toEqual([
      ['success', 0],
      ['killed', 137],
      ['skipped', 0],
    ]);
    expect(drone.stage(1)).toMatchObject({
      status: 'error',
      error: closingText('owner dead'),
      exit_code: 255,
      machine: 'runner-0',
      started: SECONDS - 60,
      stopped: SECONDS,
    });
    expect(drone.build(1)).toMatchObject({ status: 'error', finished: SECONDS });
  });

  test('that was never begun ends all the same', async () => {
    const drone = new FakeDrone();
    drone.addBuild();
    await drone.accept(1, 'runner-0.0badcafe', NEVER);
    const details = await drone.details(1, NEVER);
    await closeStage(details, 'owner dead', [], optionsOf(drone), NEVER);
    expect(drone.build(1)).toMatchObject({ status: 'error' });
    expect(drone.stage(1)).toMatchObject({ started: SECONDS });
  });

  test('and is over already is left as it is', async () => {
    const { drone, steps } = await interrupted();
    drone.cancel(1);
    const before = drone.stage(1);
    const details = await drone.details(1, NEVER);
    const closing = closeStage(details, 'owner dead', steps, optionsOf(drone), NEVER);
    await expect(closing).resolves.toBe('over');
    expect(drone.stage(1)).toEqual(before);
  });

  test('is not ended by somebody who knows an old version of it', async () => {
    const { drone, steps, details } = await interrupted();
    await drone.putStage(details.stage, [], NEVER);
    const closing = closeStage(details, 'owner dead', steps, optionsOf(drone), NEVER);
    await expect(closing).resolves.toBe('changed');
    expect(drone.stage(1)).toMatchObject({ status: 'running' });
  });

  test('and that the server does not know is no error', async () => {
    const drone = new FakeDrone();
    await expect(detailsOf(optionsOf(drone), 99, NEVER)).resolves.toBeUndefined();
  });

  test('of a build that is over is killed', async () => {
    const { drone, steps, details } = await interrupted();
    const over: Details = { ...details, build: { ...details.build, status: 'killed' } };
    await closeStage(over, 'owner dead', steps, optionsOf(drone), NEVER);
    expect(drone.stage(1)).toMatchObject({ status: 'killed', error: 'the build was cancelled' });
  });
});

test('every text fits into the 500 bytes that the server keeps', () => {
  for (const reason of [
    'owner dead',
    'deadline',
    'no Pod',
    'no record',
    'own namespace',
  ] as const) {
    expect(closingText(reason).length).toBeLessThan(500);
  }
});

describe('a Drone server that is not there', () => {
  const refuse = (status: number) => () => {
    throw errorFromAnswer('GET stage/1', status, 'no');
  };

  test.each([
    ['is not asked again', 503, 1],
    ['that takes the secret no more is not asked again', 401, 1],
    ['that fails for one stage is asked for the next', 500, 2],
  ])('%s', async (_title, status, calls) => {
    const drone = new FakeDrone();
    drone.addBuild();
    drone.faults = { before: refuse(status) };
    const side = new DroneSide(optionsOf(drone));
    const answers = [await side.details(1), await side.details(1)];
    for (const answer of answers) {
      expect(answer).toMatchObject({ unreachable: expect.stringContaining('GET stage/1') });
    }
    expect(drone.calls).toHaveLength(calls);
  });
});
