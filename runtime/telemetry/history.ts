/** The stages that this runner has, and had lately, as the dashboard shows them. Pure. */
import type { StepState } from '../drone/rpc.ts';
import type { Build, Repo, Stage } from '../drone/types.ts';
import type { StageEnd } from './metrics.ts';

/** All times are Unix milliseconds; undefined where it did not happen (yet). */
export interface StepEntry {
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly status: StepState;
  /** Meaningful once the step has stopped. */
  readonly exitCode: number;
  /** Empty, or why the step is an error. */
  readonly error: string;
  readonly started: number | undefined;
  readonly stopped: number | undefined;
}

export type StageState = 'pending' | 'running' | 'success' | 'failure' | 'killed' | 'error';

export interface StageEntry {
  readonly stage: {
    readonly id: number;
    readonly number: number;
    readonly name: string;
    readonly status: StageState;
    /** Empty, or what happened and what to do. */
    readonly error: string;
    readonly started: number | undefined;
    readonly stopped: number | undefined;
  };
  /** By their number. */
  readonly steps: readonly StepEntry[];
  readonly build: Pick<
    Build,
    | 'id'
    | 'number'
    | 'event'
    | 'action'
    | 'link'
    | 'title'
    | 'message'
    | 'ref'
    | 'source'
    | 'target'
    | 'after'
    | 'cron'
    | 'deploy_to'
  > & { readonly author: string };
  readonly repo: Pick<Repo, 'slug' | 'link'>;
  /** What the stage waits for, in words; empty while it waits for nothing. */
  readonly waiting: string;
  /** undefined while the stage goes on. */
  readonly reason: StageEnd | undefined;
  /** When this runner took the stage. */
  readonly created: number;
  /** When something was last heard of it. */
  readonly updated: number;
}

/** What happens to a stage; `at` is Unix milliseconds, `stage` the id on the Drone server. */
export type StageEvent = { readonly at: number; readonly stage: number } & (
  | {
      /** This runner has it from now on: accepted, or adopted from another replica. */
      readonly type: 'taken';
      readonly details: { readonly build: Build; readonly repo: Repo; readonly stage: Stage };
    }
  /** Steps are new, or have changed. */
  | { readonly type: 'steps'; readonly steps: readonly StepEntry[] }
  | { readonly type: 'waiting'; readonly text: string }
  | { readonly type: 'running' }
  | {
      readonly type: 'ended';
      readonly status: Exclude<StageState, 'pending' | 'running'>;
      readonly reason: StageEnd;
      readonly error: string;
    }
  /** This runner has it no more: another replica goes on with it, or nobody needs to. */
  | { readonly type: 'left' }
);

/** What the dashboard reads. */
export interface HistoryReader {
  /** Those that go on first, then the newest. */
  recent(): readonly StageEntry[];
  find(stage: number): StageEntry | undefined;
}

const ENTRIES = 25;
const LONGEST_TEXT = 2000;

/**
 * Holds the newest 25 stages. One that goes on is always listed: it takes the place of the one
 * that ended first, and where more than 25 go on at once there are more entries.
 */
export class History implements HistoryReader {
  readonly #entries = new Map<number, StageEntry>();

  /** Ignores what happens to a stage that is not known (any more). */
  apply(event: StageEvent): void {
    const entry = advance(this.#entries.get(event.stage), event);
    if (entry === undefined) {
      this.#entries.delete(event.stage);
      return;
    }
    this.#entries.set(event.stage, entry);
    for (const old of this.recent().slice(ENTRIES)) {
      if (hasEnded(old)) this.#entries.delete(old.stage.id);
    }
  }

  recent(): readonly StageEntry[] {
    return [...this.#entries.values()].sort(
      (left, right) =>
        Number(hasEnded(left)) - Number(hasEnded(right)) ||
        newness(right) - newness(left) ||
        right.stage.id - left.stage.id,
    );
  }

  find(stage: number): StageEntry | undefined {
    return this.#entries.get(stage);
  }

  /** How many stages go on: a step of theirs has started, or not yet. */
  counts(): { readonly running: number; readonly waiting: number } {
    const going = [...this.#entries.values()].filter((entry) => !hasEnded(entry));
    const running = going.filter((entry) => entry.stage.status === 'running').length;
    return { running, waiting: going.length - running };
  }
}

export const hasEnded = (entry: StageEntry): boolean => entry.reason !== undefined;

const newness = (entry: StageEntry): number => entry.stage.stopped ?? entry.created;

/** The entry after the event; undefined where there is none (any more). */
export function advance(entry: StageEntry | undefined, event: StageEvent): StageEntry | undefined {
  if (event.type === 'taken') return begin(event.details, event.at);
  if (entry === undefined) return undefined;
  const updated = event.at;
  // The steps may be told later than the end, the rest is over.
  if (event.type === 'steps') {
    return { ...entry, steps: mergeSteps(entry.steps, event.steps), updated };
  }
  if (hasEnded(entry)) return entry;
  if (event.type === 'left') return undefined;
  switch (event.type) {
    case 'waiting':
      return { ...entry, waiting: cut(event.text), updated };
    case 'running': {
      const started = entry.stage.started ?? event.at;
      return { ...entry, stage: { ...entry.stage, status: 'running', started }, updated };
    }
    case 'ended': {
      const { status, reason } = event;
      const stage = { ...entry.stage, status, error: cut(event.error), stopped: event.at };
      return { ...entry, stage, waiting: '', reason, updated };
    }
  }
}

/** Field by field: what the server sends beside these may be a secret. */
function begin(
  { build, repo, stage }: { readonly build: Build; readonly repo: Repo; readonly stage: Stage },
  at: number,
): StageEntry {
  return {
    stage: {
      id: stage.id,
      number: stage.number,
      name: stage.name,
      status: stage.started > 0 ? 'running' : 'pending',
      error: '',
      started: stage.started > 0 ? stage.started * 1000 : undefined,
      stopped: undefined,
    },
    steps: [],
    build: {
      id: build.id,
      number: build.number,
      event: build.event,
      action: build.action,
      link: build.link,
      title: cut(build.title),
      message: cut(build.message),
      ref: build.ref,
      source: build.source,
      target: build.target,
      after: build.after,
      cron: build.cron,
      deploy_to: build.deploy_to,
      author: build.author_login || build.author_name || build.sender,
    },
    repo: { slug: repo.slug, link: repo.link },
    waiting: '',
    reason: undefined,
    created: at,
    updated: at,
  };
}

function mergeSteps(before: readonly StepEntry[], news: readonly StepEntry[]): StepEntry[] {
  const steps = new Map([...before, ...news].map((step) => [step.number, step]));
  return [...steps.values()].sort((left, right) => left.number - right.number);
}

const cut = (text: string): string =>
  text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
