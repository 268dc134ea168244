/** One way to the API server for everything: connections, retries, rate limit, counts. */
import { Agent, request as send, type Dispatcher } from 'undici';
import { systemClock, type Clock } from './clock.ts';
import type { Credentials, KubeAccess } from './config.ts';
import { connector } from './connector.ts';
import {
  errorFromNetwork,
  errorFromResponse,
  KubeError,
  parseStatus,
  systemCode,
} from './errors.ts';
import { RateLimiter, type Lane } from './rate.ts';
import { describeRequest, requestUrl, type Query } from './request.ts';
import { retryDelay } from './retry.ts';

export interface TransportOptions {
  /** Requests a second in the long run; 50 by default. */
  readonly qps?: number;
  /** Requests at once; 100 by default. */
  readonly burst?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told of every attempt: verb and resource, and the status; undefined where no answer came. */
  readonly onAttempt?: (what: string, status: number | undefined) => void;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` by default; a patch says its kind here. */
  readonly contentType?: string;
  /** `application/json` by default; a list of metadata alone is asked for here. */
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, with all waiting and retries; 30 000 by default. */
  readonly timeoutMs?: number;
  /** `urgent` for DELETE by default, else `normal`. */
  readonly lane?: Lane;
}

export interface StreamOptions {
  readonly query?: Query;
  readonly signal: AbortSignal;
  /** Until the answer begins; 0 waits for ever, as the log of a silent container needs. */
  readonly headersTimeoutMs: number;
}

/** What is needed to open a WebSocket beside this transport. */
export interface Handshake extends Credentials {
  /** With the scheme `ws` or `wss`. */
  readonly url: URL;
}

interface Attempt {
  readonly method: Method;
  readonly path: string;
  readonly query: Query;
  readonly body: string | undefined;
  readonly contentType: string;
  readonly accept: string;
  readonly lane: Lane;
  readonly signal: AbortSignal;
  readonly agent: Agent;
  readonly headersTimeoutMs: number;
}

const HEADERS_TIMEOUT_MS = 30_000;

export class Transport {
  readonly access: KubeAccess;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #limiter: RateLimiter;
  readonly #onAttempt: (what: string, status: number | undefined) => void;
  readonly #counts = new Map<string, number>();
  /** What the API server said the time is, and when it said so. */
  #told: { readonly time: number; readonly at: number } | undefined;
  readonly #agent: Agent;
  /** A stream holds its connection for hours: in the pool of 16 it would starve the requests. */
  readonly #streamAgent: Agent;

  constructor(access: KubeAccess, options: TransportOptions = {}) {
    this.access = access;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#onAttempt = options.onAttempt ?? (() => undefined);
    this.#limiter = new RateLimiter(options.qps ?? 50, options.burst ?? 100, this.#clock);
    const connect = connector(access);
    const common = { connect, bodyTimeout: 0, keepAliveTimeout: 30_000, allowH2: false };
    this.#agent = new Agent({ ...common, connections: 16 });
    this.#streamAgent = new Agent(common);
  }

  /**
   * Sends a request and reads its JSON answer, which the caller names the type of.
   * Throws a KubeError, or the signal's reason when aborted.
   */
  async request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    const what = describeRequest(method, path, options.query ?? {});
    const timeoutMs = options.timeoutMs ?? 30_000;
    const limit = new AbortController();
    const timer = setTimeout(() => {
      const message = `${what}: no answer from ${this.access.server} in ${timeoutMs} ms; try again`;
      limit.abort(new KubeError('kube-timeout', message));
    }, timeoutMs);
    const abort = (): void => limit.abort(options.signal?.reason);
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) abort();
    try {
      const response = await this.#send(what, {
        method,
        path,
        query: options.query ?? {},
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        contentType: options.contentType ?? 'application/json',
        accept: options.accept ?? 'application/json',
        lane: options.lane ?? (method === 'DELETE' ? 'urgent' : 'normal'),
        signal: limit.signal,
        agent: this.#agent,
        headersTimeoutMs: HEADERS_TIMEOUT_MS,
      });
      return await readJson<T>(what, response);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw errorFromNetwork(what, this.access.server, error);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Opens a GET whose answer goes on for long (a watch, a log). The caller reads the body, which
   * is destroyed when the signal is aborted. Throws like {@link request}.
   */
  async stream(path: string, options: StreamOptions): Promise<Dispatcher.ResponseData['body']> {
    const what = describeRequest('GET', path, options.query ?? {});
    try {
      const response = await this.#send(what, {
        method: 'GET',
        path,
        query: options.query ?? {},
        body: undefined,
        contentType: 'application/json',
        accept: 'application/json',
        lane: 'normal',
        signal: options.signal,
        agent: this.#streamAgent,
        headersTimeoutMs: options.headersTimeoutMs,
      });
      return response.body;
    } catch (error) {
      options.signal.throwIfAborted();
      throw errorFromNetwork(what, this.access.server, error);
    }
  }

  /** Admits and counts a WebSocket of the path, and says how to open it. */
  async handshake(path: string, query: Query, signal: AbortSignal): Promise<Handshake> {
    await this.#limiter.acquire('normal', signal);
    this.#count(describeRequest('GET', path, query));
    const url = new URL(requestUrl(this.access.server, path, query));
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return { url, ...(await this.access.credentials()) };
  }

  /** Requests sent so far, retries included, by verb and resource: `POST pods`, `WATCH pods`. */
  counts(): ReadonlyMap<string, number> {
    return new Map(this.#counts);
  }

  /**
   * Unix milliseconds by the clock of the API server, to about a second; undefined before its first
   * answer. The clock of this machine may be wrong, or be set while it runs.
   */
  clusterTime(): number | undefined {
    if (this.#told === undefined) return undefined;
    return this.#told.time + this.#clock.now() - this.#told.at;
  }

  /** Breaks every connection; what is under way fails. */
  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#streamAgent.destroy()]);
  }

  async #send(what: string, attempt: Attempt): Promise<Dispatcher.ResponseData> {
    for (let retries = 0; ; retries += 1) {
      await this.#limiter.acquire(attempt.lane, attempt.signal);
      let failure: { status?: number; retryAfterSeconds?: number | undefined; code?: string };
      let error: unknown;
      try {
        const response = await this.#sendOnce(what, attempt);
        this.#onAttempt(what, response.statusCode);
        if (response.statusCode < 300) return response;
        const body = await response.body.text();
        const retryAfterSeconds = retryAfter(response.headers['retry-after'], body);
        failure = { status: response.statusCode, retryAfterSeconds };
        error = errorFromResponse(what, response.statusCode, body);
      } catch (thrown) {
        this.#onAttempt(what, undefined);
        const code = systemCode(thrown);
        if (attempt.signal.aborted || code === undefined) throw thrown;
        failure = { code };
        error = thrown;
      }
      const facts = {
        retries,
        method: attempt.method,
        status: failure.status,
        retryAfterSeconds: failure.retryAfterSeconds,
        networkCode: failure.code,
      };
      const delay = retryDelay(facts, this.#random());
      if (delay === undefined) throw error;
      await this.#clock.sleep(delay, attempt.signal);
    }
  }

  async #sendOnce(what: string, attempt: Attempt): Promise<Dispatcher.ResponseData> {
    const { headers } = await this.access.credentials();
    this.#count(what);
    const response = await send(requestUrl(this.access.server, attempt.path, attempt.query), {
      method: attempt.method,
      headers: {
        accept: attempt.accept,
        'user-agent': 'drone-kube',
        ...(attempt.body === undefined ? {} : { 'content-type': attempt.contentType }),
        ...headers,
      },
      body: attempt.body ?? null,
      signal: attempt.signal,
      dispatcher: attempt.agent,
      headersTimeout: attempt.headersTimeoutMs,
    });
    const time = Date.parse(String(response.headers['date'] ?? ''));
    if (Number.isFinite(time)) this.#told = { time, at: this.#clock.now() };
    return response;
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }
}

function retryAfter(header: string | string[] | undefined, body: string): number | undefined {
  const seconds = Number(header ?? parseStatus(body)?.details?.retryAfterSeconds ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

async function readJson<T>(what: string, response: Dispatcher.ResponseData): Promise<T> {
  const text = await response.body.text();
  try {
    const value: T = JSON.parse(text);
    return value;
  } catch {
    const message = `${what}: the answer is not JSON; check that the server is a Kubernetes API`;
    throw new KubeError('kube-bad-response', message);
  }
}
