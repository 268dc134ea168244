/** One run: builds, kills and faults at the same time, then the judgement of everything. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Disturbed } from './disturbed.ts';
import type { Fault } from './faults.ts';
import { livesOf } from './plan.ts';
import { randomOf } from './random.ts';
import { Replicas, type Death } from './replicas.ts';
import { report } from './report.ts';
import { streamBuilds } from './stream.ts';
import { openWorld, type World } from './world.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** The least that it lasts. */
  readonly minutes: number;
  readonly faults: readonly Fault[];
  /** Milliseconds that each fault lasts. */
  readonly faultMs: number;
  /** The clocks of replicas jump. */
  readonly jumps: boolean;
  /** Leaves namespaces and repositories. */
  readonly keep: boolean;
}

const IN_FLIGHT = 6;
/** Milliseconds: a build that is not over after this, without any kills left, never will be. */
const LONGEST = 240_000;
const CLEAN_MS = 60_000;
const QUIET_MS = 5_000;

/** Names of several runs of one process must differ: a namespace takes its time to go. */
let runs = 0;

/** Whether everything was as it should be; tells what was not. */
export async function chaos(options: ChaosOptions, tell: (line: string) => void): Promise<boolean> {
  const { kills, seed, minutes, faults, faultMs, jumps, keep } = options;
  runs += 1;
  const world = await openWorld(`chaos-${seed}-${process.pid}-${runs}`);
  const began = Date.now();
  const at = (time: number): string => `${((time - began) / 1_000).toFixed(1).padStart(6)} s`;
  tell(`seed ${seed}, namespace ${world.namespace}, logs in ${world.folder}`);
  const deaths: Death[] = [];
  const wrong: string[] = [];
  const disturbed = new Disturbed();
  const stop = new AbortController();
  const replicas = new Replicas({
    environment: world.environment,
    folder: world.folder,
    jumps,
    onDeath: (death) => {
      deaths.push(death);
      tell(`${at(death.at)}  replica ${death.replica} ${death.how}`);
      if (!death.isPlanned) wrong.push(`replica ${death.replica} ${death.how}`);
    },
  });
  const builds = streamBuilds({
    world,
    seed,
    inFlight: IN_FLIGHT,
    stop: stop.signal,
    longest: LONGEST + kills * 3_000 + minutes * 60_000 + faults.length * faultMs,
    disturbed,
    onJudged: ({ scenario, status, link, ended, wrong: found }) =>
      tell(`${at(ended)}  ${scenario} ${status} ${link}${found.length > 0 ? '  WRONG' : ''}`),
  });
  builds.catch(() => stop.abort());
  try {
    const random = randomOf(seed + 1);
    await Promise.all([
      replicas.live(livesOf(seed, kills)),
      oneByOne(faults, async (fault) => {
        await delay(QUIET_MS);
        tell(`${at(Date.now())}  ${fault.help}`);
        await fault.run({
          world,
          random,
          ms: faultMs,
          disturb: (stage) => disturbed.add(stage),
          outage: (scenario) => disturbed.outage(scenario),
        });
        tell(`${at(Date.now())}  it is over: ${fault.help}`);
      }),
      delay(minutes * 60_000),
    ]);
    stop.abort();
    const judged = await builds;
    wrong.push(...(await leftovers(world)), ...(await replicas.end()), ...defects(world.folder));
    const left = await world.leftovers();
    wrong.push(...left.map((object) => `left after the end: ${object}`));
    const isRight = report({ judged, deaths, wrong, began }, tell);
    if (isRight) await rm(world.folder, { recursive: true, force: true });
    else tell(`the logs of the replicas are in ${world.folder}`);
    return isRight;
  } finally {
    stop.abort();
    await replicas.end();
    if (!keep) await world.close();
  }
}

async function oneByOne<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const one of all) await work(one);
}

/** All that is left is a Lease for each replica that lives. */
async function leftovers(world: World): Promise<readonly string[]> {
  const end = Date.now() + CLEAN_MS;
  for (;;) {
    const found = await world.leftovers();
    const leases = found.filter((object) => object.includes(' lease.'));
    const others = found.filter((object) => !leases.includes(object));
    if (others.length === 0 && leases.length === 2) return [];
    if (Date.now() > end) {
      return [
        ...others.map((object) => `left in the cluster: ${object}`),
        ...(leases.length === 2 ? [] : [`${leases.length} Leases for 2 replicas`]),
      ];
    }
    await delay(1_000);
  }
}

/** What a replica itself calls a defect. */
function defects(folder: string): readonly string[] {
  return [0, 1].flatMap((replica) =>
    readFileSync(join(folder, `replica-${replica}.log`), 'utf8')
      .split('\n')
      .filter((line) => line.includes('a defect of drone-kube') || /^\S*Error:/.test(line))
      .map((line) => `replica ${replica}: ${line.slice(0, 500)}`),
  );
}
