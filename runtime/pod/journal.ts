/**
 * The journal of a stage: what the coordinator of a Pod wrote to its log, one line an event.
 * The kubelet stamps each line, keeps them, and lets anyone read them from the beginning at any
 * time; so the whole course of a stage can be known by somebody who was not there.
 */

export type Status = 'success' | 'failure';

export type JournalEvent =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'ready' | 'terminated' }
  | { readonly kind: 'start'; readonly step: number; readonly status: Status }
  | { readonly kind: 'exit'; readonly step: number; readonly code: number; readonly why: string }
  | { readonly kind: 'skip'; readonly step: number; readonly why: string }
  | { readonly kind: 'fast'; readonly step: number }
  | { readonly kind: 'done'; readonly status: Status };

/** The version of the journal that this program writes and reads. */
export const JOURNAL_VERSION = 1;

/**
 * One line of the coordinator's log. Anything that is not a line of the journal, a complaint of
 * the shell for instance, is `undefined`.
 */
export function parseJournalLine(line: string): JournalEvent | undefined {
  const [word, first = '', second = '', ...rest] = line.trimEnd().split(' ');
  const number = /^\d{1,6}$/.test(first) ? Number(first) : undefined;
  const status = first === 'success' || first === 'failure' ? first : undefined;
  switch (word) {
    case 'ready':
    case 'terminated':
      return first === '' ? { kind: word } : undefined;
    case 'journal':
      return number === undefined ? undefined : { kind: 'version', version: number };
    case 'done':
      return status === undefined ? undefined : { kind: 'done', status };
    case 'fast':
      return number === undefined ? undefined : { kind: 'fast', step: number };
    case 'skip':
      return number === undefined ? undefined : { kind: 'skip', step: number, why: second };
    case 'start':
      return number === undefined || (second !== 'success' && second !== 'failure')
        ? undefined
        : { kind: 'start', step: number, status: second };
    case 'exit':
      return number === undefined || !/^\d{1,3}$/.test(second) || Number(second) > 255
        ? undefined
        : { kind: 'exit', step: number, code: Number(second), why: rest.join(' ') };
    case undefined:
    default:
      return undefined;
  }
}

/** What the journal says of one step. Times are unix milliseconds. */
export type StepRecord =
  | { readonly state: 'running'; readonly status: Status; readonly started: number }
  | {
      readonly state: 'exited';
      readonly status: Status;
      readonly started: number;
      readonly stopped: number;
      readonly code: number;
      /** Empty for an answer of the step itself, else the reason of a verdict. */
      readonly why: string;
    }
  | { readonly state: 'skipped'; readonly why: string };

export interface Journal {
  readonly steps: ReadonlyMap<number, StepRecord>;
  readonly ready: boolean;
  /** The step whose failure ended the stage at once (`failure: fast`). */
  readonly fast: number | undefined;
  readonly done: Status | undefined;
  /** The coordinator was told to stop before the stage was over. */
  readonly terminated: boolean;
}

export const EMPTY_JOURNAL: Journal = {
  steps: new Map(),
  ready: false,
  fast: undefined,
  done: undefined,
  terminated: false,
};

/**
 * The journal after one more event, stamped `time` (unix milliseconds). An event that was seen
 * before changes nothing, so a log that is read again does no harm.
 */
export function advance(journal: Journal, event: JournalEvent, time: number): Journal {
  switch (event.kind) {
    case 'version':
      if (event.version !== JOURNAL_VERSION) {
        throw new Error(
          `the journal has version ${event.version}, this program reads version ${JOURNAL_VERSION}`,
        );
      }
      return journal;
    case 'ready':
      return { ...journal, ready: true };
    case 'terminated':
      return { ...journal, terminated: true };
    case 'done':
      return { ...journal, done: event.status };
    case 'fast':
      return { ...journal, fast: event.step };
    case 'start':
      if (journal.steps.has(event.step)) return journal;
      return withStep(journal, event.step, {
        state: 'running',
        status: event.status,
        started: time,
      });
    case 'skip':
      if (journal.steps.has(event.step)) return journal;
      return withStep(journal, event.step, { state: 'skipped', why: event.why });
    case 'exit': {
      const before = journal.steps.get(event.step);
      if (before?.state !== 'running') return journal;
      const { code, why } = event;
      return withStep(journal, event.step, {
        ...before,
        state: 'exited',
        stopped: time,
        code,
        why,
      });
    }
  }
}

function withStep(journal: Journal, step: number, record: StepRecord): Journal {
  return { ...journal, steps: new Map(journal.steps).set(step, record) };
}
