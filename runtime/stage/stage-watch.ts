/** Looks at the Pod of a stage, at the events about it, and at its journal. */
import { COORDINATOR } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { isNotFound, KubeError } from '../kube/errors.ts';
import { insist } from '../kube/insist.ts';
import { followLog } from '../kube/logs.ts';
import { getObject } from '../kube/objects.ts';
import { PODS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { PodLike } from '../kube/types.ts';
import type { Journal } from '../pod/journal.ts';
import type { ClusterFeed } from './cluster-feed.ts';
import {
  NOTHING_SEEN,
  withEvent,
  withJournalLine,
  withPod,
  type Observation,
} from './observation.ts';
import { hasStarted, isRunning } from './pod-view.ts';
import type { Tasks } from './tasks.ts';

/** How often, and after how long, a journal without an end is read again. */
const LATE_READS = 3;
const LATE_MS = 1_000;
/** Events are asked for only when a Pod takes longer than most. */
const EVENTS_AFTER_MS = 1_000;

export interface StageWatchOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly feed: ClusterFeed;
  readonly tasks: Tasks;
  /** Called for each line of the journal. */
  readonly onJournal: (journal: Journal) => void;
}

/** Everything that changes `seen` wakes the tasks. */
export class StageWatch {
  readonly #options: StageWatchOptions;
  #seen = NOTHING_SEEN;
  #following = false;

  constructor(options: StageWatchOptions) {
    this.#options = options;
  }

  get seen(): Observation {
    return this.#seen;
  }

  /** Since when no news of the Pod can have been missed; undefined while it can. */
  get liveSince(): number | undefined {
    return this.#options.feed.pods.liveSince;
  }

  /** True before the container started, too. */
  isRunning(container: string): boolean {
    return !this.#seen.gone && isRunning(this.#seen.pod, container);
  }

  /** Begins with the Pod as it was made or found, and goes on until the tasks end. */
  start(pod: PodLike): void {
    const { tasks } = this.#options;
    this.#look(pod, 'ADDED');
    tasks.run(this.#watchPod(pod));
    tasks.run(this.#watchEvents(pod));
  }

  /** The Pod was looked for, and there is none. */
  missing(): void {
    this.#changed({ ...this.#seen, gone: true });
  }

  #changed(seen: Observation): void {
    this.#seen = seen;
    this.#options.tasks.wake();
  }

  #look(pod: PodLike, type: 'ADDED' | 'MODIFIED' | 'DELETED'): void {
    const { clock, tasks } = this.#options;
    this.#changed(withPod(this.#seen, { type, object: pod }, clock.now()));
    if (this.#following || !hasStarted(pod, COORDINATOR)) return;
    this.#following = true;
    tasks.run(this.#followJournal(pod));
  }

  async #watchPod(pod: PodLike): Promise<void> {
    const { feed, tasks } = this.#options;
    await feed.pods.follow(pod.metadata.name, {
      seen: pod,
      onEvent: ({ type, object }) => {
        // Another Pod of the same name is not this one.
        if (object.metadata.uid === pod.metadata.uid) this.#look(object, type);
      },
      onMissing: () => tasks.run(this.#ask(pod)),
      signal: tasks.signal,
    });
  }

  async #ask(pod: PodLike): Promise<void> {
    const { transport, clock, tasks } = this.#options;
    const { name, namespace = '' } = pod.metadata;
    try {
      await insist(() => getObject<PodLike>(transport, { resource: PODS, namespace, name }), {
        clock,
        signal: tasks.signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.missing();
    }
  }

  async #watchEvents(pod: PodLike): Promise<void> {
    const { clock, feed, tasks } = this.#options;
    await clock.sleep(EVENTS_AFTER_MS, tasks.signal);
    if (this.#following) return;
    const enough = new AbortController();
    tasks.signal.addEventListener('abort', () => enough.abort(), { once: true });
    this.#events = enough;
    try {
      await feed.events.follow(pod.metadata.uid ?? '', {
        onEvent: ({ object }) => this.#changed(withEvent(this.#seen, object)),
        signal: enough.signal,
      });
    } catch (error) {
      // Events only make messages better; somebody may not be allowed to read them.
      if (!(error instanceof KubeError)) throw error;
    }
  }

  #events: AbortController | undefined;

  async #followJournal(pod: PodLike): Promise<void> {
    const { clock, tasks } = this.#options;
    await this.#readJournal(pod);
    // A container runtime that was started again may bring the end of a log late.
    for (let tries = 0; tries < LATE_READS && this.#isCutOff(); tries += 1) {
      await clock.sleep(LATE_MS, tasks.signal);
      await this.#readJournal(pod);
    }
    this.#changed({ ...this.#seen, journalEnded: true });
  }

  #isCutOff(): boolean {
    const { journal, gone } = this.#seen;
    return journal.done === undefined && !journal.terminated && !gone;
  }

  async #readJournal(pod: PodLike): Promise<void> {
    const { transport, tasks, onJournal } = this.#options;
    await followLog(transport, {
      namespace: pod.metadata.namespace ?? '',
      pod: pod.metadata.name,
      container: COORDINATOR,
      signal: tasks.signal,
      isRunning: () => this.isRunning(COORDINATOR),
      onLine: ({ time, text }) => {
        const seen = withJournalLine(this.#seen, text, Number(time / 1000n) / 1000);
        if (seen === this.#seen) return;
        this.#events?.abort();
        this.#changed(seen);
        onJournal(seen.journal);
      },
    });
  }
}
