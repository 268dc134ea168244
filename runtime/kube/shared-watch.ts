/** One watch that many look through, each at the objects of its own key. */
import { systemClock, type Clock } from './clock.ts';
import type { Transport } from './transport.ts';
import type { ObjectLike } from './types.ts';
import { watchObjects, type WatchEvent, type WatchState } from './watch.ts';

export interface SharedWatchOptions<T extends ObjectLike> {
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /**
   * There is but one object: the watch goes on from where its follower saw it, and asks for no
   * list, which not everybody may have.
   */
  readonly single?: boolean;
  /** By what followers know an object. */
  readonly keyOf: (object: T) => string;
  /** The watch is closed so long (milliseconds) after the last follower left; never where absent. */
  readonly lingerMs?: number;
  readonly clock?: Clock;
}

export interface FollowOptions<T extends ObjectLike> {
  /** As it was made or read; later news of it follow. */
  readonly seen?: T;
  readonly onEvent: (event: WatchEvent<T>) => void;
  /**
   * The watch knows nothing of the key: either it will hear of it in a moment, or the object went
   * before anybody looked. Only a GET tells.
   */
  readonly onMissing?: () => void;
  readonly signal: AbortSignal;
}

interface Follower<T extends ObjectLike> extends FollowOptions<T> {
  readonly fail: (error: unknown) => void;
}

/** Milliseconds that the news of an object may take after the answer to its creation. */
const MISSING_MS = 2_000;

/** Opened by its first follower. Never one watch a build: an API server pays for each of them. */
export class SharedWatch<T extends ObjectLike> {
  readonly #transport: Transport;
  readonly #options: SharedWatchOptions<T>;
  readonly #clock: Clock;
  readonly #followers = new Map<string, Set<Follower<T>>>();
  /** By key, then by uid. */
  readonly #known = new Map<string, Map<string, T>>();
  #open: AbortController | undefined;
  #liveSince: number | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(transport: Transport, options: SharedWatchOptions<T>) {
    this.#transport = transport;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Since when (milliseconds of the clock) nothing can have been missed; undefined while it can. */
  get liveSince(): number | undefined {
    return this.#liveSince;
  }

  /**
   * Tells every change of the objects of the key, beginning with what is known, until the signal
   * is aborted. Rejects with a KubeError when the watch is refused for good.
   */
  async follow(key: string, options: FollowOptions<T>): Promise<void> {
    const { seen, onEvent, onMissing, signal } = options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const follower = { ...options, fail: reject };
    const those = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, those.add(follower));
    clearTimeout(this.#linger);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
    for (const object of this.#known.get(key)?.values() ?? []) {
      onEvent({ type: 'ADDED', object });
    }
    this.#start(seen);
    const missing = setTimeout(() => {
      if (this.#liveSince !== undefined && !this.#known.has(key)) onMissing?.();
    }, MISSING_MS);
    try {
      await promise;
    } finally {
      clearTimeout(missing);
      those.delete(follower);
      if (those.size === 0) this.#followers.delete(key);
      if (this.#followers.size === 0) this.#closeLater();
    }
  }

  /** Ends the watch; followers are told nothing more. */
  close(): void {
    clearTimeout(this.#linger);
    this.#open?.abort();
    this.#open = undefined;
    this.#liveSince = undefined;
    this.#known.clear();
  }

  #closeLater(): void {
    const { lingerMs } = this.#options;
    if (lingerMs === undefined) return;
    this.#linger = setTimeout(() => this.close(), lingerMs);
    this.#linger.unref();
  }

  #start(seen: T | undefined): void {
    if (this.#open !== undefined) return;
    const open = new AbortController();
    this.#open = open;
    const { path, labelSelector, fieldSelector, single } = this.#options;
    if (single === true && seen !== undefined) this.#remember(seen);
    watchObjects<T>(this.#transport, {
      path,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(single === true && seen !== undefined
        ? { start: { resourceVersion: seen.metadata.resourceVersion ?? '', known: [seen] } }
        : {}),
      clock: this.#clock,
      signal: open.signal,
      onEvent: (event) => this.#tell(event),
      onState: (state) => this.#note(state),
    }).catch((error: unknown) => {
      if (this.#open === open) this.close();
      for (const follower of [...this.#followers.values()].flatMap((those) => [...those])) {
        follower.fail(error);
      }
    });
  }

  #note(state: WatchState): void {
    if (state.kind === 'retry') this.#liveSince = undefined;
    else if (state.kind === 'watching') this.#liveSince ??= this.#clock.now();
    else this.#tellMissing();
  }

  #tellMissing(): void {
    for (const [key, those] of this.#followers) {
      if (this.#known.has(key)) continue;
      for (const { onMissing } of those) onMissing?.();
    }
  }

  #tell(event: WatchEvent<T>): void {
    const key = this.#options.keyOf(event.object);
    if (event.type === 'DELETED') this.#forget(key, event.object);
    else this.#remember(event.object);
    for (const { onEvent } of this.#followers.get(key) ?? []) onEvent(event);
  }

  #remember(object: T): void {
    const key = this.#options.keyOf(object);
    const known = this.#known.get(key) ?? new Map<string, T>();
    this.#known.set(key, known.set(uidOf(object), object));
  }

  #forget(key: string, object: T): void {
    const known = this.#known.get(key);
    known?.delete(uidOf(object));
    if (known?.size === 0) this.#known.delete(key);
  }
}

const uidOf = (object: ObjectLike): string => object.metadata.uid ?? object.metadata.name;
