/**
 * The attempts to run a stage: the first one, those of the replica that takes it over, and those that
 * begin again. The record is written before what it allows, so that whoever comes next knows what may
 * have been done.
 */
import { masksOf } from '../compile/secrets.ts';
import type { Details } from '../drone/rpc.ts';
import { KubeError } from '../kube/errors.ts';
import type { StageResult } from '../stage/conclude.ts';
import { StageLeft } from '../stage/kill.ts';
import type { StageStart } from '../stage/run-options.ts';
import { specOf } from '../stage/spec.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { StageEnd } from '../telemetry/metrics.ts';
import { runInCluster } from './cluster-run.ts';
import { deleteNamespace, findPod, removeObjects, secretData, wasMade } from './cluster.ts';
import type { RunnerContext } from './context.ts';
import { isWorthAnotherTry, retriesOf, unmade } from './end-text.ts';
import { stageObjectName, type Prepared, type Progress } from './record.ts';
import { RecordLost, type HeldRecord } from './records.ts';
import { areSameSteps, newSteps } from './server-stage.ts';
import { StageReport, type StageReportOptions } from './stage-report.ts';
import type { StageServer, Written } from './stage-server.ts';
import type { StageTelling } from './stage-telling.ts';

export interface StageParts {
  readonly context: RunnerContext;
  readonly server: StageServer;
  readonly telling: StageTelling;
  readonly log: () => Logger;
  /** Ends what is under way, see `RunOptions.signal`. */
  readonly cancel: AbortController;
}

/** `remove`: the stage is over, and so is its record. `keep`: another replica has both. */
export type Ending = 'remove' | 'keep';

/** Of a step that somebody is still to write. */
const OPEN: ReadonlySet<string> = new Set(['pending', 'running']);

const WITHHELD =
  'the logs are withheld: somebody deleted the Secret of the stage, so nothing can be hidden in them';

/** The methods reject with RecordLost where another replica has the stage. */
export class StageAttempts {
  readonly #parts: StageParts;
  #held: HeldRecord;
  #madeWrite: Promise<void> | undefined;

  constructor(parts: StageParts, held: HeldRecord) {
    this.#parts = parts;
    this.#held = held;
  }

  /** As it was written last. */
  get held(): HeldRecord {
    return this.#held;
  }

  /** A write that comes late would undo the next one, or make the record again after its removal. */
  async settle(): Promise<void> {
    await this.#madeWrite;
  }

  /** Accepted, and nothing of it exists: as far as the record knows, the server knows no steps. */
  async begin(details: Details): Promise<Ending> {
    const context = this.#parts.context;
    const { record } = this.#held;
    const prepared = await context.prepare(details, stageObjectName(record));
    if ('refusal' in prepared) {
      this.#parts.log().info('the pipeline is refused', { code: prepared.refusal.code });
      return this.refuse(details, 'error', prepared.refusal.message, 'invalid pipeline');
    }
    const written = await this.#parts.server.begin(details, newSteps(prepared.stage, record.stage));
    if (written === undefined) return this.clean();
    if (written.steps.length === 0) {
      this.#parts.log().warn('the ids of the steps are lost; only the stage is reported');
    }
    const progress: Progress = {
      state: 'prepared',
      spec: specOf(prepared.stage),
      steps: written.steps,
      timeout: details.repo.timeout * 60_000,
      ownNamespace: prepared.temporaryNamespace,
      retries: retriesOf(prepared.stage),
    };
    await this.#record(progress);
    const report = this.#report(written, {
      isAdopted: false,
      announcements: prepared.warnings,
      mayRestart: progress.retries > 0,
    });
    return this.#inCluster(details, report, progress, {
      start: { create: prepared.stage },
      masks: prepared.stage.masks,
    });
  }

  /** Another replica began it: its Pod may run, be done, or not be there yet. */
  async goOn(
    details: Details,
    progress: Extract<Progress, { state: 'prepared' | 'made' }>,
  ): Promise<Ending> {
    const { transport, clock } = this.#parts.context;
    const { spec } = progress;
    // Of two replicas that think they have the stage, the server refuses one.
    const written = await this.#parts.server.write({ ...details.stage, status: 'running' }, []);
    if (written === undefined) return this.clean();
    const pod = await findPod(transport, clock, spec);
    const known = { stage: written.stage, steps: progress.steps };
    const isUnmade = progress.state === 'prepared' && pod === undefined;
    if (isUnmade && !(await wasMade(transport, clock, spec))) {
      const report = this.#report(known, {
        isAdopted: true,
        announcements: [],
        mayRestart: progress.retries > 0,
      });
      return this.#again(details, report, progress);
    }
    if (pod !== undefined) this.#made();
    const data = spec.hasSecret ? await secretData(transport, clock, spec) : {};
    const announcements = data === undefined ? [WITHHELD] : [];
    const report = this.#report(known, {
      isAdopted: true,
      announcements,
      mayRestart: progress.retries > 0,
    });
    return this.#inCluster(details, report, progress, {
      start: { found: pod },
      masks: data === undefined ? undefined : masksOf(data),
    });
  }

  /** From the beginning, under a new name, with the steps that the server knows. */
  async #again(details: Details, report: StageReport, before: Prepared): Promise<Ending> {
    const context = this.#parts.context;
    await this.settle();
    await removeObjects(context.transport, context.clock, before);
    const record = { ...this.#held.record, attempt: this.#held.record.attempt + 1 };
    const prepared = await context.prepare(details, stageObjectName(record));
    if ('refusal' in prepared) return this.#end(report, unmade(before, prepared.refusal.message));
    if (
      !areSameSteps(before.steps, newSteps(prepared.stage, record.stage)) &&
      before.steps.length
    ) {
      const text = 'the pipeline changed while the stage was begun again; start the build again';
      return this.#end(report, unmade(before, text));
    }
    const progress: Progress = {
      ...before,
      state: 'prepared',
      spec: specOf(prepared.stage),
      ownNamespace: prepared.temporaryNamespace,
    };
    this.#held = await context.records.update(this.#held, { ...record, progress });
    return this.#inCluster(details, report, progress, {
      start: { create: prepared.stage },
      masks: prepared.stage.masks,
    });
  }

  /** Ends a stage that is not run, or not any further. */
  async refuse(
    details: Details,
    status: 'error' | 'killed',
    text: string,
    reason: StageEnd = status === 'killed' ? 'killed' : 'internal',
  ): Promise<Ending> {
    const { progress } = this.#held.record;
    const known = progress.state === 'claimed' ? [] : progress.steps;
    const stored =
      known.length === 0 ? [] : ((await this.#parts.context.readSteps(details)) ?? known);
    // What was reported of a step stays; what never will be is no more waited for.
    const steps = stored.filter((step) => OPEN.has(step.status));
    const report = this.#report(
      { stage: details.stage, steps },
      { isAdopted: true, announcements: [], mayRestart: false },
    );
    const ending =
      progress.state === 'claimed'
        ? await report.refuse(status, text)
        : await report.finish({ ...unmade(progress, text), status });
    this.#parts.telling.ended({ status, error: text, steps: [] }, reason);
    return ending === 'remove' ? this.clean() : ending;
  }

  /** Nothing of the stage is to be reported any more; what is left in the cluster goes. */
  async clean(): Promise<'remove'> {
    const { progress } = this.#held.record;
    const { transport, clock } = this.#parts.context;
    if (progress.state !== 'claimed') await removeObjects(transport, clock, progress);
    return 'remove';
  }

  async #inCluster(
    details: Details,
    report: StageReport,
    prepared: Prepared,
    { start, masks }: { readonly start: StageStart; readonly masks: readonly string[] | undefined },
  ): Promise<Ending> {
    const context = this.#parts.context;
    let ending: Ending = 'remove';
    let isAgain = false;
    try {
      await runInCluster({
        context,
        prepared,
        start,
        masks,
        report,
        telling: this.#parts.telling,
        signal: this.#parts.cancel.signal,
        onMade: () => this.#made(),
        onResult: async (result, begun) => {
          isAgain = isWorthAnotherTry(result, {
            mayHaveStarted: begun !== 'no',
            attempt: this.#held.record.attempt,
            limit: context.retryLimit,
            retries: prepared.retries,
          });
          if (isAgain) report.restart(result);
          else ending = await this.#end(report, result);
          return ending;
        },
      });
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      // Its objects could not be made, and are removed again.
      ending = await this.#end(report, unmade(prepared, error.message));
    }
    if (this.#parts.cancel.signal.reason instanceof StageLeft) throw new RecordLost();
    if (isAgain) return this.#again(details, report, prepared);
    if (ending === 'remove' && prepared.ownNamespace) {
      await deleteNamespace(context.transport, context.clock, prepared.spec.namespace);
    }
    return ending;
  }

  async #end(report: StageReport, result: StageResult): Promise<Ending> {
    const ending = await report.finish(result);
    this.#parts.telling.ended(result, result.reason);
    this.#parts.log().info('the stage ended', { status: result.status, reason: result.reason });
    return ending;
  }

  /** Written down beside everything else: a Pod needs longer to start a step. */
  #made(): void {
    const { progress } = this.#held.record;
    if (progress.state !== 'prepared') return;
    this.#madeWrite = this.#record({ ...progress, state: 'made' }).catch((error: unknown) => {
      if (error instanceof RecordLost) this.#parts.cancel.abort(new StageLeft());
      else this.#parts.log().warn('cannot write down that the Pod was made', { error });
    });
  }

  async #record(progress: Progress): Promise<void> {
    const { records } = this.#parts.context;
    this.#held = await records.update(this.#held, { ...this.#held.record, progress });
  }

  #report(
    { stage, steps }: Written,
    options: Pick<StageReportOptions, 'isAdopted' | 'announcements' | 'mayRestart'>,
  ): StageReport {
    const { server, clock, signal, cards, metrics, runnerName, readSteps } = this.#parts.context;
    return new StageReport({
      server,
      clock,
      signal,
      // Accepted under a name that is like no other; people know the replica by this one.
      stage: { ...stage, machine: runnerName },
      steps,
      cards,
      ...options,
      standing: async () => this.#parts.server.standing(),
      readSteps,
      onFailure: (what, error) => this.#parts.log().warn(`cannot ${what}`, { error }),
      onLog: (bytes) => metrics.logDelivered(bytes),
      onSteps: (entries) => this.#parts.telling.steps(entries),
    });
  }
}
