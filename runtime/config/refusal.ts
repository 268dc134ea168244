/** Why this runner does not run a stage, in words for whoever pushed the commit. */
export interface Refusal {
  /** Stable. */
  readonly code: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to do instead. */
  readonly fix: string;
}
