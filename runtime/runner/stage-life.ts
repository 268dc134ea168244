/**
 * One stage of a Drone server from its acceptance to its end, or from where another replica left
 * it. The order of what server, record and cluster are told is such that this process may end at
 * any instant: whoever takes over finds in the record what may have been done, and does the rest.
 */
import type { Details } from '../drone/rpc.ts';
import { KubeError } from '../kube/errors.ts';
import type { StageResult } from '../stage/conclude.ts';
import { deleteNamespace, wasStarted, findPod, removeObjects, secretData } from './cluster.ts';
import { StageKilled, StageLeft } from '../stage/kill.ts';
import type { StageStart } from '../stage/run-options.ts';
import { specOf } from '../stage/spec.ts';
import { stageLogger, type Logger } from '../telemetry/logger.ts';
import type { StageEnd } from '../telemetry/metrics.ts';
import { runInCluster } from './cluster-run.ts';
import type { RunnerContext } from './context.ts';
import { masksOf } from '../compile/secrets.ts';
import { isWorthAnotherTry, retriesOf, unmade } from './end-text.ts';
import type { Life } from './lives.ts';
import { stageObjectName, type Prepared, type Progress } from './record.ts';
import { RecordLost, type HeldRecord } from './records.ts';
import { areSameSteps, cancelText, isBuildOver, isStageOver, newSteps } from './server-stage.ts';
import { StageReport, type StageReportOptions } from './stage-report.ts';
import { StageServer, type Written } from './stage-server.ts';
import { StageTelling } from './stage-telling.ts';

/** Of a step that somebody is still to write. */
const OPEN: ReadonlySet<string> = new Set(['pending', 'running']);

const WITHHELD =
  'the logs are withheld: somebody deleted the Secret of the stage, so nothing can be hidden in them';

export class StageLife {
  readonly #context: RunnerContext;
  readonly #cancel = new AbortController();
  /** Whatever still wants to write then must not: the next life of the stage has another truth. */
  readonly #over = new AbortController();
  readonly #server: StageServer;
  readonly #telling: StageTelling;
  #held: HeldRecord;
  #log: Logger;

  constructor(context: RunnerContext, held: HeldRecord) {
    this.#context = {
      ...context,
      signal: AbortSignal.any([context.signal, this.#over.signal]),
    };
    this.#held = held;
    this.#telling = new StageTelling(context, held.record.stage);
    this.#log = context.log.child({ stage: { id: held.record.stage } });
    this.#server = new StageServer({
      context: this.#context,
      stage: held.record.stage,
      log: () => this.#log,
      onOver: (details) => this.#kill(details),
      onLost: () => this.#cancel.abort(new StageLeft()),
    });
  }

  /**
   * Lives the stage to its end. Never rejects: what goes wrong ends the stage, or is left to others,
   * or has to be gone on with after a while.
   */
  async run(): Promise<Life> {
    const { watches, records } = this.#context;
    // First of all: a cancel reaches only who listens.
    const leave = watches.join(this.#held.record.build, {
      onCancelled: () => void this.#look(),
      onGap: () => void this.#look(),
    });
    try {
      const ending = await this.#live();
      // A write that comes after the removal would make the record again.
      await this.#startedWrite;
      if (ending === 'remove') await records.remove(this.#held);
      return { isOver: true };
    } catch (error) {
      if (error instanceof RecordLost) {
        this.#log.info('another replica goes on with the stage');
        return { isOver: true };
      }
      if (!this.#context.signal.aborted) {
        this.#log.error('the stage will be gone on with', { error });
      }
      return { isOver: false, held: this.#held };
    } finally {
      this.#telling.left();
      leave();
      this.#over.abort();
    }
  }

  async #live(): Promise<'remove' | 'keep'> {
    const details = await this.#server.details();
    if (details === undefined) return this.#clean();
    this.#introduce(details);
    const { progress, machine } = this.#held.record;
    if (progress.state === 'claimed' && details.stage.machine !== machine) {
      // Never accepted, or by somebody else: the server goes on without us.
      return 'remove';
    }
    if (isStageOver(details)) return this.#clean();
    if (isBuildOver(details)) return this.#refuse(details, 'killed', cancelText(details));
    try {
      return progress.state === 'claimed'
        ? await this.#begin(details)
        : await this.#goOn(details, progress);
    } catch (error) {
      if (error instanceof RecordLost) throw error;
      const what = error instanceof KubeError ? error.message : 'drone-kube failed, see its log';
      this.#log.error('the stage failed to run', { error });
      return this.#refuse(details, 'error', what);
    }
  }

  /** Accepted, and nothing of it exists: as far as the record knows, the server knows no steps. */
  async #begin(details: Details): Promise<'remove' | 'keep'> {
    const context = this.#context;
    const { record } = this.#held;
    const prepared = await context.prepare(details, stageObjectName(record));
    if ('refusal' in prepared) {
      this.#log.info('the pipeline is refused', { code: prepared.refusal.code });
      return this.#refuse(details, 'error', prepared.refusal.message, 'invalid pipeline');
    }
    const written = await this.#server.begin(details, newSteps(prepared.stage, record.stage));
    if (written === undefined) return this.#clean();
    if (written.steps.length === 0) {
      this.#log.warn('the ids of the steps are lost; only the stage is reported');
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
  async #goOn(
    details: Details,
    progress: Extract<Progress, { state: 'prepared' | 'started' }>,
  ): Promise<'remove' | 'keep'> {
    const { transport, clock } = this.#context;
    const { spec } = progress;
    this.#hasStarted = progress.state === 'started';
    // Of two replicas that think they have the stage, the server refuses one.
    const written = await this.#server.write({ ...details.stage, status: 'running' }, []);
    if (written === undefined) return this.#clean();
    const pod = await findPod(transport, clock, spec);
    const known = { stage: written.stage, steps: progress.steps };
    const isFresh = progress.state === 'prepared' && pod === undefined;
    if (isFresh) this.#hasStarted = await wasStarted(transport, clock, spec);
    if (isFresh && !this.#hasStarted) {
      const report = this.#report(known, {
        isAdopted: true,
        announcements: [],
        mayRestart: progress.retries > 0,
      });
      return this.#again(details, report, progress);
    }
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
  async #again(
    details: Details,
    report: StageReport,
    before: Prepared,
  ): Promise<'remove' | 'keep'> {
    const context = this.#context;
    await removeObjects(context.transport, context.clock, before);
    this.#hasStarted = false;
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

  async #inCluster(
    details: Details,
    report: StageReport,
    prepared: Prepared,
    { start, masks }: { readonly start: StageStart; readonly masks: readonly string[] | undefined },
  ): Promise<'remove' | 'keep'> {
    const context = this.#context;
    let ending: 'remove' | 'keep' = 'remove';
    let isAgain = false;
    try {
      await runInCluster({
        context,
        prepared,
        start,
        masks,
        report,
        telling: this.#telling,
        signal: this.#cancel.signal,
        onStarted: () => this.#started(),
        onResult: async (result, begun) => {
          isAgain = isWorthAnotherTry(result, {
            hasStarted:
              this.#hasStarted ||
              (begun === 'unknown' &&
                (await wasStarted(context.transport, context.clock, prepared.spec))),
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
    if (this.#cancel.signal.reason instanceof StageLeft) throw new RecordLost();
    if (isAgain) return this.#again(details, report, prepared);
    if (ending === 'remove' && prepared.ownNamespace) {
      await deleteNamespace(context.transport, context.clock, prepared.spec.namespace);
    }
    return ending;
  }

  async #end(report: StageReport, result: StageResult): Promise<'remove' | 'keep'> {
    const ending = await report.finish(result);
    this.#telling.ended(result, result.reason);
    this.#log.info('the stage ended', { status: result.status, reason: result.reason });
    return ending;
  }

  #hasStarted = false;
  #startedWrite: Promise<void> | undefined;

  /** Written down once, beside everything else: from now on nothing is done twice. */
  #started(): void {
    const { progress } = this.#held.record;
    if (this.#hasStarted || progress.state === 'claimed') return;
    this.#hasStarted = true;
    this.#telling.running();
    this.#startedWrite = this.#record({ ...progress, state: 'started' }).catch((error: unknown) => {
      if (error instanceof RecordLost) this.#cancel.abort(new StageLeft());
      else this.#log.warn('cannot write down that the stage has started', { error });
    });
  }

  async #record(progress: Progress): Promise<void> {
    const { records } = this.#context;
    this.#held = await records.update(this.#held, { ...this.#held.record, progress });
  }

  #report(
    { stage, steps }: Written,
    options: Pick<StageReportOptions, 'isAdopted' | 'announcements' | 'mayRestart'>,
  ): StageReport {
    const { server, clock, signal, cards, metrics, runnerName, readSteps } = this.#context;
    return new StageReport({
      server,
      clock,
      signal,
      // Accepted under a name that is like no other; people know the replica by this one.
      stage: { ...stage, machine: runnerName },
      steps,
      cards,
      ...options,
      standing: async () => this.#server.standing(),
      readSteps,
      onFailure: (what, error) => this.#log.warn(`cannot ${what}`, { error }),
      onLog: (bytes) => metrics.logDelivered(bytes),
      onSteps: (entries) => this.#telling.steps(entries),
    });
  }

  async #refuse(
    details: Details,
    status: 'error' | 'killed',
    text: string,
    reason: StageEnd = status === 'killed' ? 'killed' : 'internal',
  ): Promise<'remove' | 'keep'> {
    const { progress } = this.#held.record;
    const known = progress.state === 'claimed' ? [] : progress.steps;
    const stored = known.length === 0 ? [] : ((await this.#context.readSteps(details)) ?? known);
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
    this.#telling.ended({ status, error: text, steps: [] }, reason);
    return ending === 'remove' ? this.#clean() : ending;
  }

  /** Nothing of the stage is to be reported any more; what is left in the cluster goes. */
  async #clean(): Promise<'remove'> {
    const { progress } = this.#held.record;
    const { transport, clock } = this.#context;
    if (progress.state !== 'claimed') await removeObjects(transport, clock, progress);
    return 'remove';
  }

  #introduce(details: Details): void {
    const context = this.#context;
    const { build, repo, stage } = details;
    this.#log = stageLogger(
      context.log,
      {
        repo: repo.slug,
        build: { id: build.id, number: build.number },
        stage: { id: stage.id, number: stage.number, name: stage.name },
      },
      details.secrets.map(({ data }) => data),
    );
    this.#telling.taken(details);
  }

  /** The build may have been cancelled. */
  async #look(): Promise<void> {
    try {
      const details = await this.#server.details();
      if (details === undefined)
        this.#cancel.abort(new StageKilled('the server does not know the build'));
      else if (isBuildOver(details)) this.#kill(details);
    } catch (error) {
      this.#log.warn('cannot ask whether the build was cancelled', { error });
    }
  }

  #kill(details: Details): void {
    this.#cancel.abort(new StageKilled(cancelText(details)));
  }
}
