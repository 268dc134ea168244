/**
 * Each step has a log stream of its own, and streams overtake each other: quick steps are over
 * before the first log can be read, and then all logs come at once. Lines that arrive within a
 * moment are therefore shown in the order in which they were written. The first line of a stream begins
 * the moment anew: where one log comes, more may be on their way.
 */

const MOMENT_MS = 100;
/** Nothing is held back for longer, however many logs begin. */
const LONGEST_MS = 1_000;

interface Held {
  readonly time: number;
  readonly text: string;
}

export class LineOrder {
  readonly #show: (text: string) => void;
  /** The latest stamp of each stream: its own order is right, whatever its stamps say. */
  readonly #latest = new Map<number, number>();
  #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Ends the moment at the latest. */
  #limit: NodeJS.Timeout | undefined;

  constructor(show: (text: string) => void) {
    this.#show = show;
  }

  /** `time` is when the line was written; only compared with others. */
  add(stream: number, time: number, text: string): void {
    if (!this.#latest.has(stream)) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const latest = Math.max(time, this.#latest.get(stream) ?? time);
    this.#latest.set(stream, latest);
    this.#held.push({ time: latest, text });
    this.#timer ??= setTimeout(() => this.flush(), MOMENT_MS);
    this.#limit ??= setTimeout(() => this.flush(), LONGEST_MS);
  }

  /** Shows what is held back. */
  flush(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#limit);
    this.#timer = undefined;
    this.#limit = undefined;
    const lines = this.#held.sort((a, b) => a.time - b.time);
    this.#held = [];
    for (const { text } of lines) this.#show(text);
  }
}
