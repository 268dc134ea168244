/** Follows the log of a container until the container has ended and every line was delivered. */
import { promisify } from 'node:util';
import { systemClock, type Clock } from './clock.ts';
import { errorFromNetwork, isNotFound, KubeError, type KubeErrorCode } from './errors.ts';
import { guarded, HandlerFailure } from './handler.ts';
import { LogCursor } from './log-cursor.ts';
import { LogLineSplitter, toSinceTime, type LogLine } from './log-lines.ts';
import { objectPath, PODS } from './request.ts';
import { backoff } from './retry.ts';
import type { Transport } from './transport.ts';

export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly signal: AbortSignal;
  /** Called one at a time, in order; reading waits for what it returns. An exception ends all. */
  readonly onLine: (line: LogLine) => void | Promise<void>;
  /**
   * Whether the container may write (more): true before it started too. Told by the Pod's status
   * or the journal; a stream that the server closes proves nothing.
   */
  readonly isRunning: () => boolean;
  /** Only lines with this stamp or a later one. */
  readonly since?: bigint;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface LogResult {
  /** Lines delivered; each piece of a very long line counts. */
  readonly lines: number;
  /** False when the signal was aborted, or the Pod or its log vanished before all was read. */
  readonly complete: boolean;
}

/**
 * Waits until the container has a log, survives broken connections without losing or repeating a
 * line, and does not trust a server that closes the stream. Throws a KubeError where retrying
 * cannot help (forbidden, unknown container), or the handler's own exception.
 */
export async function followLog(transport: Transport, options: LogOptions): Promise<LogResult> {
  const reader = new LogReader(transport, options);
  try {
    const complete = await reader.run();
    return { lines: reader.lines, complete };
  } catch (error) {
    if (error instanceof HandlerFailure) throw error.cause;
    if (options.signal.aborted) return { lines: reader.lines, complete: false };
    throw error;
  }
}

const turn = promisify(setImmediate);

const FINAL: ReadonlySet<KubeErrorCode> = new Set([
  'kube-bad-request',
  'kube-unauthorized',
  'kube-forbidden',
  'kube-invalid',
  'kube-credentials',
]);
const NOT_YET = /waiting to start|is not available|does not have a host assigned/;
const WHAT = 'GET pods/log';
const FINAL_READS = 5;
const IDLE_CHECK_MS = 5_000;
/** How long the Pod's status may lag behind the end of the log. */
const STATUS_LAG_MS = 1_000;
/**
 * A kubelet begins a new file of a long log (after 10 MiB, where nobody set less), and may end the
 * stream of an ended container with the old file. What is in between two files is then lost, but
 * the newest one can be read.
 */
const MAY_ROTATE_BYTES = 1 << 20;

class LogReader {
  readonly #transport: Transport;
  readonly #options: LogOptions;
  readonly #clock: Clock;
  readonly #cursor = new LogCursor();
  #lines = 0;
  #bytes = 0;

  constructor(transport: Transport, options: LogOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get lines(): number {
    return this.#lines;
  }

  async run(): Promise<boolean> {
    let waits = 0;
    let failures = 0;
    for (;;) {
      const linesBefore = this.#lines;
      let isBroken = true;
      let delay = 0;
      try {
        const rest = await this.#read(true);
        if (!(await this.#wasRunning()) && this.#bytes <= MAY_ROTATE_BYTES) {
          await this.#deliver(rest);
          return true;
        }
      } catch (error) {
        this.#throwIfFinal(error);
        if (this.#isPodGone(error)) return false;
        if (isNotYet(error) && this.#options.isRunning()) {
          isBroken = false;
          delay = Math.min(1_000, 100 * 2 ** Math.min(waits, 10));
          waits += 1;
        } else {
          failures = this.#lines > linesBefore ? 0 : failures + 1;
          delay = this.#backoff(failures);
        }
      }
      if (isBroken && !this.#options.isRunning()) return this.#finish();
      await this.#clock.sleep(delay, this.#options.signal);
    }
  }

  /** One reading to the end of what there is, after a follow that cannot be trusted. */
  async #finish(): Promise<boolean> {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#deliver(await this.#read(false));
        return true;
      } catch (error) {
        this.#throwIfFinal(error);
        if (this.#isPodGone(error)) return false;
        if (tries + 1 >= FINAL_READS) {
          const known = errorFromNetwork(WHAT, this.#transport.access.server, error);
          if (known.code === 'kube-bad-response' || isNotFound(known)) return false;
          // It never started.
          if (isNotYet(known)) return this.#lines === 0;
          throw known;
        }
        await this.#clock.sleep(this.#backoff(tries), this.#options.signal);
      }
    }
  }

  /** Reads one answer to its end. Returns the last line if no newline ended it. */
  async #read(follow: boolean): Promise<readonly LogLine[]> {
    const { namespace, pod, container, since, signal } = this.#options;
    const from = this.#cursor.time ?? since;
    this.#cursor.rewind();
    const query = {
      container,
      follow: follow ? true : undefined,
      timestamps: true,
      sinceTime: from === undefined ? undefined : toSinceTime(from),
    };
    const limit = new AbortController();
    const abort = (): void => limit.abort(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', abort, { once: true });
    let isReading = true;
    let isSilent = false;
    // A server that neither sends nor closes, though the container is gone.
    const check = setInterval(() => {
      if (isReading && isSilent && !this.#options.isRunning()) {
        limit.abort(new KubeError('kube-silent', `${WHAT}: the log does not end`));
      }
      isSilent = true;
    }, IDLE_CHECK_MS);
    try {
      const path = objectPath(PODS, namespace, pod, 'log');
      // The answer of a silent container does not even begin.
      const stream = { query, signal: limit.signal, headersTimeoutMs: follow ? 0 : 30_000 };
      const body = await this.#transport.stream(path, stream);
      const splitter = new LogLineSplitter();
      for await (const chunk of body) {
        isReading = false;
        this.#bytes += chunk.length;
        await this.#deliver(splitter.push(chunk));
        // A step that writes without end must not keep everything else waiting, cancels not least.
        await turn();
        isReading = true;
        isSilent = false;
      }
      return [...splitter.end()];
    } finally {
      clearInterval(check);
      signal.removeEventListener('abort', abort);
    }
  }

  async #deliver(lines: Iterable<LogLine>): Promise<void> {
    const { since = 0n, onLine, signal } = this.#options;
    for (const line of lines) {
      signal.throwIfAborted();
      if (line.time < since || !this.#cursor.isNew(line)) continue;
      this.#lines += 1;
      await guarded(() => onLine(line));
    }
  }

  /**
   * Whether the container had not ended when the server closed the stream, as far as we knew. Gives
   * the status, which lags behind, the time to follow.
   */
  async #wasRunning(): Promise<boolean> {
    if (!this.#options.isRunning()) return false;
    const until = this.#clock.now() + STATUS_LAG_MS;
    while (this.#options.isRunning() && this.#clock.now() < until) {
      await this.#clock.sleep(50, this.#options.signal);
    }
    return true;
  }

  #throwIfFinal(error: unknown): void {
    if (error instanceof HandlerFailure) throw error;
    this.#options.signal.throwIfAborted();
    if (error instanceof KubeError && FINAL.has(error.code) && !isNotYet(error)) throw error;
  }

  #isPodGone(error: unknown): boolean {
    // A kubelet that has not heard of the Pod yet answers 404 too, but without the Pod's name.
    const named = `"${this.#options.pod}" not found`;
    return isNotFound(error) && error instanceof Error && error.message.includes(named);
  }

  #backoff(tries: number): number {
    return backoff(tries, 100, 5_000, (this.#options.random ?? Math.random)());
  }
}

const isNotYet = (error: unknown): boolean =>
  error instanceof KubeError &&
  (error.code === 'kube-not-found' ||
    (error.code === 'kube-bad-request' && NOT_YET.test(error.message)));
