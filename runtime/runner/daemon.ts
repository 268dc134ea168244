/** A replica of the runner: puts the parts together and keeps them going until it is told to stop. */
import { randomBytes } from 'node:crypto';
import type { DaemonConfig } from '../config/types.ts';
import { LABEL_ORIGIN, LABEL_SERVER } from '../contract.ts';
import { BuildWatches } from '../drone/build-watch.ts';
import type { Details, DroneServer, ServerStep } from '../drone/rpc.ts';
import { untilAborted, type Clock } from '../kube/clock.ts';
import type { Transport } from '../kube/transport.ts';
import { feedOfNamespace, type ClusterFeed } from '../stage/cluster-feed.ts';
import type { StageEvent } from '../telemetry/history.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { adoptStages } from './adoption.ts';
import { claimStages } from './claims.ts';
import type { Prepared, RunnerContext } from './context.ts';
import { ReplicaLease } from './lease.ts';
import { Lives } from './lives.ts';
import { serverKey } from './record.ts';
import { Records, type HeldRecord } from './records.ts';
import { Room } from './room.ts';
import { StageLife } from './stage-life.ts';

export interface DaemonParts {
  readonly config: DaemonConfig;
  readonly clock: Clock & { wall(): number };
  readonly transport: Transport;
  /** Where records and Leases are. */
  readonly namespace: string;
  readonly server: DroneServer;
  readonly prepare: (details: Details, name: string) => Promise<Prepared>;
  readonly readSteps: (details: Details) => Promise<readonly ServerStep[] | undefined>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tell: (event: StageEvent) => void;
  /** Turns of the loops, by name, for the health of the process. */
  readonly onTurn: (loop: 'claims' | 'lease') => void;
}

/**
 * Runs until the signal is aborted, and returns as soon as others can go on with its stages; what
 * is under way is left to them. Rejects where the replica may not work at all.
 */
export async function runDaemon(parts: DaemonParts, stop: AbortSignal): Promise<void> {
  const { config, clock, transport, namespace, server, log, metrics, onTurn } = parts;
  const owner = `drone-kube-${randomBytes(5).toString('hex')}`;
  const key = serverKey(config.rpc.server);
  const records = new Records({ transport, clock, namespace, server: config.rpc.server, owner });
  const lease = new ReplicaLease({
    transport,
    clock,
    namespace,
    name: owner,
    holder: config.kube.pod?.name ?? config.runner.name,
    podUid: config.kube.pod?.uid ?? '',
    serverKey: key,
    durationSeconds: config.kube.leaseDurationSeconds,
  });
  const context: RunnerContext = {
    clock,
    transport,
    server,
    watches: new BuildWatches(server, { clock }),
    records,
    feedOf: feeds(transport, `${LABEL_ORIGIN}=daemon,${LABEL_SERVER}=${key}`),
    prepare: parts.prepare,
    readSteps: parts.readSteps,
    limits: config.timeouts,
    retryLimit: config.runner.retryLimit,
    cards: config.runner.cards,
    runnerName: config.runner.name,
    log,
    metrics,
    tell: parts.tell,
    signal: stop,
  };
  const lives = new Lives({
    clock,
    signal: stop,
    live: async (held) => new StageLife(context, held).run(),
    current: async (held) => records.current(held),
  });
  const room = new Room({
    transport,
    clock,
    namespace: config.namespaces.default,
    request: config.resources.request,
    capacity: config.runner.namespaceCapacity,
    running: () => lives.count,
  });

  await lease.acquire(stop);
  log.info('the replica is ready', { lease: owner, namespace });
  const start = (held: HeldRecord): void => lives.start(held);
  const loops = [
    lease.renew(stop, () => onTurn('lease')),
    lease.watch(stop),
    adoptStages(
      { clock, lease, records, log, owner, start, onAdopted: () => metrics.adopted() },
      stop,
    ),
    claimStages(
      {
        context,
        filter: {
          kind: 'pipeline',
          type: 'kubernetes',
          labels: Object.fromEntries(config.runner.labels),
        },
        serverAddress: config.rpc.server,
        owner,
        capacity: config.runner.capacity,
        running: () => lives.count,
        nextEnd: async () => lives.nextEnd(),
        fullness: async (signal) => room.fullness(signal),
        start,
        onTurn: () => onTurn('claims'),
      },
      stop,
    ),
  ];
  try {
    await Promise.race([...loops.map(async (loop) => endless(loop, stop)), untilAborted(stop)]);
  } finally {
    await lease
      .release()
      .catch((error: unknown) => log.warn('cannot give up the Lease', { error }));
  }
}

/** A loop that ends before it is told to would leave the replica half alive. */
async function endless(loop: Promise<void>, stop: AbortSignal): Promise<void> {
  await loop;
  if (!stop.aborted) throw new Error('a loop of the runner ended');
}

/** One watch a namespace, opened when its first stage runs. */
function feeds(transport: Transport, labelSelector: string): (namespace: string) => ClusterFeed {
  const open = new Map<string, ClusterFeed>();
  return (namespace) => {
    const feed = open.get(namespace) ?? feedOfNamespace(transport, namespace, labelSelector);
    open.set(namespace, feed);
    return feed;
  };
}
