/** Everything that is known of a stage from outside, and how a piece of news changes it. Pure. */
import type { EventLike, PodLike } from '../kube/types.ts';
import type { WatchEvent } from '../kube/watch.ts';
import { advance, EMPTY_JOURNAL, parseJournalLine, type Journal } from '../pod/journal.ts';
import { toldToEnd } from './own-ends.ts';

export interface Observation {
  /** As it was last seen; undefined before it was made. */
  readonly pod: PodLike | undefined;
  /** The Pod is no more. */
  readonly gone: boolean;
  /** When it was told to end, see `toldToEnd`. */
  readonly told: number | undefined;
  /** When a container was first seen ended, in milliseconds of the clock that never goes back. */
  readonly ended: ReadonlyMap<string, number>;
  /** The newest version of each event about the Pod, by the uid of the event. */
  readonly events: ReadonlyMap<string, EventLike>;
  readonly journal: Journal;
  /** The log of the coordinator was read to its end: nothing more will come to the journal. */
  readonly journalEnded: boolean;
}

export const NOTHING_SEEN: Observation = {
  pod: undefined,
  gone: false,
  told: undefined,
  ended: new Map(),
  events: new Map(),
  journal: EMPTY_JOURNAL,
  journalEnded: false,
};

/**
 * What is known of whether a step has run. Of a Pod that had a node only the last word of a
 * coordinator that was told to stop says that none did: when it is deleted the end of a log may
 * vanish, and so may its status, and a kubelet tells its events late or never.
 */
export type Begun = 'yes' | 'no' | 'unknown';

export function begun({
  pod,
  gone,
  journal,
}: Pick<Observation, 'pod' | 'gone' | 'journal'>): Begun {
  if (journal.steps.size > 0) return 'yes';
  if (journal.terminated) return 'no';
  // Gone before it was ever seen: nobody knows how far it came.
  if (pod === undefined) return gone ? 'unknown' : 'no';
  return pod.spec?.nodeName === undefined ? 'no' : 'unknown';
}

/** `now` is in milliseconds of the clock that never goes back. */
export function withPod(
  seen: Observation,
  { type, object }: WatchEvent<PodLike>,
  now: number,
): Observation {
  const { containerStatuses = [], ephemeralContainerStatuses = [] } = object.status ?? {};
  const ended = [...containerStatuses, ...ephemeralContainerStatuses].flatMap(({ name, state }) =>
    state?.terminated === undefined ? [] : [[name, seen.ended.get(name) ?? now] as const],
  );
  return {
    ...seen,
    pod: object,
    gone: seen.gone || type === 'DELETED',
    told: seen.told ?? toldToEnd(object),
    ended: new Map([...seen.ended, ...ended]),
  };
}

export function withEvent(seen: Observation, event: EventLike): Observation {
  const key = event.metadata.uid ?? event.metadata.name;
  return { ...seen, events: new Map(seen.events).set(key, event) };
}

/**
 * One line of the coordinator's log, stamped `time` (unix milliseconds). The same observation
 * where it is no line of the journal.
 */
export function withJournalLine(seen: Observation, line: string, time: number): Observation {
  const event = parseJournalLine(line);
  return event === undefined ? seen : { ...seen, journal: advance(seen.journal, event, time) };
}
