/**
 * Listens for the cancellation of builds. A server tells a cancel only to who listens at that
 * moment, so a fresh poll is opened before the running one ends, and a gap is told to the owner.
 */
import { systemClock, type Clock } from '../kube/clock.ts';
import { backoff } from '../kube/retry.ts';
import { DroneError } from './errors.ts';
import type { DroneServer } from './rpc.ts';

export interface BuildWatchHandlers {
  /** Once; after it nothing more is called. */
  readonly onCancelled: () => void;
  /** A cancel may have been missed: ask for the details. Called when somebody listens again. */
  readonly onGap: () => void;
}

export interface BuildWatchOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
}

type Watched = Pick<DroneServer, 'watch'>;

/** Milliseconds until a fresh poll is opened beside the running one, which goes on to its end at 30 s. */
const FRESH_AFTER = 20_000;
/** A poll that lasted so long (milliseconds) ended in time, though a server with Redis calls it a failure. */
const FULL_LENGTH = 25_000;
/** A poll that is open for so long (milliseconds) is taken to be heard by the server. */
const LISTENS_AFTER = 1_000;
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 10_000;

/** Resolves when the build was cancelled or the signal is aborted; never rejects. */
export async function watchBuild(
  server: Watched,
  build: number,
  handlers: BuildWatchHandlers,
  signal: AbortSignal,
  options: BuildWatchOptions = {},
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  if (signal.aborted) return;
  signal.addEventListener('abort', end, { once: true });
  try {
    await new BuildWatch(server, build, handlers, ended, options).run();
  } finally {
    end();
    signal.removeEventListener('abort', end);
  }
}

class BuildWatch {
  readonly #server: Watched;
  readonly #build: number;
  readonly #handlers: BuildWatchHandlers;
  readonly #ended: AbortController;
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  /** When the newest poll was opened; undefined while there is none. */
  #newest: { readonly since: number } | undefined;
  #hasGap = false;

  constructor(
    server: Watched,
    build: number,
    handlers: BuildWatchHandlers,
    ended: AbortController,
    options: BuildWatchOptions,
  ) {
    this.#server = server;
    this.#build = build;
    this.#handlers = handlers;
    this.#ended = ended;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  async run(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      const outcome = await this.#untilStale(this.#poll());
      if (outcome === 'failed') {
        const pause = backoff(this.#failures, FIRST_PAUSE, LONGEST_PAUSE, this.#random());
        this.#failures += 1;
        await this.#sleep(pause);
      } else this.#failures = 0;
    }
  }

  /** Waits for the end of a poll, or until it is time for the next one. */
  async #untilStale(poll: Promise<'ended' | 'failed'>): Promise<'ended' | 'failed' | 'stale'> {
    const over = new AbortController();
    const stale = this.#sleep(FRESH_AFTER, over.signal).then(() => 'stale' as const);
    try {
      return await Promise.race([poll, stale]);
    } finally {
      over.abort();
    }
  }

  async #poll(): Promise<'ended' | 'failed'> {
    const poll = { since: this.#clock.now() };
    this.#newest = poll;
    const outcome = await this.#listen(poll.since);
    if (this.#newest === poll) this.#newest = undefined;
    if (outcome === 'failed') void this.#tellGap();
    if (outcome !== 'cancelled') return outcome;
    if (!this.#ended.signal.aborted) {
      this.#ended.abort();
      this.#handlers.onCancelled();
    }
    return 'ended';
  }

  async #listen(since: number): Promise<'ended' | 'failed' | 'cancelled'> {
    try {
      const isCancelled = await this.#server.watch(this.#build, this.#ended.signal);
      return isCancelled ? 'cancelled' : 'ended';
    } catch (error) {
      const isFull = this.#clock.now() - since >= FULL_LENGTH;
      const isRejected = error instanceof DroneError && error.code === 'drone-rejected';
      return isRejected && isFull ? 'ended' : 'failed';
    }
  }

  /** Waits until the server hears us again: what was cancelled before can then be seen in the details. */
  async #tellGap(): Promise<void> {
    if (this.#hasGap) return;
    this.#hasGap = true;
    while (!this.#ended.signal.aborted && !this.#isHeard()) await this.#sleep(LISTENS_AFTER / 4);
    this.#hasGap = false;
    if (!this.#ended.signal.aborted) this.#handlers.onGap();
  }

  #isHeard(): boolean {
    return this.#newest !== undefined && this.#clock.now() - this.#newest.since >= LISTENS_AFTER;
  }

  /** Ends early, without an error, when the watch or the given signal ends. */
  async #sleep(milliseconds: number, also?: AbortSignal): Promise<void> {
    const signals = also === undefined ? [] : [also];
    try {
      await this.#clock.sleep(milliseconds, AbortSignal.any([this.#ended.signal, ...signals]));
    } catch (error) {
      if (!this.#ended.signal.aborted && also?.aborted !== true) throw error;
    }
  }
}

interface Shared {
  readonly members: Set<BuildWatchHandlers>;
  readonly end: AbortController;
  isCancelled: boolean;
}

/** One watch a build, however many of its stages run here. */
export class BuildWatches {
  readonly #server: Watched;
  readonly #options: BuildWatchOptions;
  readonly #builds = new Map<number, Shared>();

  constructor(server: Watched, options: BuildWatchOptions = {}) {
    this.#server = server;
    this.#options = options;
  }

  /**
   * Begins to listen, at the latest now. A stage that joins a build of which another one knows that
   * it is cancelled is told so soon.
   *
   * @returns a function that ends it; calling it again does nothing.
   */
  join(build: number, handlers: BuildWatchHandlers): () => void {
    const shared = this.#builds.get(build) ?? this.#open(build);
    const member = { ...handlers };
    shared.members.add(member);
    if (shared.isCancelled) {
      queueMicrotask(() => {
        if (shared.members.has(member)) member.onCancelled();
      });
    }
    return () => {
      shared.members.delete(member);
      if (shared.members.size > 0 || this.#builds.get(build) !== shared) return;
      this.#builds.delete(build);
      shared.end.abort();
    };
  }

  #open(build: number): Shared {
    const shared: Shared = { members: new Set(), end: new AbortController(), isCancelled: false };
    this.#builds.set(build, shared);
    const handlers: BuildWatchHandlers = {
      onCancelled: () => {
        shared.isCancelled = true;
        for (const member of Array.from(shared.members)) member.onCancelled();
      },
      onGap: () => {
        for (const member of Array.from(shared.members)) member.onGap();
      },
    };
    void watchBuild(this.#server, build, handlers, shared.end.signal, this.#options);
    return shared;
  }
}
