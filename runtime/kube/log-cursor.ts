/** How far a log was read, so that reading it again from there repeats nothing and skips nothing. */
import { createHash } from 'node:crypto';
import type { LogLine } from './log-lines.ts';

/**
 * Remembers the lines of the last stamp alone, however many came in its second: memory stays flat.
 * A second reading begins before that second and comes in the same order, so everything up to the
 * last line was seen; a later stamp than any seen is new even where the last line itself has been
 * rotated away. Stamps may go back by some microseconds, since stdout and stderr are stamped apart.
 */
export class LogCursor {
  #time: bigint | undefined;
  #lastKey = '';
  /** How often each text was seen with the last stamp. */
  readonly #counts = new Map<string, number>();
  #newest = 0n;
  #toSkip = 0;

  /** The stamp to read on from, or undefined while nothing was read. */
  get time(): bigint | undefined {
    return this.#time;
  }

  /** To be called before the log is read again. */
  rewind(): void {
    this.#toSkip = this.#counts.get(this.#lastKey) ?? 0;
  }

  /** Whether the line was not seen before the log was read again. Remembers it if so. */
  isNew(line: LogLine): boolean {
    const key = keyOf(line.text);
    if (this.#toSkip > 0 && line.time <= this.#newest) {
      if (line.time === this.#time && key === this.#lastKey) this.#toSkip -= 1;
      return false;
    }
    this.#toSkip = 0;
    if (line.time !== this.#time) this.#counts.clear();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#time = line.time;
    this.#lastKey = key;
    if (line.time > this.#newest) this.#newest = line.time;
    return true;
  }
}

/** The pieces of a very long line share a stamp: their texts are not kept. */
const keyOf = (text: string): string =>
  text.length < 256 ? text : createHash('sha1').update(text).digest('hex');
