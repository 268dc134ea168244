/** What the images of a stage run, as far as it can be found out in no time. */
import { createHash } from 'node:crypto';
import type { KnownImage, KnownImages, WantedImages } from '../compile/known-images.ts';
import type { Clock } from '../kube/clock.ts';
import { Cache } from './cache.ts';
import { credentialsFor } from './credentials.ts';
import { endpointOf, type Endpoint, type Mirrors } from './endpoint.ts';
import { RegistryError } from './errors.ts';
import type { Fetch } from './fetch.ts';
import { readImage } from './read-image.ts';

export interface LookUpOptions {
  readonly mirrors: Mirrors;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Told of each image that could not be read; a RegistryError unless it is a defect. */
  readonly onFailure?: (image: string, error: unknown) => void;
}

/** Never rejects; an image of which nothing is known is not in the result. */
export type LookUp = (wanted: WantedImages) => Promise<KnownImages>;

/** Milliseconds that a stage waits: about what an ephemeral container costs. */
export const PATIENCE_MS = 2000;
/** Milliseconds for one image; what comes late is there for the next stage. */
const LIMIT_MS = 10_000;
/** Milliseconds for which a tag is believed to stay where it is. */
const TAG_MS = 60_000;
/** Milliseconds for which what failed is not tried again. */
const FAILED_MS = 60_000;
const MOST_IMAGES = 1000;
const MOST_REGISTRIES = 1000;
/** Characters: an image that runs more than that would fill the memory. */
const LONGEST_START = 16_384;

interface Remembered {
  /** undefined: it could not be read. */
  readonly image: KnownImage | undefined;
  /** On the clock; a digest holds for ever. */
  readonly until: number;
}

interface Reading {
  readonly since: number;
  readonly result: Promise<KnownImage | undefined>;
}

/**
 * Remembers by image, platform and credentials: who may not read an image learns nothing from what
 * others have read. Aborting the signal ends what still runs in the background.
 */
export function createLookUp(options: LookUpOptions, signal: AbortSignal): LookUp {
  const { clock, fetch, mirrors, onFailure } = options;
  const remembered = new Cache<Remembered>(MOST_IMAGES);
  /** By origin, the time until which a registry counts as unreachable. */
  const unreachable = new Cache<number>(MOST_REGISTRIES);
  const running = new Map<string, Reading>();

  const read = async (
    name: string,
    endpoint: Endpoint,
    wanted: WantedImages,
    key: string,
  ): Promise<KnownImage | undefined> => {
    const before = remembered.get(key)?.image;
    const { platform } = wanted;
    const credentials = credentialsFor(wanted.credentials, endpoint.credentials);
    const source = { endpoint, platform, credentials };
    try {
      const image = await limited(clock, LIMIT_MS, signal, endpoint, async (limit) =>
        readImage(source, fetch, limit, before),
      );
      const isShort = [...image.entrypoint, ...image.command].join(' ').length < LONGEST_START;
      const isFixed = endpoint.reference.includes(':');
      const until = isFixed ? Infinity : clock.now() + TAG_MS;
      remembered.set(key, { image: isShort ? image : undefined, until });
      return isShort ? image : undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      const until = clock.now() + FAILED_MS;
      const isAway = error instanceof RegistryError && error.code === 'registry-unreachable';
      if (isAway) unreachable.set(endpoint.base.origin, until);
      else remembered.set(key, { image: undefined, until });
      onFailure?.(name, error);
      return undefined;
    }
  };

  const find = async (name: string, wanted: WantedImages): Promise<KnownImage | undefined> => {
    const endpoint = endpointOf(name, mirrors);
    if (endpoint === undefined) return undefined;
    const key = keyOf(name, endpoint, wanted);
    const known = remembered.get(key);
    if (known !== undefined && clock.now() < known.until) return known.image;
    if (clock.now() < (unreachable.get(endpoint.base.origin) ?? 0)) return undefined;
    const started = running.get(key);
    // Whoever asks second waits no longer than the first, or each stage would wait for itself.
    if (started !== undefined && clock.now() - started.since >= PATIENCE_MS) return undefined;
    if (started !== undefined) return started.result;
    const result = read(name, endpoint, wanted, key).finally(() => running.delete(key));
    running.set(key, { since: clock.now(), result });
    return result;
  };

  return async (wanted) => {
    const found = new Map<string, KnownImage>();
    if (wanted.images.length === 0 || signal.aborted) return found;
    const enough = new AbortController();
    const all = Promise.all(
      wanted.images.map(async (name) => {
        const image = await find(name, wanted);
        if (image !== undefined) found.set(name, image);
      }),
    );
    const patience = clock
      .sleep(PATIENCE_MS, AbortSignal.any([signal, enough.signal]))
      .catch(() => {});
    await Promise.race([all, patience]);
    enough.abort();
    // Images that come later belong to other stages.
    return new Map(found);
  };
}

/** Rejects with a RegistryError once the time is over. */
async function limited<T>(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
  { base }: Endpoint,
  run: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const done = new AbortController();
  const late = new RegistryError(
    'registry-unreachable',
    `${base.host} did not answer in ${milliseconds / 1000} s`,
  );
  clock.sleep(milliseconds, done.signal).then(
    () => limit.abort(late),
    () => {},
  );
  try {
    return await run(AbortSignal.any([signal, limit.signal]));
  } finally {
    done.abort();
  }
}

function keyOf(name: string, endpoint: Endpoint, { credentials, platform }: WantedImages): string {
  const own = credentialsFor(credentials, endpoint.credentials);
  const user = own && createHash('sha256').update(`${own.username}:${own.password}`).digest('hex');
  return [name, platform.os, platform.arch, platform.variant, user ?? ''].join(' ');
}
