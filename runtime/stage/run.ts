/**
 * The life of one stage, from its objects to its result. This part only watches: the order of the
 * steps is decided in the Pod, and what the things it sees mean is decided by the pure parts
 * beside it.
 */
import type { CompiledStage } from '../compile/types.ts';
import type { Clock } from '../kube/clock.ts';
import { isQuota, KubeError } from '../kube/errors.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import { StageActions } from './actions.ts';
import { conclude, isComparable, type Interruption, type StageResult } from './conclude.ts';
import { outsideEnd, type StageLimits } from './ends.ts';
import { createOwner, createRest, deleteOwner, deletePod } from './objects.ts';
import { StageWatch } from './stage-watch.ts';
import { StepLogs, type StepLogsOptions } from './step-logs.ts';
import { Tasks } from './tasks.ts';
import { finishedLogs, readableLogs } from './turns.ts';
import {
  advanceWait,
  beginWait,
  containerLabel,
  waitingFor,
  type Wait,
  blockedTurn,
} from './waiting.ts';

/** What somebody who looks on is told. Calls come in order; reading a log waits for `line`. */
export interface StageObserver {
  readonly line: StepLogsOptions['onLine'];
  /** Why nothing happens yet; called when the reason changes. */
  readonly waiting: (text: string) => void;
  readonly journal: (journal: Journal) => void;
  /** Everything is known and shown; what is left is to clean up. */
  readonly result: (result: StageResult) => void;
}

export interface RunOptions {
  readonly transport: Transport;
  /** `wall` is unix milliseconds, beside the clock that never goes back. */
  readonly clock: Clock & { wall(): number };
  readonly observer: StageObserver;
  readonly limits: StageLimits;
  /** Aborted: the stage is killed. */
  readonly signal: AbortSignal;
  /** Brings the working tree into the Pod, where the plan has a step for it. */
  readonly upload?: (signal: AbortSignal) => Promise<void>;
  /** Called as soon as there is something to remove, should this process end. */
  readonly onCreated: () => void;
}

/** Looked at this often (milliseconds) where nothing happens, because clocks run. */
const LOOK_MS = 250;
/** The kubelet tells the end of a container within about a second; it gets this long. */
const COMPARE_MS = 10_000;
const DRAIN_MS = 60_000;
const GONE_MS = 30_000;

/**
 * Runs a compiled stage and removes all of its objects. Rejects only when they could not be made
 * or this program itself fails; whatever happens to the stage is in the result.
 */
export async function runStage(stage: CompiledStage, options: RunOptions): Promise<StageResult> {
  return new StageRun(stage, options).run();
}

class StageRun {
  readonly #stage: CompiledStage;
  readonly #options: RunOptions;
  readonly #tasks: Tasks;
  readonly #watch: StageWatch;
  readonly #actions: StageActions;
  readonly #logs: StepLogs;
  #interruption: Interruption | undefined;

  constructor(stage: CompiledStage, options: RunOptions) {
    const { transport, clock, observer } = options;
    const { namespace, name } = stage.pod.metadata;
    this.#stage = stage;
    this.#options = options;
    this.#tasks = new Tasks(clock);
    this.#watch = new StageWatch({
      transport,
      clock,
      tasks: this.#tasks,
      onJournal: observer.journal,
    });
    this.#actions = new StageActions(transport, stage, this.#tasks);
    this.#logs = new StepLogs({
      transport,
      namespace,
      pod: name,
      masks: stage.masks,
      signal: this.#tasks.signal,
      onLine: observer.line,
      isRunning: (container) => this.#watch.isRunning(container),
    });
  }

  async run(): Promise<StageResult> {
    try {
      const result = await this.#outcome();
      this.#options.observer.result(result);
      await this.#remove();
      return result;
    } catch (error) {
      // The first error is the one to tell.
      await this.#remove().catch(() => undefined);
      throw error;
    }
  }

  async #outcome(): Promise<StageResult> {
    const { clock, signal } = this.#options;
    const onAbort = (): void => this.#interrupt({ reason: 'killed', status: 'killed', text: '' });
    try {
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener('abort', onAbort, { once: true });
        const pod = await this.#create();
        if (pod !== undefined) {
          this.#start(pod);
          await this.#untilOver();
          await this.#drain();
        }
      }
      const { journal, pod } = this.#watch.seen;
      return conclude({
        plan: this.#stage.plan,
        containers: this.#stage.containers,
        journal,
        pod,
        verdicts: this.#actions.given,
        interruption: this.#interruption,
        now: clock.wall(),
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #interrupt(interruption: Interruption): void {
    this.#interruption ??= interruption;
    this.#tasks.wake();
  }

  /** undefined where the stage is over already: killed, or the quota does not let it be. */
  async #create(): Promise<PodLike | undefined> {
    const { transport, signal, onCreated } = this.#options;
    try {
      const owner = await createOwner(transport, this.#stage, signal);
      onCreated();
      return await createRest(transport, this.#stage, owner, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isQuota(error)) throw error;
      const text = error instanceof KubeError ? error.message : '';
      this.#interrupt({
        reason: 'quota',
        status: 'error',
        text: `the quota of the namespace is used up: ${text}`,
      });
      return undefined;
    }
  }

  #start(pod: PodLike): void {
    const { upload } = this.#options;
    this.#watch.start(pod);
    if (upload !== undefined) this.#tasks.run(upload(this.#tasks.signal));
  }

  /** Until the journal is complete and compared, or something ended the stage. */
  async #untilOver(): Promise<void> {
    const { clock, limits } = this.#options;
    const { plan, containers } = this.#stage;
    let wait = beginWait(clock.now());
    let doneAt: number | undefined;
    for (;;) {
      this.#tasks.throwIfFailed();
      const now = clock.now();
      const wall = clock.wall();
      const { seen } = this.#watch;
      this.#actions.addContainers(seen, wall);
      this.#followLogs();
      this.#actions.giveVerdicts(seen, now, (started) => wall - started > limits.starting);
      wait = this.#tellWaiting(wait, now);
      this.#interruption ??= outsideEnd({ seen, limits, wait, now, wall });
      if (this.#interruption !== undefined) return;
      if (seen.journal.done !== undefined) {
        doneAt ??= now;
        if (isComparable(plan, containers, seen.journal, seen.pod)) return;
        if (now - doneAt > COMPARE_MS) return;
      }
      await this.#tasks.next(LOOK_MS);
    }
  }

  #followLogs(): void {
    const { plan, containers } = this.#stage;
    const { journal, pod } = this.#watch.seen;
    for (const { step, container } of readableLogs(plan, containers, journal, pod)) {
      this.#logs.follow(step, container);
    }
  }

  /** What the stage waits for now, told where it is something else than before. */
  #tellWaiting(before: Wait, now: number): Wait {
    const { events, journal, pod } = this.#watch.seen;
    const label = containerLabel(this.#stage.plan, this.#stage.containers);
    if (journal.steps.size > 0) {
      const running = [...this.#stage.containers].flatMap(([number, container]) =>
        journal.steps.get(number)?.state === 'running' ? [container] : [],
      );
      const text = blockedTurn(running, pod, label);
      if (text === undefined || text === before.text) return before;
      this.#options.observer.waiting(text);
      return { ...before, text };
    }
    const wait = advanceWait(before, waitingFor(pod, [...events.values()], label), now);
    if (wait.text !== '' && wait.text !== before.text) this.#options.observer.waiting(wait.text);
    return wait;
  }

  /** Logs of containers that have ended are read to their end; those of services are cut off. */
  async #drain(): Promise<void> {
    if (this.#interruption !== undefined) return;
    this.#followLogs();
    const { journal, pod } = this.#watch.seen;
    const drained = this.#logs.drain(finishedLogs(this.#stage.containers, journal, pod));
    await Promise.race([drained, this.#options.clock.sleep(DRAIN_MS, this.#tasks.signal)]);
  }

  async #remove(): Promise<void> {
    const { transport, clock } = this.#options;
    const { namespace, name } = this.#stage.pod.metadata;
    const { pod, gone } = this.#watch.seen;
    if (pod !== undefined && !gone && (await deletePod(transport, namespace, name))) {
      const limit = clock.now() + GONE_MS;
      while (!this.#watch.seen.gone && clock.now() < limit) await this.#tasks.next(LOOK_MS);
    }
    await this.#tasks.end();
    await deleteOwner(transport, namespace, this.#stage.files.metadata.name);
  }
}
