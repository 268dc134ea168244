/** Many objects as the runner and `exec` make them, of stages that the Drone server never had. */
import {
  DEFAULT_COORDINATOR_IMAGE,
  LABEL_ORIGIN,
  LABEL_ROLE,
  LABEL_SERVER,
  LABEL_STAGE,
} from '../../runtime/contract.ts';
import { loadConfig } from '../../runtime/kube/config.ts';
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
import { recordObject, serverKey, stageObjectName } from '../../runtime/runner/record.ts';
import type { Daemons } from './daemon.ts';

export interface StrandedObjects {
  /** How many of them are left. */
  stranded(): Promise<number>;
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
const FIRST_STAGE = 900_000_000;
const HOUR = 3_600_000;
const NAMESPACES = 5;
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
): Promise<StrandedObjects> {
  const access = await loadConfig({ kubeconfig: world.cluster.kubeconfig });
  const transport = new Transport(access, { qps: 400, burst: 100 });
  const server = stack.drone;
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
  const makeRecord = async (stage: number, owner: string, isLive: boolean): Promise<void> => {
    const progress = { state: 'claimed' } as const;
    const machine = 'test.0badcafe';
    const record = { server, stage, build: 1, machine, owner, attempt: 1, progress };
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
    const stage = nextStage++;
    const name = stageObjectName({ server, stage, attempt: 1 });
    const isExec = index % 2 === 1;
    const owner = `test-${isLive ? 'live' : 'dead'}-${index}`;
    await makeLease(owner, isLive);
    await makeRecord(stage, owner, isLive);
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
    // The record of a stranded one is that of another stage.
    const other = stageObjectName({ server, stage: stage + 10_000_000, attempt: 1 });
    await makeGroup(isLive ? name : other, labels, isLive);
  };
  const makeNamespace = async (isLive: boolean): Promise<string> => {
    const stage = nextStage++;
    const name = stageObjectName({ server, stage, attempt: 1 });
    if (isLive) await makeRecord(stage, 'test-live-0', isLive);
    await transport.request('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
    return name;
  };

  const turns = Array.from({ length: count }, (_, index) => index);
  await inParallel(turns, async (index) => {
    await one(index, false);
    await one(index, true);
  });
  const spaces = { live: new Set<string>(), dead: new Set<string>() };
  for (let index = 0; index < NAMESPACES; index += 1) {
    spaces.dead.add(await makeNamespace(false));
    spaces.live.add(await makeNamespace(true));
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
  const live = async () => countOf(`${LIVE}=true`, spaces.live);
  return {
    live,
    liveBefore: await live(),
    stranded: async () =>
      Object.values(await countOf(`${LIVE}=false`, spaces.dead)).reduce((a, b) => a + b, 0),
    close: async () => {
      for (const [, resource] of KINDS) {
        await transport.request('DELETE', objectPath(resource, namespace), {
          query: { labelSelector: LIVE },
          timeoutMs: 120_000,
        });
      }
      for (const name of [...spaces.live, ...spaces.dead]) {
        await world.kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait=false');
      }
      await transport.close();
    },
  };
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
  await Promise.all(Array.from({ length: 16 }, worker));
}
