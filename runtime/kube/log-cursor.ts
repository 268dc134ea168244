/** How far a log was read, so that reading it again from there repeats nothing and skips nothing. */
import type { LogLine } from './log-lines.ts';

/**
 * Remembers the last line alone, however many there were in its second: memory stays flat.
 * A second reading begins before that second and comes in the same order, so everything
 * up to that line was seen; a later stamp than any seen is new even where the line itself has been
 * rotated away. Stamps may go back by some microseconds, since stdout and stderr are stamped apart.
 */
export class LogCursor {
  #last: LogLine | undefined;
  /** How many lines equal to the last were seen one after the other. */
  #repeats = 0;
  #newest = 0n;
  #toSkip = 0;

  /** The stamp to read on from, or undefined while nothing was read. */
  get time(): bigint | undefined {
    return this.#last?.time;
  }

  /** To be called before the log is read again. */
  rewind(): void {
    this.#toSkip = this.#repeats;
  }

  /** Whether the line was not seen before the log was read again. Remembers it if so. */
  isNew(line: LogLine): boolean {
    if (this.#toSkip > 0 && line.time <= this.#newest) {
      if (this.#isLast(line)) this.#toSkip -= 1;
      return false;
    }
    this.#toSkip = 0;
    this.#repeats = this.#isLast(line) ? this.#repeats + 1 : 1;
    this.#last = line;
    if (line.time > this.#newest) this.#newest = line.time;
    return true;
  }

  #isLast(line: LogLine): boolean {
    return this.#last?.time === line.time && this.#last.text === line.text;
  }
}
