/** What the cluster was made to do to builds, which may then end as errors with a reason. */

interface Outage {
  readonly scenario: string;
  /** Unix milliseconds, both. */
  readonly from: number;
  to: number;
}

/** As much of a build as decides it. */
export interface Span {
  readonly scenario: string;
  /** Ids. */
  readonly stages: readonly number[];
  /** Unix milliseconds, both. */
  readonly began: number;
  readonly ended: number;
}

export class Disturbed {
  readonly #now: () => number;
  readonly #stages = new Set<number>();
  readonly #outages: Outage[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A stage with this id. */
  add(stage: number): void {
    this.#stages.add(stage);
  }

  /** Each build of the scenario that is not over, or begins before the returned function is called. */
  outage(scenario: string): () => void {
    const outage: Outage = { scenario, from: this.#now(), to: Infinity };
    this.#outages.push(outage);
    return () => {
      outage.to = this.#now();
    };
  }

  has({ scenario, stages, began, ended }: Span): boolean {
    return (
      stages.some((id) => this.#stages.has(id)) ||
      this.#outages.some(
        (outage) => outage.scenario === scenario && outage.from <= ended && outage.to >= began,
      )
    );
  }
}
