/** Clearing one stage that nobody has: its end on the server, then its objects, then its record. */
import type { Details } from '../drone/rpc.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import { getObject, replaceObject, type ObjectReference } from '../kube/objects.ts';
import { CONFIG_MAPS, LEASES } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ObjectLike } from '../kube/types.ts';
import { parseRecord, recordName, recordObject, type RecordObject } from '../runner/record.ts';
import { isStageOver } from '../runner/server-stage.ts';
import { isUnreachable, type DroneSide } from './drone.ts';
import { removeAll, type Ending } from './remove.ts';
import type { Done } from './report.ts';
import type { Action, FoundLease, Thing } from './types.ts';

export interface ClearOptions {
  readonly transport: Transport;
  readonly drone: DroneSide;
  /** Address of the Drone server. */
  readonly server: string;
  /** Of records and Leases. */
  readonly namespace: string;
  /** What a record names as its owner while it is cleared; no Lease has this name. */
  readonly name: string;
  readonly dryRun: boolean;
  /** Milliseconds that objects wait for a Drone server which cannot be told of the end of their stage. */
  readonly keepMs: number;
  /** Unix milliseconds. */
  readonly now: number;
}

type Close = Extract<Action, { kind: 'close' }>;
type Forget = Extract<Action, { kind: 'forget' }>;

const CHANGED: Ending = { outcome: 'changed', note: '' };
/** A user's cancel may come between; more than that is a replica. */
const TRIES = 3;

/** Rejects with a KubeError. */
export async function clearStage(
  { record, reason, objects }: Close,
  lease: FoundLease | undefined,
  options: ClearOptions,
): Promise<Ending> {
  const { drone, dryRun } = options;
  const details = await drone.details(record.stage);
  if (isUnreachable(details) && !isKeptLong(record, options)) return kept(details.unreachable);
  if (dryRun) return { outcome: 'would be removed', note: '', things: [...objects, record] };
  // A replica that comes now finds the stage over, and would do the same.
  if (!isUnreachable(details) && !isToEnd(record, details)) {
    return removeStage(record, objects, { note: '', closed: false }, options);
  }
  if (await isOwnerBack(record.owner, lease, options)) return CHANGED;
  const mine = await takeOver(record, options);
  if (mine === undefined) return CHANGED;
  const end = isUnreachable(details)
    ? { note: unclosed(details.unreachable), closed: false }
    : await endStage({ record, reason }, details, options);
  return 'outcome' in end ? end : removeStage(mine, objects, end, options);
}

/** The record goes last, and only if nobody wrote it: as long as it is there, the stage is found again. */
async function removeStage(
  record: Thing,
  objects: readonly Thing[],
  end: Pick<Done, 'note' | 'closed'>,
  { transport }: ClearOptions,
): Promise<Ending> {
  const removed = await removeAll(transport, objects, false);
  if (removed.outcome !== 'removed') return { ...end, ...removed };
  const last = await removeAll(transport, [record], true);
  return {
    ...end,
    ...last,
    note: last.note || end.note,
    things: [...removed.things, ...last.things],
  };
}

/** Rejects with a KubeError. */
export async function forgetStage(
  { stage, objects, reason, evenRunning }: Forget,
  options: ClearOptions,
): Promise<Ending> {
  const { drone, dryRun, transport } = options;
  const isOld = objects.every((thing) => isKeptLong(thing, options));
  const details = await drone.details(stage);
  if (isUnreachable(details) && !isOld) return kept(details.unreachable);
  const running = isUnreachable(details) || !isRunning(details) ? undefined : details;
  if (running !== undefined && !evenRunning && !isOld) {
    return { outcome: 'in use', note: 'the Drone server says that the stage runs' };
  }
  if (dryRun) return { outcome: 'would be removed', note: '', things: objects };
  if (running !== undefined && (await hasRecord(stage, options))) return CHANGED;
  const closed = running === undefined ? 'over' : await drone.close(running, reason, []);
  if (isUnreachable(closed)) return kept(closed.unreachable);
  if (closed === 'changed') return CHANGED;
  const removed = await removeAll(transport, objects, true);
  const note = isUnreachable(details) ? unclosed(details.unreachable) : '';
  return { ...removed, note: removed.note || note, closed: closed === 'closed' };
}

/** Gives the stage its end on the server, as long as the record is this reaper's. */
async function endStage(
  { record, reason }: Pick<Close, 'record' | 'reason'>,
  before: Details | undefined,
  options: ClearOptions,
): Promise<Ending | { readonly note: string; readonly closed: boolean }> {
  const { drone } = options;
  const { progress } = record.content;
  const steps = progress.state === 'claimed' ? [] : progress.steps;
  let details = before;
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (!isToEnd(record, details)) return { note: '', closed: false };
    const closed = await drone.close(details, reason, steps);
    if (isUnreachable(closed)) return kept(closed.unreachable);
    if (closed !== 'changed') return { note: '', closed: closed === 'closed' };
    if (!(await isMine(record, options))) break;
    const again = await drone.details(record.stage);
    if (isUnreachable(again)) return kept(again.unreachable);
    details = again;
  }
  return CHANGED;
}

/** By a compare-and-swap, so that of replicas and reapers only one goes on. */
async function takeOver(
  record: Close['record'],
  { transport, name: owner }: ClearOptions,
): Promise<Thing | undefined> {
  const { name, namespace, resourceVersion, uid } = record;
  const object = recordObject({ ...record.content, owner }, namespace);
  try {
    const { metadata } = await replaceObject<RecordObject>(
      transport,
      { resource: CONFIG_MAPS, namespace, name },
      { ...object, metadata: { ...object.metadata, resourceVersion, uid } },
      { lane: 'urgent' },
    );
    return { ...record, resourceVersion: metadata.resourceVersion ?? '' };
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

async function hasRecord(
  stage: number,
  { namespace, server, transport }: ClearOptions,
): Promise<boolean> {
  const reference = { resource: CONFIG_MAPS, namespace, name: recordName(server, stage) };
  return (await find(transport, reference)) !== undefined;
}

async function isMine({ name, namespace }: Thing, options: ClearOptions): Promise<boolean> {
  const reference = { resource: CONFIG_MAPS, namespace, name };
  const found = await find<RecordObject>(options.transport, reference);
  return found !== undefined && parseRecord(found)?.owner === options.name;
}

/** A replica may have been frozen for long, and go on. */
async function isOwnerBack(
  owner: string,
  known: FoundLease | undefined,
  { namespace, transport }: ClearOptions,
): Promise<boolean> {
  type LeaseObject = ObjectLike & { readonly spec?: { readonly renewTime?: string } };
  const reference = { resource: LEASES, namespace, name: owner };
  const found = await find<LeaseObject>(transport, reference);
  return found !== undefined && (found.spec?.renewTime ?? '') !== known?.renewed;
}

async function find<T extends ObjectLike>(
  transport: Transport,
  reference: ObjectReference,
): Promise<T | undefined> {
  try {
    return await getObject<T>(transport, reference);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** False where it was never accepted, or by somebody else, or is over or unknown. */
const isToEnd = (
  { content: { machine, progress } }: Close['record'],
  details: Details | undefined,
): details is Details =>
  isRunning(details) && (progress.state !== 'claimed' || details.stage.machine === machine);

/** Accepted, and without an end. */
const isRunning = (details: Details | undefined): details is Details =>
  details !== undefined && !isStageOver(details) && details.stage.machine !== '';

const isKeptLong = ({ created }: Thing, { keepMs, now }: ClearOptions): boolean =>
  now - created > keepMs;

const kept = (note: string): Ending => ({ outcome: 'kept', note });

const unclosed = (why: string): string =>
  `kept for long enough; the server may still show the stage as running: ${why}`;
