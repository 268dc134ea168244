/** Many objects as the runner and `exec` make them, of stages that the Drone server never had or that a caller made. */
import {
  DEFAULT_COORDINATOR_IMAGE,
  LABEL_ORIGIN,
  LABEL_ROLE,
  LABEL_SERVER,
  LABEL_STAGE,
} from '../../runtime/contract.ts';
import { loadConfig } from '../../runtime/kube/config.ts';
import { isConflict, isNotFound } from '../../runtime/kube/errors.ts';
import { createObject, listObjects } from '../../runtime/kube/objects.ts';
import {
  CONFIG_MAPS,
  LEASES,
  objectPath,
  PODS,
  SECRETS,
  type Resource,
} from '../../runtime/kube/request.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import type { PlanStep } from '../../runtime/compile/plan.ts';
import type { ServerStep } from '../../runtime/drone/rpc.ts';
import {
  recordObject,
  serverKey,
  stageObjectName,
  type Progress,
} from '../../runtime/runner/record.ts';
import type { Daemons } from './daemon.ts';

export interface StrandedOptions {
  /** Namespaces for one stage, stranded and live; 5 by default. */
  readonly namespaces?: number;
  /** Address of the Drone server; that of the stack by default. */
  readonly server?: string;
  /** Stages that the server says to run: each gets a stranded record, with its steps. */
  readonly stages?: readonly BegunStage[];
  /** Ends the making of more. */
  readonly signal?: AbortSignal;
}

/** A stage that a runner has accepted and told the steps of. */
export interface BegunStage {
  readonly id: number;
  readonly build: number;
  readonly machine: string;
  readonly steps: readonly ServerStep[];
}

export interface StrandedObjects {
  /** How many of them are left; namespaces that are on their way out are not counted. */
  stranded(): Promise<number>;
  /** Namespaces that are still there, those on their way out included. */
  strandedNamespaces(): Promise<number>;
  /** Live objects by kind. */
  live(): Promise<Readonly<Record<string, number>>>;
  readonly liveBefore: Readonly<Record<string, number>>;
  /** Removes the live ones; the rest goes with the namespace. */
  close(): Promise<void>;
}

interface Made {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
}

/** Above all ids that the server gives. */
export const FIRST_STAGE = 900_000_000;
const HOUR = 3_600_000;
const LIVE = 'test/live';

const KINDS: readonly (readonly [string, Resource])[] = [
  ['pods', PODS],
  ['configmaps', CONFIG_MAPS],
  ['secrets', SECRETS],
  ['leases', LEASES],
];

/**
 * `count` records, Leases, Pods, ConfigMaps and Secrets that nobody has, and as many that somebody
 * has: half of the objects of the daemon, half of `exec`. Pods are never bound to a node.
 */
export async function openStrandedObjects(
  { namespace, stack, world }: Daemons,
  count: number,
  options: StrandedOptions = {},
): Promise<StrandedObjects> {
  const access = await loadConfig({ kubeconfig: world.cluster.kubeconfig });
  const transport = new Transport(access, { qps: 400, burst: 100 });
  const { namespaces = 5, server = stack.drone, stages = [], signal } = options;
  let nextStage = FIRST_STAGE;
  const make = async (resource: Resource, object: Made, isLive: boolean): Promise<void> => {
    const metadata = {
      ...object.metadata,
      labels: { ...object.metadata.labels, [LIVE]: `${isLive}` },
    };
    await createObject(transport, resource, namespace, { ...object, metadata });
  };
  const makeLease = async (name: string, isLive: boolean): Promise<void> => {
    // A live one is not renewed here, so it is ahead of time.
    const renewTime = new Date(Date.now() + (isLive ? HOUR : -HOUR)).toISOString();
    const labels = { [LABEL_ROLE]: 'replica', [LABEL_SERVER]: serverKey(server) };
    const spec = { leaseDurationSeconds: 3, renewTime: renewTime.replace('Z', '000Z') };
    const lease = { metadata: { name, labels }, spec };
    await make(LEASES, lease, isLive);
  };
  const makeRecord = async (
    stage: number,
    owner: string,
    isLive: boolean,
    begun?: BegunStage,
  ): Promise<void> => {
    const { build, machine } = begun ?? { build: 1, machine: 'test.0badcafe' };
    const progress: Progress =
      begun === undefined
        ? { state: 'claimed' }
        : madeProgress(stageObjectName({ server, stage, attempt: 1 }), namespace, begun.steps);
    const record = { server, stage, build, machine, owner, attempt: 1, progress };
    await make(CONFIG_MAPS, recordObject(record, namespace), isLive);
  };
  const makeGroup = async (
    name: string,
    labels: Made['metadata']['labels'],
    isLive: boolean,
  ): Promise<void> => {
    const metadata = { name, labels: { ...labels, [LABEL_STAGE]: name } };
    await make(CONFIG_MAPS, { metadata }, isLive);
    await make(SECRETS, { metadata }, isLive);
    const pod = { metadata, spec: POD };
    await make(PODS, pod, isLive);
  };

  const one = async (index: number, isLive: boolean): Promise<void> => {
    const begun = isLive ? undefined : stages[index];
    const stage = begun?.id ?? nextStage++;
    const name = stageObjectName({ server, stage, attempt: 1 });
    const isExec = index % 2 === 1;
    const owner = `test-${isLive ? 'live' : 'dead'}-${index}`;
    await makeLease(owner, isLive);
    await makeRecord(stage, owner, isLive, begun);
    if (isExec) {
      const group = `exec-${isLive ? 'live' : 'dead'}-${index}`;
      await makeGroup(group, { [LABEL_ORIGIN]: 'exec' }, isLive);
      if (isLive) return;
      const startTime = new Date(Date.now() - 24 * HOUR).toISOString();
      const path = objectPath(PODS, namespace, group, 'status');
      await transport.request('PATCH', path, {
        body: { status: { startTime } },
        contentType: 'application/merge-patch+json',
      });
      return;
    }
    const labels = { [LABEL_ORIGIN]: 'daemon', [LABEL_SERVER]: serverKey(server) };
    // The record of a stranded one is that of another stage, but for those that the caller has begun.
    const other = stageObjectName({ server, stage: stage + 10_000_000, attempt: 1 });
    await makeGroup(isLive || begun !== undefined ? name : other, labels, isLive);
  };
  const makeNamespace = async (isLive: boolean): Promise<string> => {
    const stage = nextStage++;
    const name = stageObjectName({ server, stage, attempt: 1 });
    if (isLive) await makeRecord(stage, 'test-live-0', isLive);
    await transport.request('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
    return name;
  };

  const spaces = { live: new Set<string>(), dead: new Set<string>() };
  const makeAll = async (): Promise<void> => {
    const turns = Array.from({ length: count }, (_, index) => index);
    await inParallel(turns, async (index) => {
      signal?.throwIfAborted();
      await one(index, false);
      await one(index, true);
    });
    const pairs = Array.from({ length: namespaces }, (_, index) => index);
    await inParallel(pairs, async () => {
      signal?.throwIfAborted();
      spaces.dead.add(await makeNamespace(false));
      spaces.live.add(await makeNamespace(true));
    });
  };
  const close = async (): Promise<void> => {
    for (const [, resource] of KINDS) {
      await transport.request('DELETE', objectPath(resource, namespace), {
        query: { labelSelector: LIVE },
        timeoutMs: 120_000,
      });
    }
    await removeNamespaces(transport, [...spaces.live]);
    await removeNamespaces(transport, [...spaces.dead]);
    await transport.close();
  };
  try {
    await makeAll();
  } catch (error) {
    await close();
    throw error;
  }

  const countOf = async (selector: string, names: ReadonlySet<string>) => {
    const counts: Record<string, number> = {};
    for (const [kind, resource] of KINDS) {
      const path = objectPath(resource, namespace);
      const { items } = await listObjects(transport, path, { labelSelector: selector });
      counts[kind] = items.length;
    }
    const { items } = await listObjects(transport, '/api/v1/namespaces', {});
    // One that is on its way out takes the controller of the cluster some seconds.
    const left = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    counts['namespaces'] = left.filter(({ metadata }) => names.has(metadata.name)).length;
    return counts;
  };
  const strandedNamespaces = async (): Promise<number> => {
    const { items } = await listObjects(transport, '/api/v1/namespaces', {});
    return items.filter(({ metadata }) => spaces.dead.has(metadata.name)).length;
  };
  const live = async () => countOf(`${LIVE}=true`, spaces.live);
  return {
    live,
    liveBefore: await live(),
    strandedNamespaces,
    stranded: async () =>
      Object.values(await countOf(`${LIVE}=false`, spaces.dead)).reduce((a, b) => a + b, 0),
    close,
  };
}

/** As large as that of a pipeline with some steps. */
function madeProgress(name: string, namespace: string, steps: readonly ServerStep[]): Progress {
  const planned = Array.from({ length: 10 }, (_, index): PlanStep => ({
    number: index + 1,
    name: `a step of a pipeline ${index + 1}`,
    kind: 'latched',
    detached: false,
    when: 'success',
    failure: 'stop',
    waitsFor: index === 0 ? [] : [index],
    memoryLimit: 0,
  }));
  const spec = {
    namespace,
    name,
    plan: { steps: planned, skipped: [] },
    containers: new Map(planned.map(({ number }) => [number, `step-${number}`])),
    ephemerals: new Map(),
    hasSecret: true,
  };
  return { state: 'made', spec, steps, timeout: HOUR, ownNamespace: false, retries: 0 };
}

/** Asks for it; those that are gone are passed over. */
export async function removeNamespaces(
  transport: Transport,
  names: readonly string[],
): Promise<void> {
  await inParallel(names, async (name) => {
    try {
      await transport.request('DELETE', `/api/v1/namespaces/${name}`);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  });
}

const POD = {
  schedulerName: 'nobody',
  activeDeadlineSeconds: 7200,
  terminationGracePeriodSeconds: 1,
  automountServiceAccountToken: false,
  containers: [{ name: 'coordinator', image: DEFAULT_COORDINATOR_IMAGE }],
};

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  // Nothing is under way any more when this rejects.
  const ends = await Promise.allSettled(Array.from({ length: 16 }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
