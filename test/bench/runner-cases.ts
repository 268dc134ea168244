/** The cases of `npm run bench:runner`: each builds something once and says how it went. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../runtime/kube/clock.ts';
import { loadConfig } from '../../runtime/kube/config.ts';
import { objectPath, PODS } from '../../runtime/kube/request.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import type { ObjectLike } from '../../runtime/kube/types.ts';
import { watchObjects } from '../../runtime/kube/watch.ts';
import {
  openDaemons,
  requestsBetween,
  timeUntil,
  type Daemons,
  type Replica,
} from '../e2e/daemon.ts';
import { pipeline, serial, type Repo } from '../e2e/daemon-repo.ts';
import { openFaultProxy, type FaultProxy } from '../stack/fault-proxy.ts';
import { playStage } from './runner-alone.ts';

/** What one run of a case gave: a value for each name. Seconds, counts, or MB. */
export type Values = Readonly<Record<string, number>>;

export interface Bench {
  /** Each is run as often as the caller likes, in any order. */
  readonly cases: Readonly<Record<string, () => Promise<Values>>>;
  close(): Promise<void>;
}

/** Builds of the last case that are begun at once. */
const CROWD = 20;
/** Ticks of a second in /proc. */
const TICKS = 100;

interface Place {
  readonly daemons: Daemons;
  readonly replica: Replica;
  /** When each Pod of the namespace came, by its name. */
  readonly podTimes: Map<string, number>;
  /** When a stage was accepted: the request that follows the acceptance. */
  readonly acceptTimes: number[];
}

export async function openBench(): Promise<Bench> {
  const daemons = await openDaemons('bench');
  const podTimes = new Map<string, number>();
  const acceptTimes: number[] = [];
  const end = new AbortController();
  const transport = new Transport(
    await loadConfig({ kubeconfig: daemons.world.cluster.kubeconfig }),
  );
  const watching = watchObjects<ObjectLike>(transport, {
    path: objectPath(PODS, daemons.namespace),
    clock: systemClock,
    signal: end.signal,
    onEvent: ({ type, object }) => {
      if (type === 'ADDED') podTimes.set(object.metadata.name, performance.now());
    },
  });
  const proxy = await openFaultProxy(daemons.stack.drone);
  noteAcceptances(proxy, acceptTimes);
  const replica = await daemons.start({ drone: proxy.url });
  const place = { daemons, replica, podTimes, acceptTimes };
  const one = await repoWith(daemons, serial(1, 'true'));
  const ten = await repoWith(daemons, serial(10, 'true'));
  const thirty = await repoWith(daemons, serial(30, 'true'));
  const cloning = await repoWith(daemons, serial(3, 'true'), true);
  const sleeping = await repoWith(daemons, serial(1, 'sleep 1000'));
  const five = await repoWith(daemons, serial(5, 'true'));
  const nobody = await nobodysRepo(daemons);
  return {
    cases: {
      one: async () => ({ ...(await pickUp(place, one)) }),
      ten: async () => requests(place, ten),
      thirty: async () => ({ seconds: await secondsOf(place, thirty) }),
      clone: async () => ({ seconds: await secondsOf(place, cloning) }),
      cancel: async () => cancel(place, sleeping),
      alone1: async () => ({ seconds: await alone(daemons, nobody, 1) }),
      alone10: async () => ({ seconds: await alone(daemons, nobody, 10) }),
      crowd: async () => crowd(daemons, five),
    },
    close: async () => {
      end.abort();
      await watching;
      await transport.close();
      await daemons.close();
      await proxy.close();
    },
  };
}

/** A repository whose builds are asked for, not pushed. */
async function repoWith(daemons: Daemons, body: string, clone = false): Promise<Repo> {
  const repo = await daemons.repo();
  const text = pipeline(body, { clone }).replaceAll('LABEL', daemons.label);
  await daemons.api.push(repo.slug, { '.drone.yml': text }, 'the pipeline [CI SKIP]');
  return repo;
}

const nobodysLabel = (daemons: Daemons): string => `${daemons.label}-nobody`;

async function nobodysRepo(daemons: Daemons): Promise<Repo> {
  const repo = await daemons.repo();
  const text = pipeline(serial(1, 'true')).replaceAll('LABEL', nobodysLabel(daemons));
  await daemons.api.push(repo.slug, { '.drone.yml': text }, 'the pipeline [CI SKIP]');
  return repo;
}

function noteAcceptances(proxy: FaultProxy, times: number[]): void {
  let accepted = false;
  proxy.disturb(({ method, path }) => {
    if (path.includes('?machine=')) accepted = true;
    else if (accepted && method === 'GET') {
      accepted = false;
      times.push(performance.now());
    }
    return undefined;
  });
}

/** Asks until the build is over; fails where it did not succeed. Milliseconds of the clock. */
async function overAt(daemons: Daemons, repo: Repo, number: number): Promise<number> {
  for (;;) {
    const build = await daemons.api.build(repo.slug, number);
    if (build.finished > 0) {
      if (build.status === 'success') return performance.now();
      throw new Error(`build ${number} of ${repo.slug}: ${build.status} ${build.error ?? ''}`);
    }
    await delay(20);
  }
}

/** From the request that makes the build, so what the server does for it is in it. */
async function secondsOf({ daemons }: Place, repo: Repo): Promise<number> {
  const began = performance.now();
  const { number } = await daemons.api.createBuild(repo.slug);
  const seconds = ((await overAt(daemons, repo, number)) - began) / 1000;
  await daemons.clean();
  return seconds;
}

async function pickUp(place: Place, repo: Repo): Promise<Values> {
  const { podTimes, acceptTimes } = place;
  podTimes.clear();
  acceptTimes.length = 0;
  const began = performance.now();
  const seconds = await secondsOf(place, repo);
  const since = (time: number | undefined): number => ((time ?? Number.NaN) - began) / 1000;
  return {
    seconds,
    accepted: since(acceptTimes[0]),
    pod: since(podTimes.values().next().value),
  };
}

async function requests(place: Place, repo: Repo): Promise<Values> {
  const before = await place.replica.metrics();
  const seconds = await secondsOf(place, repo);
  const counts = requestsBetween(before, await place.replica.metrics());
  // A Lease is renewed whether there are stages or not.
  const ofStage = Object.entries(counts).filter(([what]) => !what.endsWith(' leases'));
  const logs = counts['GET pods/log'] ?? 0;
  const sum = ofStage.reduce((all, [, count]) => all + count, 0);
  return { seconds, requests: sum - logs, logs, ...Object.fromEntries(ofStage) };
}

async function cancel({ daemons }: Place, repo: Repo): Promise<Values> {
  const { number } = await daemons.api.createBuild(repo.slug);
  await repo.stepRuns(number, 's1');
  // At any moment of the second in which the kubelet looks at its containers.
  await delay(2_000 + Math.random() * 1_000);
  const [pod] = await daemons.podsOf(repo);
  if (pod === undefined) throw new Error('the step runs without a Pod');
  const began = performance.now();
  await daemons.api.cancel(repo.slug, number);
  const asked = timeUntil(
    'the deletion',
    async () => (await daemons.podsOf(repo, true)).length === 0,
  );
  await timeUntil('the end of the Pod', async () => (await daemons.podsOf(repo)).length === 0);
  const gone = (performance.now() - began) / 1000;
  const deleted = (await asked) / 1000;
  await daemons.clean();
  return { deleted, gone };
}

async function alone(daemons: Daemons, repo: Repo, steps: number): Promise<number> {
  const playing = playStage(daemons.stack, nobodysLabel(daemons), steps);
  // It waits in the queue before there is something.
  await delay(200);
  const began = performance.now();
  const { number } = await daemons.api.createBuild(repo.slug);
  const over = await overAt(daemons, repo, number);
  await playing;
  return (over - began) / 1000;
}

/** With a replica of its own, whose time and memory are its alone. */
async function crowd(daemons: Daemons, repo: Repo): Promise<Values> {
  const label = `${daemons.label}-crowd`;
  const text = pipeline(serial(5, 'true')).replaceAll('LABEL', label);
  await daemons.api.push(repo.slug, { '.drone.yml': text }, 'the pipeline [CI SKIP]');
  const replica = await daemons.start({ environment: { DRONE_RUNNER_LABELS: `only:${label}` } });
  const idle = cpuSeconds(replica);
  const began = performance.now();
  const builds = await Promise.all(
    Array.from({ length: CROWD }, async () => daemons.api.createBuild(repo.slug)),
  );
  const ends = await Promise.all(builds.map(async ({ number }) => overAt(daemons, repo, number)));
  const seconds = (Math.max(...ends) - began) / 1000;
  await daemons.clean();
  const values = { seconds, cpu: cpuSeconds(replica) - idle, memory: peakMemory(replica) };
  await replica.end();
  return values;
}

function cpuSeconds({ child }: Replica): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** MB that were in memory at most, of 10^6 bytes. */
function peakMemory({ child }: Replica): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024) / 1_000_000;
}
