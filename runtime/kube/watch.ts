/** List and watch: every change of the objects that match, over any number of broken connections. */
import { readChunks, readLines } from './chunks.ts';
import { systemClock, type Clock } from './clock.ts';
import {
  errorFromNetwork,
  errorFromStatus,
  isGone,
  KubeError,
  type KubeErrorCode,
  type StatusObject,
} from './errors.ts';
import { guarded, HandlerFailure } from './handler.ts';
import { listObjects } from './objects.ts';
import { describeRequest } from './request.ts';
import { backoff } from './retry.ts';
import type { Transport } from './transport.ts';
import type { ObjectLike } from './types.ts';

export interface WatchEvent<T extends ObjectLike> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  /** Of a DELETED that happened while nobody watched: the object as it was last seen. */
  readonly object: T;
}

/** What happens to the watch itself: for logs, metrics, and to know when the first list is done. */
export type WatchState =
  | { readonly kind: 'listed'; readonly objects: number }
  | { readonly kind: 'watching' }
  | { readonly kind: 'retry'; readonly error: KubeError; readonly delayMs: number };

export interface WatchOptions<T extends ObjectLike> {
  /** Of a collection, see `objectPath`. */
  readonly path: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Called one at a time, in order. An exception ends the watch. */
  readonly onEvent: (event: WatchEvent<T>) => void | Promise<void>;
  /** May throw as well: that is how a caller gives up. */
  readonly onState?: (state: WatchState) => void;
  readonly signal: AbortSignal;
  /**
   * Watch from here and save the list: for an object that was just created, its resourceVersion
   * and itself. Without it the watch begins with ADDED for each object that is there.
   */
  readonly start?: { readonly resourceVersion: string; readonly known: readonly T[] };
  /** Bookmarks come about once a minute; longer silence means a dead connection. 150 000. */
  readonly silenceMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/**
 * Resolves when the signal is aborted. Rejects with the handler's own exception, or with a
 * KubeError when the very first request is refused for good (forbidden, unknown path and so on).
 * All later failures are retried after 0.2 to 30 s.
 */
export async function watchObjects<T extends ObjectLike>(
  transport: Transport,
  options: WatchOptions<T>,
): Promise<void> {
  try {
    await new Watch(transport, options).run();
  } catch (error) {
    if (error instanceof HandlerFailure) throw error.cause;
    if (!options.signal.aborted) throw error;
  }
}

const REFUSED: ReadonlySet<KubeErrorCode> = new Set([
  'kube-bad-request',
  'kube-unauthorized',
  'kube-forbidden',
  'kube-not-found',
  'kube-invalid',
  'kube-credentials',
]);

/** Shorter than this and without a line, a watch that ends counts as a failure. */
const SHORT_MS = 1_000;

interface RawEvent<T> {
  readonly type: string;
  readonly object: T & StatusObject;
}

class Watch<T extends ObjectLike> {
  readonly #transport: Transport;
  readonly #options: WatchOptions<T>;
  readonly #clock: Clock;
  readonly #what: string;
  readonly #known = new Map<string, T>();
  /** Undefined means: list first. */
  #version: string | undefined;
  #accepted = false;
  #failures = 0;

  constructor(transport: Transport, options: WatchOptions<T>) {
    this.#transport = transport;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#what = describeRequest('GET', options.path, { watch: true });
    this.#version = options.start?.resourceVersion;
    for (const object of options.start?.known ?? []) this.#known.set(uidOf(object), object);
  }

  async run(): Promise<void> {
    while (!this.#options.signal.aborted) {
      const error = await this.#runOnce();
      if (error === undefined) continue;
      const random = (this.#options.random ?? Math.random)();
      const delayMs = backoff(this.#failures, 200, 30_000, random);
      this.#failures += 1;
      this.#report({ kind: 'retry', error, delayMs });
      await this.#clock.sleep(delayMs, this.#options.signal);
    }
  }

  /** Returns why the watch ended, or undefined when it lived long and ended as it should. */
  async #runOnce(): Promise<KubeError | undefined> {
    try {
      if (this.#version === undefined) await this.#list();
      return (await this.#watch())
        ? undefined
        : new KubeError('kube-bad-response', `${this.#what}: the server closed the watch at once`);
    } catch (error) {
      if (error instanceof HandlerFailure || this.#options.signal.aborted) throw error;
      const known = errorFromNetwork(this.#what, this.#transport.access.server, error);
      if (!this.#accepted && REFUSED.has(known.code)) throw known;
      if (isGone(known)) this.#version = undefined;
      return known;
    }
  }

  async #list(): Promise<void> {
    const { path, labelSelector, fieldSelector, signal } = this.#options;
    const selection = { labelSelector, fieldSelector };
    const list = await listObjects<T>(this.#transport, path, selection, { signal });
    this.#accepted = true;
    const present = new Set(list.items.map(uidOf));
    for (const [uid, object] of this.#known) {
      if (!present.has(uid)) await this.#deliver('DELETED', object);
    }
    for (const object of list.items) {
      const before = this.#known.get(uidOf(object));
      if (before === undefined) await this.#deliver('ADDED', object);
      else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) {
        await this.#deliver('MODIFIED', object);
      }
    }
    this.#version = list.resourceVersion;
    this.#report({ kind: 'listed', objects: list.items.length });
  }

  async #watch(): Promise<boolean> {
    const { path, labelSelector, fieldSelector, signal, silenceMs = 150_000 } = this.#options;
    // Spread, so that the watches of many replicas do not end together.
    const timeoutSeconds = 240 + Math.floor((this.#options.random ?? Math.random)() * 240);
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: this.#version,
      timeoutSeconds,
      labelSelector,
      fieldSelector,
    };
    const body = await this.#transport.stream(path, { query, signal, headersTimeoutMs: 30_000 });
    this.#accepted = true;
    this.#report({ kind: 'watching' });
    const openedAt = this.#clock.now();
    let lines = 0;
    for await (const line of readLines(readChunks(body, silenceMs))) {
      await this.#receive(this.#parse(line));
      this.#failures = 0;
      lines += 1;
    }
    const isHealthy = lines > 0 || this.#clock.now() - openedAt >= SHORT_MS;
    if (isHealthy) this.#failures = 0;
    return isHealthy;
  }

  async #receive(event: RawEvent<T>): Promise<void> {
    switch (event.type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        await this.#deliver(event.type, event.object);
        this.#version = event.object.metadata.resourceVersion;
        break;
      case 'BOOKMARK':
        this.#version = event.object.metadata.resourceVersion;
        break;
      case 'ERROR':
        throw errorFromStatus(this.#what, event.object);
      default:
        throw this.#garbled();
    }
  }

  async #deliver(type: WatchEvent<T>['type'], object: T): Promise<void> {
    if (type === 'DELETED') this.#known.delete(uidOf(object));
    else this.#known.set(uidOf(object), object);
    await guarded(() => this.#options.onEvent({ type, object }));
  }

  #parse(line: string): RawEvent<T> {
    try {
      const event: RawEvent<T> | null = JSON.parse(line);
      if (event?.type === 'ERROR' || typeof event?.object.metadata.resourceVersion === 'string') {
        return event;
      }
    } catch {
      // Falls through to the same error as JSON that is no event.
    }
    throw this.#garbled();
  }

  #garbled(): KubeError {
    return new KubeError('kube-bad-response', `${this.#what}: the server sent no valid event`);
  }

  #report(state: WatchState): void {
    try {
      this.#options.onState?.(state);
    } catch (error) {
      throw new HandlerFailure('the handler failed', { cause: error });
    }
  }
}

const uidOf = (object: ObjectLike): string => object.metadata.uid ?? object.metadata.name;
