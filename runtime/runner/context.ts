/** What all stages of a replica share. */
import type { BuildWatches } from '../drone/build-watch.ts';
import type { Details, DroneServer, ServerStep } from '../drone/rpc.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { Clock } from '../kube/clock.ts';
import type { Transport } from '../kube/transport.ts';
import type { ClusterFeed } from '../stage/cluster-feed.ts';
import type { StageLimits } from '../stage/ends.ts';
import type { StageEvent } from '../telemetry/history.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Records } from './records.ts';

/** The objects of a stage, or why there will be none. */
export type Prepared =
  | {
      readonly stage: CompiledStage;
      /** The namespace is made for this stage, and goes with it. */
      readonly temporaryNamespace: boolean;
      /** For the log of the first step. */
      readonly warnings: readonly string[];
    }
  | { readonly refusal: { readonly code: string; readonly message: string } };

export interface RunnerContext {
  readonly clock: Clock & { wall(): number };
  readonly transport: Transport;
  readonly server: DroneServer;
  readonly watches: BuildWatches;
  readonly records: Records;
  readonly feedOf: (namespace: string) => ClusterFeed;
  /** `name` is the one of the Pod; it ends in the number of the attempt. */
  readonly prepare: (details: Details, name: string) => Promise<Prepared>;
  /**
   * Steps of a stage as the server has them, read with the rights of a user; undefined where
   * nobody may. The protocol of runners tells them only once.
   */
  readonly readSteps: (details: Details) => Promise<readonly ServerStep[] | undefined>;
  /** Of waiting; the timeout is the repository's. */
  readonly limits: Omit<StageLimits, 'timeout'>;
  readonly retryLimit: number;
  readonly cards: boolean;
  /** The name that people know this replica by. */
  readonly runnerName: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tell: (event: StageEvent) => void;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
}
