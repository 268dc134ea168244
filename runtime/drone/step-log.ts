/**
 * The log of one step on its way to the server: live while the step runs, and as a whole at its
 * end. What is kept for the end bounds the memory, so a fast log is never slowed down: a kubelet
 * that is read slowly throws lines away.
 */
import { Buffer } from 'node:buffer';
import { systemClock, type Clock } from '../kube/clock.ts';
import { isAlreadyStored, isUnknownStream } from './errors.ts';
import type { DroneServer, Line } from './rpc.ts';

export interface StepLogOptions {
  readonly server: Pick<DroneServer, 'batch' | 'upload'>;
  /** The id that the server gave to the step. */
  readonly step: number;
  /** Ends the live delivery where the log is given up without `close`. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** Bytes of text that a log keeps: the last ones, as the original does. */
const KEPT_TEXT = 5 * 1_048_576;
/** Bytes of JSON: with MySQL the server stores 16 MiB, and a line of one character takes 36 bytes. */
const KEPT_JSON = 12 * 1_048_576;
/** Bytes of JSON for the text of one line, which must fit into what is kept. */
const LONGEST_LINE = 4 * 1_048_576;
/** Milliseconds that a line waits for others to go with it. */
const BATCH_AGE = 1_000;
const BATCH_LINES = 1_000;
const BATCH_BYTES = 1_048_576;
/** The server keeps so many lines of a live log. */
const LIVE_LINES = 5_000;

/**
 * `before`: the server has no live log yet. `ending`: lines were thrown away, which leaves a hole;
 * who looks is still to be told so.
 */
type Live = 'before' | 'on' | 'ending' | 'over';

export class StepLog {
  readonly #options: StepLogOptions;
  readonly #clock: Clock;
  readonly #kept = new LineQueue();
  #nextPos = 0;
  #live: Live = 'before';
  /** The position of the first line that was not sent live. */
  #unsent = 0;
  /** Bytes of JSON from there on. */
  #unsentJson = 0;
  #sending: Promise<void> | undefined;
  /** Ends the waiting for more lines. */
  #hurry = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(options: StepLogOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The server knows now that the step runs, and so has a live log for it. */
  goLive(): void {
    if (this.#live !== 'before') return;
    this.#live = 'on';
    this.#deliver();
  }

  /**
   * Adds a line, or a piece of one; after `close` it does nothing.
   *
   * @param text without its newline; whatever is no valid text is replaced.
   * @param ended whether a newline ended it.
   * @param time milliseconds since the start of the step.
   */
  write(text: string, ended: boolean, time: number): void {
    if (this.#closed !== undefined) return;
    const out = `${cut(text.toWellFormed())}${ended ? '\n' : ''}`;
    const line = { pos: this.#nextPos, out, time: Math.max(0, Math.floor(time / 1_000)) };
    this.#nextPos += 1;
    this.#unsentJson += this.#kept.push(line);
    if (this.#kept.isTooLong()) this.#drop();
    this.#deliver();
  }

  /**
   * Sends what is left of the live log and uploads the whole, once, however often it is called.
   * Rejects with the upload's DroneError; a log that the server has already is a success.
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed ??= this.#close(signal);
    return this.#closed;
  }

  async #close(signal: AbortSignal): Promise<void> {
    const latest = Math.max(this.#unsent, this.#nextPos - LIVE_LINES);
    while (this.#unsent < latest) this.#skip();
    this.#hurry.abort();
    await Promise.all([this.#sending, this.#upload(signal)]);
  }

  async #upload(signal: AbortSignal): Promise<void> {
    const { server, step } = this.#options;
    const lines = this.#kept.all();
    const first = lines[0];
    if (first !== undefined && first.pos > 0) {
      const out = `[the first ${first.pos} lines are left out: a log keeps its last 5 MiB]\n`;
      lines.unshift({ pos: first.pos - 1, out, time: first.time });
    }
    try {
      await server.upload(step, lines, signal);
    } catch (error) {
      if (!isAlreadyStored(error)) throw error;
    }
  }

  #drop(): void {
    while (this.#kept.isTooLong()) {
      if (this.#unsent === this.#kept.firstPos) this.#skip();
      this.#kept.shift();
    }
    if (this.#live !== 'on') return;
    this.#live = 'ending';
    this.#hurry.abort();
  }

  #skip(): void {
    this.#unsentJson -= this.#kept.json(this.#unsent);
    this.#unsent += 1;
  }

  #deliver(): void {
    // Each abort makes an exception: once a batch is enough, not once a line.
    if (this.#isFull() && !this.#hurry.signal.aborted) this.#hurry.abort();
    if (this.#hasWork()) this.#sending ??= this.#sendAll();
  }

  #hasWork(): boolean {
    return this.#live === 'ending' || (this.#live === 'on' && this.#unsent < this.#nextPos);
  }

  async #sendAll(): Promise<void> {
    while (this.#hasWork()) {
      await this.#gather();
      if (this.#live === 'ending') {
        this.#live = 'over';
        await this.#send([{ pos: this.#nextPos, out: LIVE_ENDS, time: this.#kept.lastTime }]);
      } else await this.#send(this.#take());
    }
    this.#sending = undefined;
  }

  async #gather(): Promise<void> {
    if (this.#closed !== undefined || this.#live !== 'on' || this.#isFull()) return;
    this.#hurry = new AbortController();
    try {
      const signal = AbortSignal.any([this.#hurry.signal, this.#options.signal]);
      await this.#clock.sleep(BATCH_AGE, signal);
    } catch {
      // There are enough lines, or no more to come.
    }
  }

  #isFull(): boolean {
    return this.#nextPos - this.#unsent >= BATCH_LINES || this.#unsentJson >= BATCH_BYTES;
  }

  #take(): Line[] {
    const lines: Line[] = [];
    const until = this.#unsentJson - BATCH_BYTES;
    while (this.#unsent < this.#nextPos && lines.length < BATCH_LINES && this.#unsentJson > until) {
      const line = this.#kept.at(this.#unsent);
      if (line !== undefined) lines.push(line);
      this.#skip();
    }
    return lines;
  }

  /** A live log is for who looks at it now: what fails is not sent again. */
  async #send(lines: readonly Line[]): Promise<void> {
    const { server, step, signal } = this.#options;
    if (signal.aborted) return;
    try {
      await server.batch(step, lines, signal);
    } catch (error) {
      // Nothing brings a live log back, and the end does not wait for it.
      if (isUnknownStream(error) || this.#closed !== undefined) this.#live = 'over';
    }
  }
}

const LIVE_ENDS =
  '[the live log ends here, it has become too long; its last 5 MiB are shown when the step is over]\n';

/** Keeps the beginning of a line that no server could take. */
function cut(text: string): string {
  // Six bytes of JSON for a character at most.
  if (text.length * 6 <= LONGEST_LINE || jsonBytes(text) <= LONGEST_LINE) return text;
  let kept = text.slice(0, LONGEST_LINE);
  for (let bytes = jsonBytes(kept); bytes > LONGEST_LINE; bytes = jsonBytes(kept)) {
    kept = kept.slice(0, Math.floor(kept.length * Math.min(0.9, LONGEST_LINE / bytes)));
  }
  // Not in the middle of a character.
  return `${kept.replace(/[\uD800-\uDBFF]$/, '')} [the line is too long, the rest of it is left out]`;
}

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

/** With its position, its time and a comma, of which the lengths are guessed: it is done for every line. */
const listedBytes = (line: Line): number => jsonBytes(line.out) + 38;

/** Lines with consecutive positions, of which the first ones may be thrown away. */
class LineQueue {
  #lines: Line[] = [];
  /** Index of the first line that is still there. */
  #head = 0;
  #text = 0;
  #json = 0;

  get firstPos(): number | undefined {
    return this.#lines[this.#head]?.pos;
  }

  get lastTime(): number {
    return this.#lines.at(-1)?.time ?? 0;
  }

  /** Returns its bytes of JSON. */
  push(line: Line): number {
    const json = listedBytes(line);
    this.#lines.push(line);
    this.#text += Buffer.byteLength(line.out);
    this.#json += json;
    return json;
  }

  shift(): void {
    const line = this.#lines[this.#head];
    if (line === undefined) return;
    this.#text -= Buffer.byteLength(line.out);
    this.#json -= listedBytes(line);
    this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#lines.length) {
      this.#lines.splice(0, this.#head);
      this.#head = 0;
    }
  }

  isTooLong(): boolean {
    return this.#text > KEPT_TEXT || this.#json > KEPT_JSON;
  }

  at(pos: number): Line | undefined {
    return this.#lines[this.#head + pos - (this.firstPos ?? pos)];
  }

  json(pos: number): number {
    const line = this.at(pos);
    return line === undefined ? 0 : listedBytes(line);
  }

  all(): Line[] {
    return this.#lines.slice(this.#head);
  }
}
