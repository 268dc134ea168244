/** A map that forgets what was not asked for the longest time. */
export class Cache<T> {
  readonly #entries = new Map<string, T>();
  readonly #most: number;
  readonly #onForget: (value: T) => void;

  /** Keeps `most` entries; `onForget` gets each one that has to go for another. */
  constructor(most: number, onForget: (value: T) => void = () => {}) {
    this.#most = most;
    this.#onForget = onForget;
  }

  get(key: string): T | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries;
    if (this.#entries.size <= this.#most || oldest === undefined) return;
    this.#entries.delete(oldest[0]);
    this.#onForget(oldest[1]);
  }

  values(): IterableIterator<T> {
    return this.#entries.values();
  }
}
