/** One attempt of a stage in the cluster: what is seen there goes to the report. */
import { feedOfPod } from '../stage/cluster-feed.ts';
import type { RunOptions, StageStart } from '../stage/run-options.ts';
import { runStage } from '../stage/run.ts';
import { ensureNamespace } from './cluster.ts';
import type { RunnerContext } from './context.ts';
import type { Prepared } from './record.ts';
import type { StageReport } from './stage-report.ts';
import type { StageTelling } from './stage-telling.ts';

export interface ClusterRun {
  readonly context: RunnerContext;
  readonly prepared: Prepared;
  readonly start: StageStart;
  /** What no log may show; undefined where nobody knows it any more. */
  readonly masks: readonly string[] | undefined;
  readonly report: StageReport;
  readonly telling: StageTelling;
  /** Ends the attempt, see `RunOptions.signal`. */
  readonly signal: AbortSignal;
  /** The Pod was made. */
  readonly onMade: () => void;
  readonly onResult: RunOptions['observer']['result'];
}

/** Milliseconds that the API server may be away. */
const PATIENCE_MS = 3_600_000;
/** The server keeps that much of a log, so a longer line is not worth holding together. */
const LONGEST_LINE = 5 * 1_048_576;

/** Rejects with a KubeError where the objects of the stage could not be made. */
export async function runInCluster(run: ClusterRun): Promise<void> {
  const { context, masks, prepared, report, start, telling } = run;
  const { transport, clock, limits, metrics } = context;
  const { namespace, name } = prepared.spec;
  if (prepared.ownNamespace && 'create' in start) {
    await ensureNamespace(transport, clock, namespace);
  }
  let isRunning = false;
  await runStage(prepared.spec, start, {
    transport,
    clock,
    feed: prepared.ownNamespace ? feedOfPod(transport, namespace, name) : context.feedOf(namespace),
    limits: { ...limits, timeout: prepared.timeout },
    masks: masks ?? [],
    longestLine: LONGEST_LINE,
    patienceMs: PATIENCE_MS,
    signal: run.signal,
    observer: {
      made: run.onMade,
      line: (step, line) => {
        // Without the secrets nothing can be hidden, so nothing is shown.
        if (masks !== undefined) report.line(step.number, line);
      },
      hole: (step) =>
        report.note(step.number, 'parts of the log are lost: the node did not keep them'),
      waiting: (text, usual, step) => {
        telling.waiting(text);
        report.waiting(text, usual, step);
      },
      journal: (journal) => {
        report.journal(journal);
        if (isRunning || journal.steps.size === 0) return;
        isRunning = true;
        telling.running();
      },
      waited: (phase, milliseconds) => metrics.waited(phase, milliseconds / 1000),
      settled: (result, hasLog) => report.settled(result, hasLog),
      logEnd: (step) => report.logEnd(step.number),
      result: run.onResult,
    },
  });
}
