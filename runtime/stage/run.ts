/**
 * The life of one stage in the cluster, from its objects to its result. This part only watches:
 * the order of the steps is decided in the Pod, and what the things it sees mean is decided by the
 * pure parts beside it. So it can begin in the middle, where somebody else left off.
 */
import type { CompiledStage } from '../compile/types.ts';
import { KubeError } from '../kube/errors.ts';
import { insist, isPassing } from '../kube/insist.ts';
import type { PodLike } from '../kube/types.ts';
import { StageActions } from './actions.ts';
import { conclude, isComparable, settledStep } from './conclude.ts';
import type { ConcludeInput, Interruption, StageResult } from './conclude.ts';
import { outsideEnd } from './ends.ts';
import { interruptionOf, StageLeft } from './kill.ts';
import { createStage, deleteOwner, deletePod } from './objects.ts';
import { begun, type Observation } from './observation.ts';
import { ownEnds } from './own-ends.ts';
import { hasStarted, POD_ENDS } from './pod-view.ts';
import type { RunOptions, StageStart } from './run-options.ts';
import type { StageSpec } from './spec.ts';
import { StageWatch } from './stage-watch.ts';
import { StepLogs } from './step-logs.ts';
import { Tasks } from './tasks.ts';
import { Turnclocks } from './turn-clocks.ts';
import { finishedLogs, readableLogs } from './turns.ts';
import { WaitTeller } from './wait-teller.ts';

/** Looked at this often (milliseconds) where nothing happens, because clocks run. */
const LOOK_MS = 250;
/** The kubelet tells the end of a container within about a second; one that restarts gets this long. */
const COMPARE_MS = 60_000;
const GONE_MS = 30_000;
/** A Pod has a second to end; a node that is lost says nothing more, however long one waits. */
const LAST_WORDS_MS = 5_000;

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
  readonly #waiting: WaitTeller;
  #endSeen: number | undefined;
  #interruption: Interruption | undefined;

  constructor(spec: StageSpec, start: StageStart, options: RunOptions) {
    const { transport, clock, feed, observer, masks, longestLine } = options;
    this.#spec = spec;
    this.#begin = start;
    this.#options = options;
    this.#tasks = new Tasks(clock);
    this.#turns = new Turnclocks('found' in start);
    this.#waiting = new WaitTeller({ clock, spec, observer });
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
      const ending = await this.#options.observer.result(result, begun(this.#watch.seen));
      if (ending === 'remove') await this.#remove();
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

  /** What is seen, without the ends of steps that are not their own. */
  #seen(): Observation {
    const { seen } = this.#watch;
    return { ...seen, journal: ownEnds(seen.journal, this.#spec.plan, seen.told) };
  }

  /** The time of the cluster, whose nodes stamp the journal. */
  #wall(): number {
    const { transport, clock } = this.#options;
    return transport.clusterTime() ?? clock.wall();
  }

  #known(): ConcludeInput {
    const { journal, pod } = this.#seen();
    const { plan, containers } = this.#spec;
    return {
      plan,
      containers,
      journal,
      pod,
      verdicts: this.#actions.given,
      interruption: this.#interruption,
      now: this.#wall(),
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
    this.#options.observer.made?.();
    this.#watch.start(pod);
    const { upload } = this.#options;
    if (upload !== undefined) this.#tasks.run(upload(this.#tasks.signal));
    return true;
  }

  async #create(stage: CompiledStage): Promise<PodLike | undefined> {
    const { transport, clock, limits, signal, onCreated, patienceMs } = this.#options;
    const made = await createStage(transport, stage, {
      patience: { clock, signal, limitMs: patienceMs },
      quotaMs: limits.queued,
      onQuota: (text) => this.#waiting.queued(text),
      onOwner: onCreated ?? (() => undefined),
    });
    if (made === undefined || 'pod' in made) return made?.pod;
    this.#interrupt({ reason: 'quota', status: 'error', text: made.quota });
    return undefined;
  }

  /** Until the journal is complete and compared, or something ended the stage. */
  async #untilOver(): Promise<void> {
    const { clock, limits } = this.#options;
    const { plan, containers } = this.#spec;
    this.#waiting.begin();
    let doneAt: number | undefined;
    for (;;) {
      this.#checkTasks();
      const now = clock.now();
      const { liveSince } = this.#watch;
      const seen = this.#seen();
      const turns = this.#turns.advance(seen.journal, now, this.#wall());
      this.#actions.addContainers(seen, this.#wall());
      this.#followLogs();
      this.#actions.giveVerdicts(seen, now, (step) => turns.waited(step) > limits.starting);
      this.#waiting.look(seen, now);
      this.#tellSettled();
      const { wait } = this.#waiting;
      const end = outsideEnd({ seen, limits, wait, now, elapsed: turns.elapsed });
      if (end !== undefined && !this.#isStillTold(end, now)) this.#interruption ??= end;
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

  /** The Pod is about to go: what its node has still to say of it is waited for. */
  #isStillTold({ reason }: Interruption, now: number): boolean {
    const { pod, gone } = this.#watch.seen;
    if (!POD_ENDS.has(reason) || gone || pod?.spec?.nodeName === undefined) return false;
    this.#endSeen ??= now;
    return now - this.#endSeen < LAST_WORDS_MS;
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
