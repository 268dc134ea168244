/** The last lines of the runner's own log, for the dashboard. Bounded, whatever is logged. */

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';

export interface LogEntry {
  /** Unix milliseconds. */
  readonly time: number;
  readonly level: Level;
  readonly message: string;
  /** What else was logged, free of secrets. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The fields of each line about a stage; its id finds it. */
export const STAGE_FIELDS = [
  'repo',
  'build.id',
  'build.number',
  'stage.id',
  'stage.number',
  'stage.name',
] as const;

/** What the dashboard reads; oldest entry first. */
export interface LogReader {
  recent(): readonly LogEntry[];
  /** Those of one stage, by the id that the Drone server gave it. */
  ofStage(stage: number): readonly LogEntry[];
}

const RECENT = 250;
const OF_A_STAGE = 100;
/** A few megabytes; 1000 stages that run at once have five entries each at least. */
const OF_ALL_STAGES = 5000;

export class LogBook implements LogReader {
  readonly #recent: LogEntry[] = [];
  /** The stage that was silent for the longest time first. */
  readonly #stages = new Map<number, LogEntry[]>();
  #kept = 0;

  add(entry: LogEntry, stage: number | undefined): void {
    push(this.#recent, entry, RECENT);
    if (stage === undefined) return;
    const own = this.#stages.get(stage) ?? [];
    this.#stages.delete(stage);
    this.#stages.set(stage, own);
    const before = own.length;
    push(own, entry, OF_A_STAGE);
    this.#kept += own.length - before;
    for (const [silent, entries] of this.#stages) {
      if (this.#kept <= OF_ALL_STAGES) break;
      this.#kept -= entries.length;
      this.#stages.delete(silent);
    }
  }

  recent(): readonly LogEntry[] {
    return [...this.#recent];
  }

  ofStage(stage: number): readonly LogEntry[] {
    return [...(this.#stages.get(stage) ?? [])];
  }
}

function push(entries: LogEntry[], entry: LogEntry, most: number): void {
  entries.push(entry);
  if (entries.length > most) entries.shift();
}
