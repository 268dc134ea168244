/**
 * The life of one stage, from its objects to its result. This part only watches: the order of the
 * steps is decided in the Pod, and what the things it sees mean is decided by the pure parts
 * beside it.
 */
import { ANNOTATION_VERDICT, COORDINATOR } from '../contract.ts';
import type { PlanStep } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { Clock } from '../kube/clock.ts';
import { isQuota, KubeError } from '../kube/errors.ts';
import { followLog } from '../kube/logs.ts';
import { addEphemeralContainer, patchObject } from '../kube/objects.ts';
import { EVENTS, objectPath, PODS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { EventLike, PodLike } from '../kube/types.ts';
import { watchObjects } from '../kube/watch.ts';
import { advance, EMPTY_JOURNAL, parseJournalLine, type Journal } from '../pod/journal.ts';
import { conclude, isComparable, type Interruption, type StageResult } from './conclude.ts';
import { lateVariables } from './late.ts';
import { createOwner, createRest, deleteOwner, deletePod } from './objects.ts';
import { containerStatus, hasStarted, isRunning, podEnd } from './pod-view.ts';
import { StepLogs, type StepLogsOptions } from './step-logs.ts';
import { verdictAnnotation, verdicts, type Verdict } from './verdicts.ts';
import { waitingFor } from './waiting.ts';

/** What somebody who looks on is told. Calls come in order; reading a log waits for `line`. */
export interface StageObserver {
  readonly line: StepLogsOptions['onLine'];
  /** Why nothing happens yet; called when the reason changes. */
  readonly waiting: (text: string) => void;
  readonly journal: (journal: Journal) => void;
  /** Everything is known and shown; what is left is to clean up. */
  readonly result: (result: StageResult) => void;
}

export interface StageLimits {
  /** Milliseconds that a Pod may wait for a node. */
  readonly unschedulable: number;
  /** Milliseconds that a Pod may take for images, volumes and containers, once it has a node. */
  readonly starting: number;
  /** Milliseconds for the steps, from the start of the first one. */
  readonly timeout: number;
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

/** An answer of a step reaches the journal within this time after its container ended. */
const SILENCE_MS = 2_000;
/** The kubelet tells the end of a container within about a second; it gets this long. */
const COMPARE_MS = 10_000;
const DRAIN_MS = 60_000;
const GONE_MS = 30_000;
/** Events are asked for only when a Pod takes longer than most. */
const EVENTS_AFTER_MS = 1_000;

/**
 * Runs a compiled stage and removes all of its objects. Rejects only when they could not be made
 * or this program itself fails; whatever happens to the stage is in the result.
 */
export async function runStage(stage: CompiledStage, options: RunOptions): Promise<StageResult> {
  return new StageRun(stage, options).run();
}

/** Whole seconds or minutes, as a user would have written them. */
const spell = (milliseconds: number): string =>
  milliseconds % 60_000 === 0 ? `${milliseconds / 60_000}m` : `${Math.round(milliseconds / 1000)}s`;

class StageRun {
  readonly #stage: CompiledStage;
  readonly #options: RunOptions;
  readonly #namespace: string;
  readonly #name: string;
  /** Aborted when nobody needs to watch any more. */
  readonly #over = new AbortController();
  readonly #logs: StepLogs;
  readonly #events = new Map<string, EventLike>();
  readonly #given: Verdict[] = [];
  readonly #ended = new Map<string, number>();
  readonly #added = new Set<number>();
  readonly #background: Promise<unknown>[] = [];
  #journal: Journal = EMPTY_JOURNAL;
  #pod: PodLike | undefined;
  #gone = false;
  #interruption: Interruption | undefined;
  #failure: unknown;
  #told = '';
  #wake = Promise.withResolvers<void>();
  #since = { phase: '', at: 0 };

  constructor(stage: CompiledStage, options: RunOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#namespace = stage.pod.metadata.namespace;
    this.#name = stage.pod.metadata.name;
    this.#logs = new StepLogs({
      transport: options.transport,
      namespace: this.#namespace,
      pod: this.#name,
      masks: stage.masks,
      signal: this.#over.signal,
      onLine: options.observer.line,
      isRunning: (container) => !this.#gone && isRunning(this.#pod, container),
    });
  }

  async run(): Promise<StageResult> {
    const { transport, clock, signal } = this.#options;
    const onAbort = (): void => this.#interrupt({ reason: 'killed', status: 'killed', text: '' });
    try {
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener('abort', onAbort, { once: true });
        await this.#create();
        if (this.#pod !== undefined) await this.#watch();
      }
      const result = conclude({
        plan: this.#stage.plan,
        containers: this.#stage.containers,
        journal: this.#journal,
        pod: this.#pod,
        verdicts: this.#given,
        interruption: this.#interruption,
        now: clock.wall(),
      });
      this.#options.observer.result(result);
      return result;
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#remove(transport);
    }
  }

  async #create(): Promise<void> {
    const { transport, signal, onCreated } = this.#options;
    try {
      const owner = await createOwner(transport, this.#stage, signal);
      onCreated();
      this.#pod = await createRest(transport, this.#stage, owner, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isQuota(error)) throw error;
      const text = error instanceof KubeError ? error.message : '';
      this.#interrupt({
        reason: 'quota',
        status: 'error',
        text: `the quota of the namespace is used up: ${text}`,
      });
    }
  }

  /** Until the journal is complete and compared, or something ended the stage. */
  async #watch(): Promise<void> {
    const { clock } = this.#options;
    this.#since = { phase: 'unschedulable', at: clock.now() };
    this.#run(this.#watchPod());
    this.#run(this.#watchEvents());
    if (this.#options.upload !== undefined) this.#run(this.#options.upload(this.#over.signal));
    let following = false;
    let doneAt: number | undefined;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const now = clock.now();
      this.#noteEnds(now);
      if (!following && hasStarted(this.#pod, COORDINATOR)) {
        following = true;
        this.#run(this.#followJournal());
      }
      this.#followSteps();
      this.#giveVerdicts(now);
      this.#tellWaiting();
      this.#checkClocks(now);
      if (this.#interruption !== undefined) break;
      if (this.#journal.done !== undefined) {
        doneAt ??= now;
        const { plan, containers } = this.#stage;
        if (isComparable(plan, containers, this.#journal, this.#pod)) break;
        if (now - doneAt > COMPARE_MS) break;
      }
      await this.#next(250);
    }
    await this.#drain();
  }

  /** Something happened, or the time is up. */
  async #next(milliseconds: number): Promise<void> {
    const pause = new AbortController();
    const sleep = this.#options.clock.sleep(milliseconds, pause.signal).catch(() => undefined);
    await Promise.race([this.#wake.promise, sleep]);
    pause.abort();
    this.#wake = Promise.withResolvers<void>();
  }

  #changed(): void {
    this.#wake.resolve();
  }

  #interrupt(interruption: Interruption): void {
    this.#interruption ??= interruption;
    this.#changed();
  }

  #run(task: Promise<unknown>): void {
    this.#background.push(
      task.catch((error: unknown) => {
        if (this.#over.signal.aborted) return;
        this.#failure ??= error;
        this.#changed();
      }),
    );
  }

  async #watchPod(): Promise<void> {
    const created = this.#pod;
    if (created === undefined) return;
    await watchObjects<PodLike>(this.#options.transport, {
      path: objectPath(PODS, this.#namespace),
      fieldSelector: `metadata.name=${this.#name}`,
      start: { resourceVersion: created.metadata.resourceVersion ?? '', known: [created] },
      signal: this.#over.signal,
      onEvent: ({ type, object }) => {
        this.#pod = object;
        if (type === 'DELETED') this.#gone = true;
        this.#changed();
      },
    });
  }

  async #watchEvents(): Promise<void> {
    await this.#options.clock.sleep(EVENTS_AFTER_MS, this.#over.signal);
    if (hasStarted(this.#pod, COORDINATOR)) return;
    try {
      await watchObjects<EventLike>(this.#options.transport, {
        path: objectPath(EVENTS, this.#namespace),
        fieldSelector: `involvedObject.uid=${this.#pod?.metadata.uid ?? ''}`,
        signal: this.#over.signal,
        onEvent: ({ object }) => {
          this.#events.set(object.metadata.uid ?? object.metadata.name, object);
          this.#changed();
        },
      });
    } catch (error) {
      // Events only make messages better; somebody may not be allowed to read them.
      if (!(error instanceof KubeError)) throw error;
    }
  }

  async #followJournal(): Promise<void> {
    await followLog(this.#options.transport, {
      namespace: this.#namespace,
      pod: this.#name,
      container: COORDINATOR,
      signal: this.#over.signal,
      isRunning: () => !this.#gone && isRunning(this.#pod, COORDINATOR),
      onLine: ({ time, text }) => {
        const event = parseJournalLine(text);
        if (event === undefined) return;
        this.#journal = advance(this.#journal, event, Number(time / 1000n) / 1000);
        this.#options.observer.journal(this.#journal);
        this.#changed();
      },
    });
    if (this.#journal.done !== undefined || this.#interruption !== undefined) return;
    const end = podEnd(this.#pod, this.#gone);
    const state = containerStatus(this.#pod, COORDINATOR)?.state?.terminated;
    this.#interrupt({
      reason: end?.reason ?? 'internal',
      status: 'error',
      text:
        end?.text ??
        `the coordinator of the Pod ended too early (${state?.reason ?? 'unknown'}, exit code ${state?.exitCode ?? '?'})`,
    });
  }

  #followSteps(): void {
    for (const step of this.#stage.plan.steps) {
      const container = this.#stage.containers.get(step.number);
      if (container === undefined) continue;
      const record = this.#journal.steps.get(step.number);
      if (step.kind === 'service') {
        if (hasStarted(this.#pod, container)) this.#logs.follow(step, container);
        continue;
      }
      if (record === undefined || record.state === 'skipped') continue;
      if (step.kind === 'ephemeral') this.#addEphemeral(step);
      if (hasStarted(this.#pod, container)) this.#logs.follow(step, container);
    }
  }

  #addEphemeral(step: PlanStep): void {
    if (this.#added.has(step.number)) return;
    this.#added.add(step.number);
    const late = lateVariables(step, this.#stage.plan, this.#journal, this.#options.clock.wall());
    const container = this.#stage.ephemeral(step, late);
    this.#run(
      addEphemeralContainer(this.#options.transport, this.#namespace, this.#name, { ...container }),
    );
  }

  /** Remembers when each container was first seen ended. */
  #noteEnds(now: number): void {
    for (const name of this.#stage.containers.values()) {
      const ended = containerStatus(this.#pod, name)?.state?.terminated !== undefined;
      if (ended && !this.#ended.has(name)) this.#ended.set(name, now);
    }
  }

  #giveVerdicts(now: number): void {
    if (this.#pod === undefined || this.#journal.done !== undefined) return;
    const { plan, containers } = this.#stage;
    const all = verdicts({
      plan,
      containers,
      journal: this.#journal,
      pod: this.#pod,
      isSilent: (name) => now - (this.#ended.get(name) ?? now) > SILENCE_MS,
    });
    const fresh = all.filter(
      (verdict) => !this.#given.some((earlier) => earlier.step === verdict.step),
    );
    if (fresh.length === 0) return;
    this.#given.push(...fresh);
    const annotations = { [ANNOTATION_VERDICT]: verdictAnnotation(this.#given) };
    const reference = { resource: PODS, namespace: this.#namespace, name: this.#name };
    this.#run(
      patchObject(
        this.#options.transport,
        reference,
        { metadata: { annotations } },
        { lane: 'urgent' },
      ),
    );
  }

  #tellWaiting(): void {
    if (this.#journal.steps.size > 0) return;
    const labels = new Map([...this.#stage.containers].map(([number, name]) => [name, number]));
    const waiting = waitingFor(this.#pod, [...this.#events.values()], (container) => {
      const step = this.#stage.plan.steps.find(({ number }) => number === labels.get(container));
      return step === undefined ? `the ${container}` : `step "${step.name}"`;
    });
    if (waiting !== undefined && waiting.phase !== this.#since.phase) {
      this.#since = { phase: waiting.phase, at: this.#options.clock.now() };
    }
    const text = waiting?.text ?? '';
    if (text === this.#told) return;
    this.#told = text;
    if (text !== '') this.#options.observer.waiting(text);
  }

  #checkClocks(now: number): void {
    const { limits, clock } = this.#options;
    const end = podEnd(this.#pod, this.#gone);
    if (end !== undefined && this.#journal.done === undefined) {
      this.#interrupt({ reason: end.reason, status: 'error', text: end.text });
      return;
    }
    const { steps } = this.#journal;
    if (steps.size > 0) {
      const starts = [...steps.values()].flatMap((record) =>
        record.state === 'skipped' ? [] : [record.started],
      );
      if (starts.length > 0 && clock.wall() - Math.min(...starts) > limits.timeout) {
        this.#interrupt({
          reason: 'timeout',
          status: 'killed',
          text: `the stage ran for longer than its timeout of ${spell(limits.timeout)}`,
        });
      }
      return;
    }
    const waited = now - this.#since.at;
    const limit = this.#since.phase === 'starting' ? limits.starting : limits.unschedulable;
    if (waited <= limit) return;
    const image = this.#told.startsWith('cannot pull');
    this.#interrupt({
      reason:
        this.#since.phase !== 'starting' ? 'unschedulable' : image ? 'image pull' : 'internal',
      status: 'error',
      text: `gave up after ${Math.round(waited / 1000)} s: ${this.#told}`,
    });
  }

  /** Logs of containers that have ended are read to their end; those of services are cut off. */
  async #drain(): Promise<void> {
    if (this.#interruption !== undefined) return;
    this.#followSteps();
    const { containers } = this.#stage;
    const ended = [...containers].filter(
      ([number, name]) =>
        this.#journal.steps.get(number)?.state === 'exited' && !isRunning(this.#pod, name),
    );
    const drained = this.#logs.drain(ended.map(([number]) => number));
    await Promise.race([drained, this.#options.clock.sleep(DRAIN_MS, this.#over.signal)]);
  }

  async #untilGone(limit: number): Promise<void> {
    while (!this.#gone && this.#options.clock.now() < limit) await this.#next(250);
  }

  async #remove(transport: Transport): Promise<void> {
    if (this.#pod !== undefined && !this.#gone) {
      const asked = await deletePod(transport, this.#namespace, this.#name);
      if (asked) await this.#untilGone(this.#options.clock.now() + GONE_MS);
    }
    this.#over.abort();
    await Promise.all(this.#background);
    await deleteOwner(transport, this.#namespace, this.#stage.files.metadata.name);
  }
}
