/** Whether the runner lives, and whether it can work: what the probes of Kubernetes ask. Pure. */

/** Something that has to happen again and again: the turn of a loop, an answer of a server. */
export interface Pulse {
  /** What it is, for whoever reads the answer: `Drone server`, `Kubernetes API server`. */
  readonly name: string;
  /** Unix milliseconds of the last time it happened; undefined if it never did. */
  readonly last: number | undefined;
  /** Milliseconds that may pass without it. */
  readonly limit: number;
  /** What went wrong since, without secrets. */
  readonly error?: string | undefined;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly text: string;
}

export function checkPulse(pulse: Pulse, now: number): Check {
  const { name, last, limit } = pulse;
  const ok = last !== undefined && now - last <= limit;
  if (ok) return { name, ok, text: `${seconds(now - last)} ago` };
  const since = last === undefined ? 'never' : `${seconds(now - last)} ago`;
  const error = pulse.error === undefined ? '' : `: ${pulse.error}`;
  return { name, ok, text: `last ${since}, at most ${seconds(limit)} are fine${error}` };
}

export const allOk = (checks: readonly Check[]): boolean => checks.every(({ ok }) => ok);

const seconds = (milliseconds: number): string =>
  `${Math.max(0, Math.round(milliseconds / 1000))} s`;
