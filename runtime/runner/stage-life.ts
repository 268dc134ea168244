/**
 * One stage of a Drone server from its acceptance to its end, or from where another replica left
 * it. The order of what server, record and cluster are told is such that this process may end at
 * any instant: whoever takes over finds in the record what may have been done, and does the rest.
 */
import type { Details } from '../drone/rpc.ts';
import { KubeError } from '../kube/errors.ts';
import { StageKilled, StageLeft } from '../stage/kill.ts';
import { stageLogger, type Logger } from '../telemetry/logger.ts';
import type { RunnerContext } from './context.ts';
import type { Life } from './lives.ts';
import { RecordLost, type HeldRecord } from './records.ts';
import { cancelText, isBuildOver, isStageOver } from './server-stage.ts';
import { StageAttempts, type Ending } from './stage-attempts.ts';
import { StageServer } from './stage-server.ts';
import { StageTelling } from './stage-telling.ts';

export class StageLife {
  readonly #context: RunnerContext;
  readonly #cancel = new AbortController();
  /** Whatever still wants to write then must not: the next life of the stage has another truth. */
  readonly #over = new AbortController();
  readonly #server: StageServer;
  readonly #telling: StageTelling;
  readonly #attempts: StageAttempts;
  #log: Logger;

  constructor(context: RunnerContext, held: HeldRecord) {
    this.#context = {
      ...context,
      signal: AbortSignal.any([context.signal, this.#over.signal]),
    };
    this.#telling = new StageTelling(context, held.record.stage);
    this.#log = context.log.child({ stage: { id: held.record.stage } });
    this.#server = new StageServer({
      context: this.#context,
      stage: held.record.stage,
      log: () => this.#log,
      onOver: (details) => this.#kill(details),
      onLost: () => this.#cancel.abort(new StageLeft()),
    });
    this.#attempts = new StageAttempts(
      {
        context: this.#context,
        server: this.#server,
        telling: this.#telling,
        log: () => this.#log,
        cancel: this.#cancel,
      },
      held,
    );
  }

  /**
   * Lives the stage to its end. Never rejects: what goes wrong ends the stage, or is left to others,
   * or has to be gone on with after a while.
   */
  async run(): Promise<Life> {
    const { watches, records } = this.#context;
    // First of all: a cancel reaches only who listens.
    const leave = watches.join(this.#attempts.held.record.build, {
      onCancelled: () => void this.#look(),
      onGap: () => void this.#look(),
    });
    try {
      const ending = await this.#live();
      await this.#attempts.settle();
      if (ending === 'remove') await records.remove(this.#attempts.held);
      return { isOver: true };
    } catch (error) {
      if (error instanceof RecordLost) {
        this.#log.info('another replica goes on with the stage');
        return { isOver: true };
      }
      if (!this.#context.signal.aborted) {
        this.#log.error('the stage will be gone on with', { error });
      }
      return { isOver: false, held: this.#attempts.held };
    } finally {
      this.#telling.left();
      leave();
      this.#over.abort();
    }
  }

  async #live(): Promise<Ending> {
    const details = await this.#server.details();
    if (details === undefined) return this.#attempts.clean();
    this.#introduce(details);
    const { progress, machine } = this.#attempts.held.record;
    if (progress.state === 'claimed' && details.stage.machine !== machine) {
      // Never accepted, or by somebody else: the server goes on without us.
      return 'remove';
    }
    if (isStageOver(details)) return this.#attempts.clean();
    if (isBuildOver(details)) return this.#attempts.refuse(details, 'killed', cancelText(details));
    try {
      return progress.state === 'claimed'
        ? await this.#attempts.begin(details)
        : await this.#attempts.goOn(details, progress);
    } catch (error) {
      if (error instanceof RecordLost) throw error;
      const what = error instanceof KubeError ? error.message : 'drone-kube failed, see its log';
      this.#log.error('the stage failed to run', { error });
      return this.#attempts.refuse(details, 'error', what);
    }
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
