/** One run of the reaper: looks, decides, and has cleared what belongs to nobody. */
import type { Clock } from '../kube/clock.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { patchObject } from '../kube/objects.ts';
import { CONFIG_MAPS } from '../kube/request.ts';
import { clearStage, forgetStage, type ClearOptions } from './clear.ts';
import { decide, stuck, waiting } from './decide.ts';
import { DroneSide, type DroneSideOptions } from './drone.ts';
import { look, type LookOptions } from './look.ts';
import { ANNOTATION_UNOWNED } from './names.ts';
import { failed, removeAll, type Ending } from './remove.ts';
import type { Done, ReapReport } from './report.ts';
import type { Action, FoundLease, FoundRecord, Thing } from './types.ts';

export interface ReapOptions
  extends Omit<LookOptions, 'limits'>, Pick<ClearOptions, 'name' | 'dryRun' | 'keepMs'> {
  readonly clock: Clock & { wall(): number };
  readonly drone: Omit<DroneSideOptions, 'now'>;
  /** Milliseconds: nothing younger is touched, and nobody is dead before that. */
  readonly graceMs: number;
  /** Aborted: what was begun is done to its end, and nothing else begun. */
  readonly signal: AbortSignal;
}

/** Stages that are cleared at the same time; the rate of requests is the transport's. */
const PARALLEL = 32;

/** Rejects with a KubeError where records or Leases cannot be listed. */
export async function reap(options: ReapOptions): Promise<ReapReport> {
  const { clock, dryRun, graceMs, server, signal } = options;
  const began = clock.now();
  const limits = { graceMs, now: clock.wall() };
  const { found, problems } = await look({ ...options, limits });
  const actions = decide(found, server, limits);
  const drone = new DroneSide({ ...options.drone, now: () => clock.wall() });
  if (actions.some(({ kind }) => kind === 'close' || kind === 'forget')) await drone.ping();
  const clearing = { ...options, drone, now: limits.now };
  const leases = new Map(found.leases.map((lease) => [lease.name, lease]));

  const isLast = ({ kind }: Action): boolean => kind === 'bury';
  const first = actions.filter((action) => !isLast(action));
  const work = async (action: Action): Promise<Done | undefined> => act(action, leases, clearing);
  const firsts = await inParallel(first, work, signal);
  const gone = new Set(firsts.results.flatMap(({ things }) => things.map(({ name }) => name)));
  const last = actions.filter((action) => isBuriable(action, gone));
  const lasts = await inParallel(last, work, signal);
  return {
    dryRun,
    done: [...firsts.results, ...lasts.results],
    waiting: waiting(found, limits),
    problems,
    interrupted: firsts.isCut || lasts.isCut,
    stuck: stuck(found, limits),
    requests: options.transport.counts(),
    seconds: (clock.now() - began) / 1000,
  };
}

/** Nothing is left that the name of the Lease stands on. */
const isBuriable = (action: Action, gone: ReadonlySet<string>): boolean =>
  action.kind === 'bury' && action.after.every((name) => gone.has(name));

/** undefined where there is nothing to tell. */
async function act(
  action: Action,
  leases: ReadonlyMap<string, FoundLease>,
  options: ClearOptions,
): Promise<Done | undefined> {
  switch (action.kind) {
    case 'close': {
      const { owner, stage } = action.record;
      return doneOf(action, stage, async () => clearStage(action, leases.get(owner), options));
    }
    case 'forget':
      return doneOf(action, action.stage, async () => forgetStage(action, options));
    case 'remove':
    case 'bury':
      return doneOf(action, undefined, async () => remove(action.objects, options));
    case 'mark':
      return mark(action.record, options);
  }
}

async function doneOf(
  { objects, reason }: Pick<Done, 'reason'> & { readonly objects: readonly Thing[] },
  stage: number | undefined,
  work: () => Promise<Ending>,
): Promise<Done> {
  const { things = [], ...ending } = await work().catch(failed);
  const removed = new Set(things.map(({ uid }) => uid));
  const left = objects.filter(({ uid }) => !removed.has(uid));
  return { reason, stage, closed: false, things, left, ...ending };
}

async function remove(
  things: readonly Thing[],
  { dryRun, transport }: ClearOptions,
): Promise<Ending> {
  if (dryRun) return { outcome: 'would be removed', note: '', things };
  return removeAll(transport, things, true);
}

/** Only where nobody wrote the record meanwhile. */
async function mark(
  { name, namespace, resourceVersion, stage }: FoundRecord,
  { dryRun, now, transport }: ClearOptions,
): Promise<Done | undefined> {
  if (dryRun) return undefined;
  const annotations = { [ANNOTATION_UNOWNED]: new Date(now).toISOString() };
  const reference = { resource: CONFIG_MAPS, namespace, name };
  try {
    await patchObject(transport, reference, { metadata: { resourceVersion, annotations } });
    return undefined;
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    return doneOf({ reason: 'owner dead', objects: [] }, stage, async () => failed(error));
  }
}

/** The results that there are, in any order, and whether some items were not begun. */
async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R | undefined>,
  signal: AbortSignal,
): Promise<{ readonly results: readonly R[]; readonly isCut: boolean }> {
  const results: R[] = [];
  let isCut = false;
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (signal.aborted) {
        isCut = true;
        return;
      }
      const result = await work(item);
      if (result !== undefined) results.push(result);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return { results, isCut };
}
