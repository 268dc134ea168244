/** What of all that was found belongs to nobody. Pure. */
import type { StageRecord } from '../runner/record.ts';
import { nameOf, stageOfObjects } from './names.ts';
import type {
  Action,
  Found,
  FoundLease,
  FoundObject,
  FoundRecord,
  Limits,
  PodTimes,
  Thing,
} from './types.ts';

/**
 * Beyond the deadline of the Pod of an `exec`, and without a Pod. Somebody sits before it and may
 * have another clock; the kubelet has ended the Pod long before.
 */
const EXEC_MARGIN_MS = 3_600_000;

/** Whether a replica is dead by the times that it wrote itself. */
export const isSilent = (lease: Pick<FoundLease, 'renewed' | 'created'>, limits: Limits): boolean =>
  limits.now - renewedAt(lease) > limits.graceMs;

/** Clocks differ, so a Lease has to be seen not to change as well. */
const isDead = (lease: FoundLease, limits: Limits): boolean =>
  lease.isQuiet && isSilent(lease, limits);

function renewedAt({ renewed, created }: Pick<FoundLease, 'renewed' | 'created'>): number {
  const at = Date.parse(renewed);
  return Number.isNaN(at) ? created : at;
}

/** `server` is the address of the Drone server that all of it belongs to. */
export function decide(found: Found, server: string, limits: Limits): readonly Action[] {
  const isOld = (thing: Thing): boolean => limits.now - thing.created > limits.graceMs;
  const stages = groupByStage(found, server);
  const known = new Set(found.records.map(({ stage }) => stage));
  const leases = new Map(found.leases.map((lease) => [lease.name, lease]));
  const recordsOf = Map.groupBy(found.records, ({ owner }) => owner);

  const ofRecords = found.records.flatMap((record): readonly Action[] => {
    const objects = stages.get(record.stage) ?? [];
    const { content } = record;
    if (content === undefined || !isOld(record) || !objects.every(isOld)) return [];
    if (isUnseen(content, found)) return [];
    const owner = ownerOf(record, leases, limits);
    if (owner === 'unknown') return [{ kind: 'mark', record }];
    if (owner === 'present') return [];
    const reason = reasonOf(content, objects, limits);
    return [{ kind: 'close', reason, record: { ...record, content }, objects }];
  });

  const ofNobody = [...stages].flatMap(([stage, objects]): readonly Action[] => {
    if (known.has(stage) || !objects.every(isOld)) return [];
    const evenRunning = objects.some((thing) => isPastDeadline(podOf(thing), limits));
    const isNamespace = objects.every(({ kind }) => kind === 'Namespace');
    const reason = isNamespace ? 'own namespace' : 'no record';
    return [{ kind: 'forget', reason, stage, objects, evenRunning }];
  });

  const ofLeases = found.leases.flatMap((lease): readonly Action[] => {
    if (!isDead(lease, limits) || !isOld(lease)) return [];
    const after = (recordsOf.get(lease.name) ?? []).map(({ name }) => name);
    return [{ kind: 'bury', reason: 'dead replica', objects: [lease], after }];
  });
  return [...ofRecords, ...ofNobody, ...ofExec(found, limits, isOld), ...ofLeases];
}

/** Stages that have lost their owner and may still be taken over, by number. */
export function waiting({ leases, records }: Found, limits: Limits): readonly number[] {
  const owners = new Set(leases.map(({ name }) => name));
  return records
    .filter(({ owner }) => !owners.has(owner))
    .filter(({ unownedSince }) => unownedSince === undefined || !isLongAgo(unownedSince, limits))
    .map(({ stage }) => stage);
}

/**
 * Beyond the time of the deletion, which the cluster has set so far ahead as the object may take to
 * end. A namespace controller that has a thousand to do needs its time.
 */
const STUCK_MS = 3_600_000;

/** What was told to go long ago and is still there, one sentence each: nothing here can end it. */
export const stuck = ({ leaving }: Found, { now }: Pick<Limits, 'now'>): readonly string[] =>
  leaving
    .filter(({ leavingSince }) => now - leavingSince > STUCK_MS)
    .map((thing) => {
      const hours = Math.floor((now - thing.leavingSince) / STUCK_MS);
      const why = thing.why === '' ? '' : `: ${thing.why}`;
      return `${nameOf(thing)} was deleted ${hours} h ago and is still there${why}`;
    });

/** An owner without a Lease is `unknown` as long as nobody noted when that was seen first. */
function ownerOf(
  { owner, unownedSince }: FoundRecord,
  leases: ReadonlyMap<string, FoundLease>,
  limits: Limits,
): 'present' | 'dead' | 'unknown' {
  const lease = leases.get(owner);
  if (lease !== undefined) return isDead(lease, limits) ? 'dead' : 'present';
  if (unownedSince === undefined) return 'unknown';
  return isLongAgo(unownedSince, limits) ? 'dead' : 'present';
}

const isLongAgo = (at: number, { graceMs, now }: Limits): boolean => now - at > graceMs;

function reasonOf(
  { progress }: StageRecord,
  objects: readonly Thing[],
  limits: Limits,
): 'owner dead' | 'deadline' | 'no Pod' {
  const pods = objects.flatMap((thing) => podOf(thing) ?? []);
  if (pods.some((pod) => isPastDeadline(pod, limits))) return 'deadline';
  // A claimed stage has no Pod yet, and into a namespace of its own nobody looks.
  const hadPod = progress.state !== 'claimed' && !progress.ownNamespace;
  return pods.length === 0 && hadPod ? 'no Pod' : 'owner dead';
}

const podOf = (thing: Thing & Partial<Pick<FoundObject, 'pod'>>): PodTimes | undefined => thing.pod;

const isPastDeadline = (pod: PodTimes | undefined, limits: Limits): boolean =>
  pod?.started !== undefined &&
  pod.allowedMs !== undefined &&
  isLongAgo(pod.started + pod.allowedMs, limits);

/** Whether the Pod of the stage may be where nobody could look. */
const isUnseen = ({ progress }: StageRecord, { unseen }: Found): boolean =>
  progress.state !== 'claimed' && unseen.has(progress.spec.namespace);

/** All objects of each stage of the server, of all its attempts, and the namespaces made for it. */
function groupByStage(
  { objects, namespaces, unseen }: Found,
  server: string,
): ReadonlyMap<number, readonly Thing[]> {
  const stages = new Map<number, Thing[]>();
  const add = (name: string, thing: Thing): void => {
    const stage = stageOfObjects(server, name);
    if (stage !== undefined) stages.set(stage, [...(stages.get(stage) ?? []), thing]);
  };
  for (const object of objects) {
    const isSeen = !unseen.has(object.namespace);
    if (isSeen && object.origin === 'daemon') add(object.group, object);
  }
  for (const namespace of namespaces) add(namespace.name, namespace);
  return stages;
}

/** Nobody writes down anything of these: their time is all there is. */
function ofExec(
  { objects, unseen }: Found,
  limits: Limits,
  isOld: (thing: Thing) => boolean,
): readonly Action[] {
  const groups = new Map<string, FoundObject[]>();
  for (const object of objects) {
    if (object.origin !== 'exec' || unseen.has(object.namespace)) continue;
    const key = `${object.namespace}/${object.group}`;
    groups.set(key, [...(groups.get(key) ?? []), object]);
  }
  return [...groups.values()]
    .filter((group) => group.every(isOld) && limits.now > endOf(group) + EXEC_MARGIN_MS)
    .map((group) => ({ kind: 'remove', reason: 'exec left behind', objects: group }));
}

/** Unix milliseconds after which nobody can need them; never for a Pod without a deadline. */
function endOf(group: readonly FoundObject[]): number {
  const pods = group.filter(({ kind }) => kind === 'Pod');
  if (pods.length === 0) return Math.max(...group.map(({ created }) => created));
  return Math.max(
    ...pods.map(
      ({ created, pod }) =>
        (pod?.started ?? created) + (pod?.allowedMs ?? Number.POSITIVE_INFINITY),
    ),
  );
}
