/** How long steps have been running, by a clock that nobody sets. */
import type { Journal } from '../pod/journal.ts';

export interface Turns {
  /** Milliseconds since the first step started; undefined before. */
  readonly elapsed: number | undefined;
  /** Milliseconds since the turn of a step came; 0 before. */
  readonly waited: (step: number) => number;
}

/**
 * The stamps of the journal come from the clock of a node. A stage that was watched from its
 * beginning needs none of them: its steps started when they were seen to. Only of steps that
 * started before anybody watched (`late`), the stamps say how long ago that was.
 */
export class Turnclocks {
  readonly #late: boolean;
  readonly #seen = new Map<number, number>();
  #first: number | undefined;

  constructor(late: boolean) {
    this.#late = late;
  }

  /** `now` is of the clock that never goes back, `wall` unix milliseconds. */
  advance(journal: Journal, now: number, wall: number): Turns {
    for (const [number, record] of journal.steps) {
      if (record.state === 'skipped' || this.#seen.has(number)) continue;
      this.#seen.set(number, now);
      this.#first ??= this.#late ? now - Math.max(0, wall - record.started) : now;
    }
    return {
      elapsed: this.#first === undefined ? undefined : now - this.#first,
      waited: (step) => now - (this.#seen.get(step) ?? now),
    };
  }
}
