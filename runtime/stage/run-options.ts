/** What running a stage takes, and what it tells. */
import type { PlanStep } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { Clock } from '../kube/clock.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import type { ClusterFeed } from './cluster-feed.ts';
import type { StageResult, StepResult } from './conclude.ts';
import type { StageLimits } from './ends.ts';
import type { Begun } from './observation.ts';
import type { StepLogsOptions } from './step-logs.ts';
import type { Wait } from './waiting.ts';

/** What somebody who looks on is told. Calls come in order; reading a log waits for `line`. */
export interface StageObserver {
  /** The Pod was made: from now on steps may run. */
  readonly made?: () => void;
  readonly line: StepLogsOptions['onLine'];
  /** What a step wrote could not all be read. */
  readonly hole: StepLogsOptions['onHole'];
  /**
   * Why nothing happens yet, and to which step if it is one; called when the reason changes.
   * `usual`: every Pod goes through it, so it tells something only when it lasts.
   */
  readonly waiting: (text: string, usual: boolean, step: number | undefined) => void;
  /** The stage has left this phase of waiting, after so many milliseconds. */
  readonly waited?: (phase: Wait['phase'], milliseconds: number) => void;
  readonly journal: (journal: Journal) => void;
  /**
   * A step is over and the kubelet has confirmed it, while others go on. `hasLog`: a `logEnd` came
   * or will come.
   */
  readonly settled?: (result: StepResult, hasLog: boolean) => void;
  /** The log of a step was read to its end; no `line` of it follows. */
  readonly logEnd?: (step: PlanStep) => void;
  /**
   * Everything is known and shown; what is left is to clean up, which waits for this. `keep`: the
   * objects belong to somebody else now and are left alone. `begun`: has a step run?
   */
  readonly result: (result: StageResult, begun: Begun) => Promise<'remove' | 'keep'>;
}

/** Objects to be made, or the Pod that was found of those that somebody made. */
export type StageStart =
  { readonly create: CompiledStage } | { readonly found: PodLike | undefined };

export interface RunOptions {
  readonly transport: Transport;
  /** `wall` is unix milliseconds, beside the clock that never goes back. */
  readonly clock: Clock & { wall(): number };
  readonly feed: ClusterFeed;
  readonly observer: StageObserver;
  readonly limits: StageLimits;
  /** Values that no log may show. */
  readonly masks: readonly string[];
  /** Characters of a line of the log that are kept together. */
  readonly longestLine: number;
  /** Milliseconds that the API server may be away while objects are made, and logs be read after the end. */
  readonly patienceMs: number;
  /** Aborted: the stage is killed; a StageKilled as the reason says by whom, a StageLeft means something else. */
  readonly signal: AbortSignal;
  /** Brings the working tree into the Pod, where the plan has a step for it. */
  readonly upload?: (signal: AbortSignal) => Promise<void>;
  /** Called as soon as there is something to remove, should this process end. */
  readonly onCreated?: () => void;
}
