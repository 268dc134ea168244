/** Reading everything that there is of one Drone server in the cluster. */
import { LABEL_ORIGIN, LABEL_OWNER, LABEL_ROLE, LABEL_SERVER, LABEL_STAGE } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { isForbidden, KubeError } from '../kube/errors.ts';
import { CONFIG_MAPS, LEASES, objectPath, PODS, SECRETS, type Resource } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { ListLike, ObjectLike } from '../kube/types.ts';
import { parseRecord, serverKey } from '../runner/record.ts';
import { isSilent } from './decide.ts';
import { ANNOTATION_UNOWNED, namespacePrefix, stageOfRecord } from './names.ts';
import type {
  Found,
  FoundLease,
  FoundObject,
  FoundRecord,
  Kind,
  LeavingThing,
  Limits,
  Thing,
} from './types.ts';

export interface LookOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Address of the Drone server. */
  readonly server: string;
  /** Of records and Leases. */
  readonly namespace: string;
  /** Where stages run; those that records name are looked at as well. */
  readonly stageNamespaces: readonly string[];
  /** Whether the configuration makes namespaces for single stages. */
  readonly makesNamespaces: boolean;
  readonly limits: Limits;
}

export interface Look {
  readonly found: Found;
  /** What could not be listed, one sentence each. */
  readonly problems: readonly string[];
}

/** An object may be a megabyte, and all that is kept of it is who it is. */
const PAGE = 200;
/** Values of Secrets never come here. */
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/**
 * Objects are listed before records: those of a stage that begins meanwhile have their record.
 * Rejects with a KubeError where records or Leases cannot be listed.
 */
export async function look(options: LookOptions): Promise<Look> {
  const problems: string[] = [];
  const leaving = new Map<string, LeavingThing>();
  const reading = { ...options, onLeaving: (thing: LeavingThing) => leaving.set(thing.uid, thing) };
  const unseen = new Set<string>();
  const named: string[] = [];
  const own: string[] = [];
  for (const { content } of await listRecords(reading)) {
    if (content === undefined || content.progress.state === 'claimed') continue;
    (content.progress.ownNamespace ? own : named).push(content.progress.spec.namespace);
  }
  const namespaces = await orProblem(async () => listNamespaces(reading));
  if ('problem' in namespaces) {
    for (const name of own) unseen.add(name);
    const isNeeded = options.makesNamespaces || own.length > 0;
    if (isNeeded || !namespaces.isForbidden) problems.push(namespaces.problem);
  }
  const objects: FoundObject[] = [];
  for (const namespace of new Set([...options.stageNamespaces, ...named])) {
    const listed = await orProblem(async () => listStages(reading, namespace));
    if ('problem' in listed) {
      unseen.add(namespace);
      problems.push(`in the namespace ${namespace}: ${listed.problem}`);
    } else objects.push(...listed.items);
  }
  const records = await listRecords(reading);
  const leases = await listLeases(reading);
  const found = {
    records,
    leases,
    objects,
    namespaces: 'problem' in namespaces ? [] : namespaces.items,
    unseen,
    leaving: [...leaving.values()],
  };
  return { found, problems };
}

interface Reading extends LookOptions {
  /** Told of each that is on its way out already, once for each time that it is read. */
  readonly onLeaving: (thing: LeavingThing) => void;
}

async function orProblem<T>(
  work: () => Promise<readonly T[]>,
): Promise<
  { readonly items: readonly T[] } | { readonly problem: string; readonly isForbidden: boolean }
> {
  try {
    return { items: await work() };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return { problem: error.message, isForbidden: isForbidden(error) };
  }
}

async function listRecords(reading: Reading): Promise<readonly FoundRecord[]> {
  const { namespace, server } = reading;
  const path = objectPath(CONFIG_MAPS, namespace);
  return list<FoundRecord>(reading, path, selectorOf('record', server), (object) => {
    const stage = stageOfRecord(server, object.metadata.name);
    if (stage === undefined) return undefined;
    const marked = Date.parse(object.metadata.annotations?.[ANNOTATION_UNOWNED] ?? '');
    return {
      ...thingOf(object, 'Record'),
      kind: 'Record',
      stage,
      owner: object.metadata.labels?.[LABEL_OWNER] ?? '',
      content: parseRecord(object),
      unownedSince: Number.isNaN(marked) ? undefined : marked,
    };
  });
}

/** Where one looks dead by its own words, all are looked at again when it should have spoken. */
async function listLeases(options: Reading): Promise<readonly FoundLease[]> {
  const { clock, limits } = options;
  const first = await listLeasesOnce(options);
  const silent = first.filter((lease) => isSilent(lease, limits));
  if (silent.length === 0) return first;
  const before = new Map(silent.map((lease) => [lease.uid, lease.renewed]));
  await clock.sleep(Math.max(...silent.map(({ durationMs }) => durationMs)));
  return (await listLeasesOnce(options)).map((lease) => ({
    ...lease,
    isQuiet: before.get(lease.uid) === lease.renewed,
  }));
}

async function listLeasesOnce(reading: Reading): Promise<readonly FoundLease[]> {
  const { namespace, server } = reading;
  const path = objectPath(LEASES, namespace);
  return list<FoundLease>(reading, path, selectorOf('replica', server), (object) => ({
    ...thingOf(object, 'Lease'),
    kind: 'Lease',
    renewed: object.spec?.renewTime ?? '',
    durationMs: (object.spec?.leaseDurationSeconds ?? 0) * 1000,
    isQuiet: false,
  }));
}

/** Namespaces for one stage each have no label, only their name. */
async function listNamespaces(reading: Reading): Promise<readonly Thing[]> {
  const prefix = namespacePrefix(reading.server);
  return list<Thing>(reading, '/api/v1/namespaces', undefined, (object) =>
    object.metadata.name.startsWith(prefix) ? thingOf(object, 'Namespace') : undefined,
  );
}

async function listStages(reading: Reading, namespace: string): Promise<readonly FoundObject[]> {
  const key = serverKey(reading.server);
  const read = (kind: FoundObject['kind']) => (object: Listed) => {
    const labels = object.metadata.labels ?? {};
    const origin = labels[LABEL_ORIGIN];
    if (origin !== 'exec' && (origin !== 'daemon' || labels[LABEL_SERVER] !== key))
      return undefined;
    const group = labels[LABEL_STAGE] ?? '';
    const pod = kind === 'Pod' ? timesOf(object) : undefined;
    return { ...thingOf(object, kind), kind, group, origin, pod } as const;
  };
  const of = async (resource: Resource, kind: FoundObject['kind'], accept?: string) =>
    list<FoundObject>(reading, objectPath(resource, namespace), LABEL_STAGE, read(kind), accept);
  return [
    ...(await of(PODS, 'Pod')),
    ...(await of(CONFIG_MAPS, 'ConfigMap', METADATA)),
    ...(await of(SECRETS, 'Secret', METADATA)),
  ];
}

function timesOf({ spec, status }: Listed): FoundObject['pod'] {
  const started = Date.parse(status?.startTime ?? '');
  const seconds = spec?.activeDeadlineSeconds;
  return {
    started: Number.isNaN(started) ? undefined : started,
    allowedMs: seconds === undefined ? undefined : seconds * 1000,
  };
}

const selectorOf = (role: 'record' | 'replica', server: string): string =>
  `${LABEL_ROLE}=${role},${LABEL_SERVER}=${serverKey(server)}`;

/** What is read of any of them. */
interface Listed extends ObjectLike {
  readonly metadata: ObjectLike['metadata'] & { readonly finalizers?: readonly string[] };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
    readonly activeDeadlineSeconds?: number;
  };
  readonly status?: {
    readonly startTime?: string;
    /** Of a namespace that is on its way out: what is left in it, or keeps it. */
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

/** A list of metadata that is empty has no list. */
type Page = Omit<ListLike<Listed>, 'items'> & { readonly items: readonly Listed[] | null };

/** In pages; of each object only what `read` makes of it is kept. */
async function list<R extends Thing>(
  { transport, onLeaving }: Pick<Reading, 'transport' | 'onLeaving'>,
  path: string,
  labelSelector: string | undefined,
  read: (object: Listed) => R | undefined,
  accept = 'application/json',
): Promise<readonly R[]> {
  const found: R[] = [];
  let next: string | undefined;
  do {
    const query = { labelSelector, limit: PAGE, continue: next };
    const page: Page = await transport.request('GET', path, { query, accept });
    for (const object of page.items ?? []) {
      const made = read(object);
      if (made === undefined) continue;
      const { deletionTimestamp } = object.metadata;
      if (deletionTimestamp === undefined) found.push(made);
      else onLeaving(leavingOf(made, Date.parse(deletionTimestamp), object));
    }
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
  return found;
}

/** A namespace says in its conditions what keeps it; anything else in its finalizers. */
function leavingOf(
  { created, kind, name, namespace, resourceVersion, uid }: Thing,
  leavingSince: number,
  { metadata: { finalizers = [] }, status }: Listed,
): LeavingThing {
  const said = (status?.conditions ?? [])
    .filter(({ type, status: value }) => type.startsWith('Namespace') && value === 'True')
    .flatMap(({ message = '' }) => (message === '' ? [] : [message]));
  const why = [...said, ...(finalizers.length === 0 ? [] : [`finalizers ${finalizers.join(' ')}`])];
  const thing = { kind, namespace, name, uid, resourceVersion, created };
  return { ...thing, leavingSince, why: why.join('; ') };
}

const thingOf = <K extends Kind>({ metadata }: ObjectLike, kind: K): Thing & { kind: K } => ({
  kind,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
  uid: metadata.uid ?? '',
  resourceVersion: metadata.resourceVersion ?? '',
  created: Date.parse(metadata.creationTimestamp ?? ''),
});
