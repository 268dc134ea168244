/** HTTP as registries speak it: small answers, and redirects that must not lead anywhere. */
import { request, type Dispatcher } from 'undici';
import { createDispatcher, type Environment } from '../drone/dispatcher.ts';
import { Cache } from './cache.ts';
import { RegistryError } from './errors.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Redirects that are followed. */
  readonly redirects: number;
}

export interface Answer {
  readonly status: number;
  /** '' where there is none. */
  readonly header: (name: string) => string;
  readonly body: Buffer;
}

/** Rejects with a RegistryError, or with the reason of the signal. */
export type Fetch = (request: RegistryRequest, signal: AbortSignal) => Promise<Answer>;

export interface OpenFetch {
  readonly fetch: Fetch;
  readonly close: () => Promise<void>;
}

/** Bytes: manifests and configs are a few kilobytes, registries take no manifest above 4 MiB. */
const LONGEST_ANSWER = 4 * 1024 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Pipelines name registries, so their number has to be limited. */
const MOST_ORIGINS = 32;
const CONNECTIONS = 8;

/** @param environment where the proxies are looked up */
export function openFetch(environment: Environment): OpenFetch {
  const forget = (dispatcher: Dispatcher): void => void dispatcher.close().catch(() => {});
  const dispatchers = new Cache<Dispatcher>(MOST_ORIGINS, forget);
  const dispatcherFor = (url: URL): Dispatcher => {
    const known = dispatchers.get(url.origin);
    if (known !== undefined) return known;
    const opened = createDispatcher(url, { skipVerify: false }, environment, CONNECTIONS);
    dispatchers.set(url.origin, opened);
    return opened;
  };
  return {
    fetch: async (wanted, signal) => {
      let { url, headers } = wanted;
      for (let left = wanted.redirects; ; left -= 1) {
        const answer = await once(wanted.method, url, headers, dispatcherFor(url), signal);
        const location = answer.header('location');
        if (!REDIRECTS.has(answer.status) || left === 0 || location === '') return answer;
        const next = redirected(url, location);
        if (next.origin !== url.origin) headers = without(headers, 'authorization');
        url = next;
      }
    },
    close: async () => {
      await Promise.all([...dispatchers.values()].map(async (each) => each.destroy()));
    },
  };
}

async function once(
  method: RegistryRequest['method'],
  url: URL,
  headers: RegistryRequest['headers'],
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    const response = await request(url, { method, headers, signal, dispatcher });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response.body) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > LONGEST_ANSWER) {
        throw new RegistryError(
          'registry-answer',
          `${url.host} sent more than an image says of itself`,
        );
      }
      chunks.push(bytes);
    }
    return {
      status: response.statusCode,
      header: (name) => String(response.headers[name] ?? ''),
      body: Buffer.concat(chunks),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RegistryError) throw error;
    throw new RegistryError('registry-unreachable', `there is no way to ${url.host}`);
  }
}

/** What was asked by HTTPS is never asked in the clear, neither here nor inside of the network. */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to !== undefined && to.username === '' && isAsSafe(from, to)) return to;
  throw new RegistryError('registry-redirect', `${from.host} sends us to an address without HTTPS`);
}

/** HTTPS, or HTTP where the first address has it too. */
export const isAsSafe = (from: URL, to: URL): boolean =>
  to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:');

const without = (headers: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
