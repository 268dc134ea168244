/** One way to the Drone server for all calls: limits, attempts, reports. */
import { request, type Dispatcher } from 'undici';
import type { Clock } from '../kube/clock.ts';
import { backoff } from '../kube/retry.ts';
import { DecodeError } from './decode.ts';
import { createDispatcher, type Environment, type Tls } from './dispatcher.ts';
import { dumpAnswer, dumpRequest, type Dump } from './dump.ts';
import { DroneError, errorFromAnswer, errorFromNetwork, isMarkup } from './errors.ts';
import type { DroneServer } from './rpc.ts';

export interface DroneHttpOptions {
  readonly url: string;
  readonly secret: string;
  readonly tls: Tls;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onCall?: (report: CallReport) => void;
  readonly dump?: Dump;
}

/** One attempt of a call. */
export interface CallReport {
  readonly call: keyof DroneServer;
  /** From 1. */
  readonly attempt: number;
  readonly milliseconds: number;
  /** undefined where it succeeded. */
  readonly error: DroneError | undefined;
  /** Milliseconds until the next attempt; undefined where there is none. */
  readonly retryIn: number | undefined;
}

export interface HttpCall<T> {
  readonly call: keyof DroneServer;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below `/rpc/v2/`. */
  readonly path: string;
  readonly query?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds for one attempt. */
  readonly limit: number;
  /** Whether it is sent again for as long as the server is not there. */
  readonly repeat: boolean;
  /** A poll keeps a connection for long. */
  readonly poll?: boolean;
  /** A success is 200 with nothing in it: anything else was not said by a Drone server. */
  readonly empty?: boolean;
  /** Makes the result of a success; `json` throws where the body is none. */
  readonly read: (status: number, json: () => unknown) => T;
}

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;
const CONNECTIONS = 32;

export class DroneHttp {
  readonly #options: DroneHttpOptions;
  readonly #base: URL;
  readonly #dispatcher: Dispatcher;
  /** In the other pool, polls would starve the reports. */
  readonly #pollDispatcher: Dispatcher;
  readonly #closed = new AbortController();

  constructor(options: DroneHttpOptions) {
    this.#options = options;
    this.#base = baseOf(options.url);
    const { tls, environment } = options;
    this.#dispatcher = createDispatcher(this.#base, tls, environment, CONNECTIONS);
    this.#pollDispatcher = createDispatcher(this.#base, tls, environment, null);
  }

  /** Rejects with a DroneError, or with the signal's reason. */
  async send<T>(call: HttpCall<T>, ends: AbortSignal): Promise<T> {
    const signal = AbortSignal.any([ends, this.#closed.signal]);
    const { clock, random, onCall } = this.#options;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    let afterRetry = false;
    for (let attempt = 1; ; attempt += 1) {
      const began = clock.now();
      const report = (error?: DroneError, retryIn?: number): void =>
        onCall?.({
          call: call.call,
          attempt,
          milliseconds: clock.now() - began,
          error,
          retryIn,
        });
      try {
        const result = await this.#attempt(call, body, signal);
        report();
        return result;
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof DroneError)) throw thrown;
        if (!call.repeat || !thrown.passing) {
          const error = afterRetry ? repeated(thrown) : thrown;
          report(error);
          throw error;
        }
        afterRetry ||= thrown.sent;
        const pause = backoff(attempt - 1, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random());
        report(thrown, pause);
        await clock.sleep(pause, signal);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(
      new DroneError('drone-unavailable', 'the connection to the Drone server was closed here'),
    );
    await Promise.all([this.#dispatcher.destroy(), this.#pollDispatcher.destroy()]);
  }

  async #attempt<T>(call: HttpCall<T>, body: string | undefined, signal: AbortSignal): Promise<T> {
    const what = `${call.method} ${call.path}`;
    const limit = new AbortController();
    const done = new AbortController();
    const abort = (): void => limit.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    void this.#expire(what, call.limit, limit, done.signal);
    try {
      const answer = await this.#exchange(call, body, limit.signal);
      return read(what, call, answer);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw error instanceof DroneError ? this.#clean(error) : this.#broken(what, error);
    } finally {
      done.abort();
      signal.removeEventListener('abort', abort);
    }
  }

  async #expire(what: string, ms: number, limit: AbortController, done: AbortSignal) {
    try {
      await this.#options.clock.sleep(ms, done);
    } catch {
      return;
    }
    const message = `${what}: no answer from ${this.#base.origin} in ${ms / 1000} s; check that the server is up and reachable from here`;
    limit.abort(new DroneError('drone-unavailable', message, { passing: true }));
  }

  async #exchange<T>(call: HttpCall<T>, body: string | undefined, signal: AbortSignal) {
    const { dump, secret } = this.#options;
    const url = `${this.#base.href}rpc/v2/${call.path}${call.query ?? ''}`;
    if (dump !== undefined) dumpRequest(dump, { method: call.method, url, body });
    const response = await request(url, {
      method: call.method,
      headers: {
        'x-drone-token': secret,
        'user-agent': 'drone-kube',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body ?? null,
      signal,
      dispatcher: call.poll === true ? this.#pollDispatcher : this.#dispatcher,
    });
    const { statusCode: status, headers } = response;
    const text = await response.body.text();
    if (dump !== undefined) dumpAnswer(dump, status, String(headers['content-type'] ?? ''), text);
    const location = headers['location'];
    return { status, text, location: typeof location === 'string' ? location : undefined };
  }

  #broken(what: string, cause: unknown): DroneError {
    return errorFromNetwork(what, this.#base.origin, cause);
  }

  /** A server or proxy may repeat what it was sent. */
  #clean(error: DroneError): DroneError {
    const { secret } = this.#options;
    if (secret === '' || !`${error.message}${error.text}`.includes(secret)) return error;
    const hide = (text: string): string => text.replaceAll(secret, '******');
    return error.but(hide(error.message), { text: hide(error.text) });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

function read<T>(what: string, call: HttpCall<T>, { status, text, location }: Answer): T {
  if (status < 200 || status > 299) throw errorFromAnswer(what, status, text, location);
  const odd = (problem: string, passing: boolean): DroneError =>
    new DroneError(
      'drone-bad-answer',
      `${what}: ${problem}; check that DRONE_RPC_HOST is a Drone server and no login page or other service`,
      { status, passing },
    );
  if (isMarkup(text)) throw odd('the answer is an HTML page', true);
  if (call.empty === true && status !== 204 && text.trim() !== '') {
    throw odd('the answer should be empty', true);
  }
  // The server says so of a request that it gave up; for a poll it means that there is nothing.
  if (call.empty === true && status !== 200 && call.poll !== true) {
    throw odd(`the answer has status ${status}`, true);
  }
  const json = (): unknown => {
    try {
      const value: unknown = JSON.parse(text);
      return value;
    } catch {
      throw odd(text === '' ? 'the answer is empty' : 'the answer is not JSON', true);
    }
  };
  try {
    return call.read(status, json);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw odd(`the answer is not what a Drone server sends: ${error.message}`, false);
  }
}

/** The same error, of a call of which an earlier attempt may have been done. */
function repeated(error: DroneError): DroneError {
  const hint =
    error.code === 'drone-conflict'
      ? `${error.message}, or an earlier attempt was done and its answer lost`
      : error.message;
  return error.but(hint, { afterRetry: true });
}

function baseOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === undefined || !isWeb || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new DroneError(
      'drone-address',
      'the address of the Drone server cannot be used; set DRONE_RPC_PROTO to http or https and DRONE_RPC_HOST to its host, such as drone.example.com',
      { sent: false },
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
