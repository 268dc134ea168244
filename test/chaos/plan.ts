/** When which replica is killed: the same plan for the same seed. Pure. */
import { randomOf, type Random } from './random.ts';

/**
 * Where a replica kills itself: at the nth call of this name since it began. `during`: the request
 * is on its way, and whether the server got it, nobody knows.
 */
export interface Stop {
  readonly moment: (typeof MOMENTS)[number];
  /** A method of DroneServer as `drone.putStep`, or a request to Kubernetes as `POST pods`. */
  readonly call: string;
  readonly nth: number;
}

/** The life of one process. */
export interface Life {
  readonly stop: Stop | undefined;
  /** Killed after so many milliseconds, where it has not come to its stop. */
  readonly killAfter: number;
  /** Milliseconds until the next process begins. */
  readonly pause: number;
  /** The wall clock of the process jumps. */
  readonly clock: ClockJump;
}

/** Milliseconds, both. */
export interface ClockJump {
  readonly after: number;
  readonly by: number;
}

export const MOMENTS = ['before', 'during', 'after'] as const;

/** Calls of a replica, with the number of them that the first seconds of a life may bring. */
const CALLS = [
  ['drone.request', 4],
  ['drone.accept', 3],
  ['drone.details', 6],
  ['drone.putStage', 6],
  ['drone.putStep', 12],
  ['drone.watch', 4],
  ['drone.batch', 6],
  ['drone.upload', 6],
  ['POST leases', 1],
  ['PATCH leases', 4],
  ['LIST configmaps', 1],
  ['GET configmaps', 1],
  ['POST configmaps', 8],
  ['PUT configmaps', 6],
  ['DELETE configmaps', 6],
  ['DELETE leases', 2],
  ['POST secrets', 3],
  ['GET secrets', 2],
  ['POST pods', 3],
  ['GET pods', 2],
  ['DELETE pods', 3],
  ['WATCH pods', 1],
  ['GET pods/log', 8],
  ['PATCH pods/ephemeralcontainers', 1],
] as const satisfies readonly [readonly [string, number], ...(readonly [string, number])[]];

const HOUR = 3_600_000;

/** One life for each kill; those of two replicas come by turns. */
export function livesOf(seed: number, kills: number): readonly Life[] {
  const random = randomOf(seed);
  return Array.from({ length: kills }, () => lifeOf(random));
}

function lifeOf(random: Random): Life {
  const clock = { after: random.whole(500, 5_000), by: random.whole(-48, 48) * HOUR };
  const pause = random.whole(0, 2_000);
  if (random.next() < 0.5) {
    return { stop: undefined, killAfter: random.whole(300, 9_000), pause, clock };
  }
  const [call, most] = random.pick<(typeof CALLS)[number]>(CALLS);
  const stop = { moment: random.pick(MOMENTS), call, nth: random.whole(1, most) };
  return { stop, killAfter: 15_000, pause, clock };
}

export const stopText = ({ moment, call, nth }: Stop): string => `${moment} ${call} #${nth}`;
