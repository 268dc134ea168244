/** Looks at the Pod of a stage, at the events about it, and at its journal. */
import { COORDINATOR } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { KubeError } from '../kube/errors.ts';
import { followLog } from '../kube/logs.ts';
import { EVENTS, objectPath, PODS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import type { EventLike, PodLike } from '../kube/types.ts';
import { watchObjects } from '../kube/watch.ts';
import type { Journal } from '../pod/journal.ts';
import {
  NOTHING_SEEN,
  withEvent,
  withJournalLine,
  withPod,
  type Observation,
} from './observation.ts';
import { hasStarted, isRunning } from './pod-view.ts';
import type { Tasks } from './tasks.ts';

/** Events are asked for only when a Pod takes longer than most. */
const EVENTS_AFTER_MS = 1_000;

export interface StageWatchOptions {
  readonly transport: Transport;
  readonly clock: Clock;
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

  /** True before the container started, too. */
  isRunning(container: string): boolean {
    return !this.#seen.gone && isRunning(this.#seen.pod, container);
  }

  /** Begins with the Pod as it was made, and goes on until the tasks end. */
  start(pod: PodLike): void {
    this.#seen = { ...this.#seen, pod };
    this.#options.tasks.run(this.#watchPod(pod));
    this.#options.tasks.run(this.#watchEvents(pod));
  }

  #changed(seen: Observation): void {
    this.#seen = seen;
    this.#options.tasks.wake();
  }

  async #watchPod(pod: PodLike): Promise<void> {
    const { transport, clock, tasks } = this.#options;
    await watchObjects<PodLike>(transport, {
      path: objectPath(PODS, pod.metadata.namespace ?? ''),
      fieldSelector: `metadata.name=${pod.metadata.name}`,
      start: { resourceVersion: pod.metadata.resourceVersion ?? '', known: [pod] },
      signal: tasks.signal,
      onEvent: (event) => {
        this.#changed(withPod(this.#seen, event, clock.now()));
        if (this.#following || !hasStarted(event.object, COORDINATOR)) return;
        this.#following = true;
        tasks.run(this.#followJournal(pod));
      },
    });
  }

  async #watchEvents(pod: PodLike): Promise<void> {
    const { transport, clock, tasks } = this.#options;
    await clock.sleep(EVENTS_AFTER_MS, tasks.signal);
    if (this.#following) return;
    try {
      await watchObjects<EventLike>(transport, {
        path: objectPath(EVENTS, pod.metadata.namespace ?? ''),
        fieldSelector: `involvedObject.uid=${pod.metadata.uid ?? ''}`,
        signal: tasks.signal,
        onEvent: ({ object }) => this.#changed(withEvent(this.#seen, object)),
      });
    } catch (error) {
      // Events only make messages better; somebody may not be allowed to read them.
      if (!(error instanceof KubeError)) throw error;
    }
  }

  async #followJournal(pod: PodLike): Promise<void> {
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
        this.#changed(seen);
        onJournal(seen.journal);
      },
    });
    this.#changed({ ...this.#seen, journalEnded: true });
  }
}
