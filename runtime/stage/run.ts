/**
 * The life of one stage in the cluster, from its objects to its result. This part only watches:
 * the order of the steps is decided in the Pod, and what the things it sees mean is decided by the
 * pure parts beside it. So it can begin in the middle, where somebody else left off.
 */
import type { PlanStep } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { Clock } from '../kube/clock.ts';
import { isQuota, KubeError } from '../kube/errors.ts';
import { insist, isPassing, type Patience } from '../kube/insist.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import { StageActions } from './actions.ts';
import type { ClusterFeed } from './cluster-feed.ts';
import { conclude, isComparable, settledStep } from './conclude.ts';
import type { ConcludeInput, Interruption, StageResult, StepResult } from './conclude.ts';
import { outsideEnd, type StageLimits } from './ends.ts';
import { createOwner, createRest, deleteOwner, deletePod } from './objects.ts';
import type { StageSpec } from './spec.ts';
import { StageWatch } from './stage-watch.ts';
import { StepLogs, type StepLogsOptions } from './step-logs.ts';
import { Tasks } from './tasks.ts';
import { Turnclocks } from './turn-clocks.ts';
import { hasStarted } from './pod-view.ts';
import { finishedLogs, readableLogs } from './turns.ts';
import {
  advanceWait,
  beginWait,
  blockedTurn,
  containerLabel,
  waitingFor,
  type Wait,
} from './waiting.ts';

/** What somebody who looks on is told. Calls come in order; reading a log waits for `line`. */
export interface StageObserver {
  readonly line: StepLogsOptions['onLine'];
  /** What a step wrote could not all be read. */
  readonly hole: StepLogsOptions['onHole'];
  /**
   * Why nothing happens yet, and to which step if it is one; called when the reason changes.
   * `usual`: every Pod goes through it, so it tells something only when it lasts.
   */
  readonly waiting: (text: string, usual: boolean, step: number | undefined) => void;
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
   * objects belong to somebody else now and are left alone.
   */
  readonly result: (result: StageResult) => Promise<'remove' | 'keep'>;
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

/** Looked at this often (milliseconds) where nothing happens, because clocks run. */
const LOOK_MS = 250;
/** The quota is tried again this often. */
const QUOTA_MS = 2_000;
/** The kubelet tells the end of a container within about a second; one that restarts gets this long. */
const COMPARE_MS = 60_000;
const GONE_MS = 30_000;

/**
 * Runs a stage and removes all of its objects. Rejects only when they could not be made or this
 * program itself fails; whatever happens to the stage is in the result.
 */
export async function runStage(
  spec: StageSpec,
  start: StageStart,
  options: RunOptions,
): Promise<StageResult> {
  return new StageRun(spec, start, options).run();
}

class StageRun {
  readonly #spec: StageSpec;
  readonly #begin: StageStart;
  readonly #options: RunOptions;
  readonly #tasks: Tasks;
  readonly #watch: StageWatch;
  readonly #actions: StageActions;
  readonly #logs: StepLogs;
  readonly #turns: Turnclocks;
  readonly #settled = new Set<number>();
  #wait: Wait;
  #interruption: Interruption | undefined;

  constructor(spec: StageSpec, start: StageStart, options: RunOptions) {
    const { transport, clock, feed, observer, masks, longestLine } = options;
    this.#spec = spec;
    this.#begin = start;
    this.#options = options;
    this.#tasks = new Tasks(clock);
    this.#turns = new Turnclocks('found' in start);
    this.#wait = beginWait(clock.now());
    this.#watch = new StageWatch({
      transport,
      clock,
      feed,
      tasks: this.#tasks,
      onJournal: observer.journal,
    });
    this.#actions = new StageActions({ transport, clock, spec, tasks: this.#tasks });
    this.#logs = new StepLogs({
      transport,
      namespace: spec.namespace,
      pod: spec.name,
      masks,
      longest: longestLine,
      onLine: observer.line,
      onHole: observer.hole,
      onEnd: (step) => observer.logEnd?.(step),
      isRunning: (container) => this.#watch.isRunning(container),
    });
  }

  async run(): Promise<StageResult> {
    try {
      const result = await this.#outcome();
      if (this.#isLeft) {
        await this.#tasks.end();
        return result;
      }
      if ((await this.#options.observer.result(result)) === 'remove') await this.#remove();
      else await this.#tasks.end();
      return result;
    } catch (error) {
      // The first error is the one to tell.
      await this.#remove().catch(() => undefined);
      throw error;
    }
  }

  async #outcome(): Promise<StageResult> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#interrupt(interruptionOf(signal.reason));
    try {
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener('abort', onAbort, { once: true });
        if (await this.#start()) {
          await this.#untilOver();
          await this.#drain();
        }
      }
      await this.#logs.stop();
      // Whoever cancels wants an end of the work, not a report of it.
      if (this.#interruption?.reason === 'killed' && !this.#isLeft) await this.#removePod();
      return conclude(this.#known());
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  get #isLeft(): boolean {
    return this.#options.signal.reason instanceof StageLeft;
  }

  #known(): ConcludeInput {
    const { journal, pod } = this.#watch.seen;
    const { plan, containers } = this.#spec;
    return {
      plan,
      containers,
      journal,
      pod,
      verdicts: this.#actions.given,
      interruption: this.#interruption,
      now: this.#options.clock.wall(),
    };
  }

  #tellSettled(): void {
    const { settled } = this.#options.observer;
    if (settled === undefined) return;
    const { plan, containers } = this.#spec;
    for (const step of plan.steps) {
      if (this.#settled.has(step.number)) continue;
      const result = settledStep(step, this.#known());
      if (result === undefined) continue;
      this.#settled.add(step.number);
      const container = containers.get(step.number);
      settled(result, container !== undefined && hasStarted(this.#watch.seen.pod, container));
    }
  }

  #interrupt(interruption: Interruption): void {
    this.#interruption ??= interruption;
    this.#tasks.wake();
  }

  /** False where the stage is over already: killed, or the quota does not let it be. */
  async #start(): Promise<boolean> {
    if ('found' in this.#begin) {
      const { found } = this.#begin;
      if (found === undefined) this.#watch.missing();
      else this.#watch.start(found);
      return true;
    }
    const pod = await this.#create(this.#begin.create);
    if (pod === undefined) return false;
    this.#watch.start(pod);
    const { upload } = this.#options;
    if (upload !== undefined) this.#tasks.run(upload(this.#tasks.signal));
    return true;
  }

  async #create(stage: CompiledStage): Promise<PodLike | undefined> {
    const { transport, clock, limits, signal, onCreated, patienceMs } = this.#options;
    const patience: Patience = { clock, signal, limitMs: patienceMs };
    const until = clock.now() + limits.queued;
    for (;;) {
      try {
        const owner = await createOwner(transport, stage, patience);
        onCreated?.();
        return await createRest(transport, stage, owner, patience);
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!isQuota(error)) throw error;
        const text = `the quota of the namespace is used up: ${messageOf(error)}`;
        if (clock.now() >= until) {
          this.#interrupt({ reason: 'quota', status: 'error', text });
          return undefined;
        }
        this.#say({ ...this.#wait, phase: 'queued', text });
        await clock.sleep(QUOTA_MS, signal).catch(() => undefined);
      }
    }
  }

  /** Until the journal is complete and compared, or something ended the stage. */
  async #untilOver(): Promise<void> {
    const { clock, limits } = this.#options;
    const { plan, containers } = this.#spec;
    this.#wait = { ...beginWait(clock.now()), text: this.#wait.text };
    let doneAt: number | undefined;
    for (;;) {
      this.#checkTasks();
      const now = clock.now();
      const { seen, liveSince } = this.#watch;
      const turns = this.#turns.advance(seen.journal, now, clock.wall());
      this.#actions.addContainers(seen, clock.wall());
      this.#followLogs();
      this.#actions.giveVerdicts(seen, now, (step) => turns.waited(step) > limits.starting);
      this.#tellWaiting(now);
      this.#tellSettled();
      const wait = this.#wait;
      this.#interruption ??= outsideEnd({ seen, limits, wait, now, elapsed: turns.elapsed });
      if (this.#interruption !== undefined) return;
      if (seen.journal.done !== undefined) {
        doneAt ??= now;
        if (isComparable({ plan, containers, ...seen })) return;
        // Only a kubelet that could have been heard is late.
        if (liveSince !== undefined && now - Math.max(doneAt, liveSince) > COMPARE_MS) return;
      }
      await this.#tasks.next(LOOK_MS);
    }
  }

  /** What the API server refused ends the stage; any other failure is one of this program. */
  #checkTasks(): void {
    try {
      this.#tasks.throwIfFailed();
    } catch (error) {
      if (!(error instanceof KubeError) || isPassing(error)) throw error;
      this.#interrupt({ reason: 'internal', status: 'error', text: error.message });
    }
  }

  #followLogs(): void {
    const { plan, containers } = this.#spec;
    const { journal, pod } = this.#watch.seen;
    for (const { step, container } of readableLogs(plan, containers, journal, pod)) {
      this.#logs.follow(step, container);
    }
  }

  /** What the stage waits for now, told where it is something else than before. */
  #tellWaiting(now: number): void {
    const { events, journal, pod } = this.#watch.seen;
    const { plan, containers } = this.#spec;
    const label = containerLabel(plan, containers);
    if (journal.steps.size === 0) {
      this.#say(advanceWait(this.#wait, waitingFor(pod, [...events.values()], label), now));
      return;
    }
    for (const [number, container] of containers) {
      if (journal.steps.get(number)?.state !== 'running') continue;
      const text = blockedTurn([container], pod, label);
      if (text !== undefined) this.#say({ ...this.#wait, text }, number);
    }
  }

  #say(wait: Wait, step?: number): void {
    const before = this.#wait;
    this.#wait = wait;
    if (wait.text === '' || wait.text === before.text) return;
    this.#options.observer.waiting(wait.text, wait.usual === true, step);
  }

  /** Logs of containers that have ended are read to their end; those of services are cut off. */
  async #drain(): Promise<void> {
    if (this.#interruption !== undefined) return;
    this.#followLogs();
    const { clock, patienceMs } = this.#options;
    const { journal, pod } = this.#watch.seen;
    const drained = this.#logs.drain(finishedLogs(this.#spec.containers, journal, pod));
    await Promise.race([drained, clock.sleep(patienceMs, this.#tasks.signal)]);
  }

  async #removePod(): Promise<void> {
    const { transport, clock } = this.#options;
    const { namespace, name } = this.#spec;
    const { pod, gone } = this.#watch.seen;
    if (pod === undefined || gone) return;
    await insist(() => deletePod(transport, namespace, name), { clock });
  }

  async #remove(): Promise<void> {
    const { transport, clock } = this.#options;
    const { namespace, name } = this.#spec;
    await this.#removePod();
    if (this.#watch.seen.pod !== undefined) {
      const limit = clock.now() + GONE_MS;
      while (!this.#watch.seen.gone && clock.now() < limit) await this.#tasks.next(LOOK_MS);
    }
    await this.#tasks.end();
    await insist(() => deleteOwner(transport, namespace, name), { clock });
  }
}

const KILLED: Interruption = { reason: 'killed', status: 'killed', text: '' };

const interruptionOf = (reason: unknown): Interruption =>
  reason instanceof StageKilled ? { ...KILLED, text: reason.message } : KILLED;

/** The reason of an aborted signal that says who killed the stage. */
export class StageKilled extends Error {
  override readonly name = 'StageKilled';
}

/** The reason of an aborted signal: somebody else has the stage now, so nothing of it is touched. */
export class StageLeft extends Error {
  override readonly name = 'StageLeft';
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
