/** Builds of all scenarios, some at a time, for as long as it is wanted. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../cluster/errors.ts';
import type { ApiBuild, ApiLine } from '../stack/drone-api.ts';
import type { Disturbed, Span } from './disturbed.ts';
import { judge } from './judge.ts';
import { randomOf } from './random.ts';
import { SCENARIOS, SECRETS, type Draw, type Scenario } from './scenarios.ts';
import type { World } from './world.ts';

export interface Judged extends Span {
  /** Drone's page of it. */
  readonly link: string;
  readonly params: Readonly<Record<string, string>>;
  readonly isCancelled: boolean;
  readonly status: string;
  readonly wrong: readonly string[];
}

export interface StreamOptions {
  readonly world: World;
  readonly seed: number;
  /** Builds that are not over, at most. */
  readonly inFlight: number;
  /** No more builds are begun. */
  readonly stop: AbortSignal;
  /** Milliseconds after which a build that is not over never ends. */
  readonly longest: number;
  /** What the cluster was made to end. */
  readonly disturbed: Disturbed;
  readonly onJudged: (judged: Judged) => void;
}

/** Resolves when every build is over, and judged. */
export async function streamBuilds(options: StreamOptions): Promise<readonly Judged[]> {
  const { inFlight, seed, stop } = options;
  const judged: Judged[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (!stop.aborted) {
        const index = next;
        next += 1;
        judged.push(await oneBuild(options, seed * 1_000_003 + index, index));
      }
    }),
  );
  return judged;
}

async function oneBuild(options: StreamOptions, seed: number, index: number): Promise<Judged> {
  const { world, longest, onJudged } = options;
  const random = randomOf(seed);
  // Each scenario comes before any comes again.
  const scenario = SCENARIOS[index % SCENARIOS.length] ?? random.pick(SCENARIOS);
  const draw = scenario.draw(random, world.place);
  const began = Date.now();
  const slug = world.slug(scenario);
  const { number } = await patiently(async () => world.api.createBuild(slug, draw.params));
  const isCancelled = await cancelled(world, slug, number, draw);
  const build = await untilOver(world, slug, number, began + longest);
  const judged = await judgeBuild(options, { scenario, draw, build, began, isCancelled });
  onJudged(judged);
  return judged;
}

/** Whether it was cancelled before it was over. */
async function cancelled(
  world: World,
  slug: string,
  number: number,
  { cancelAfter }: Draw,
): Promise<boolean> {
  if (cancelAfter === undefined) return false;
  await delay(cancelAfter);
  return patiently(async () => {
    const { finished } = await world.api.build(slug, number);
    if (finished > 0) return (await world.api.build(slug, number)).status === 'killed';
    await world.api.cancel(slug, number);
    return (await world.api.build(slug, number)).status === 'killed';
  });
}

const OPEN: ReadonlySet<string> = new Set(['pending', 'running']);

/** All stages and steps too: those of a cancelled build are still told of. */
const isOver = ({ finished, stages }: ApiBuild): boolean =>
  finished > 0 &&
  stages.every((stage) => [stage, ...(stage.steps ?? [])].every(({ status }) => !OPEN.has(status)));

/** Milliseconds that stages and steps of a build may be told of later than its own end. */
const LATE = 45_000;

async function untilOver(
  world: World,
  slug: string,
  number: number,
  end: number,
): Promise<ApiBuild> {
  let finishedAt: number | undefined;
  for (;;) {
    const build = await patiently(async () => world.api.build(slug, number));
    const now = Date.now();
    if (build.finished > 0) finishedAt ??= now;
    if (isOver(build) || now > end || now > (finishedAt ?? now) + LATE) return build;
    await delay(500);
  }
}

interface Done {
  readonly scenario: Scenario;
  readonly draw: Draw;
  readonly build: ApiBuild;
  readonly began: number;
  readonly isCancelled: boolean;
}

async function judgeBuild(
  { world, disturbed }: StreamOptions,
  { scenario, draw, build, began, isCancelled }: Done,
): Promise<Judged> {
  const slug = world.slug(scenario);
  const logs = new Map<string, readonly ApiLine[] | undefined>();
  for (const stage of build.stages) {
    for (const step of stage.steps ?? []) {
      const log = await patiently(async () =>
        world.api.logs(slug, build.number, stage.number, step.number),
      );
      logs.set(`${stage.number}/${step.number}`, log);
    }
  }
  const hits = world.hits.of(slug.split('/')[1] ?? '', build.number);
  const stages = build.stages.map(({ id }) => id);
  const span = { scenario: scenario.name, stages, began, ended: Date.now() };
  const found = { build, logs, hits, isCancelled, isDisturbed: disturbed.has(span) };
  return {
    ...span,
    link: `${world.stack.drone}/${slug}/${build.number}`,
    params: draw.params,
    isCancelled,
    status: build.status,
    wrong: judge(found, draw.expected, SECRETS),
  };
}

/** For as long as Drone is down. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const end = Date.now() + 180_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof ClusterError || error instanceof TypeError;
      if (!isPassing || Date.now() > end) throw error;
    }
    await delay(1_000);
  }
}
