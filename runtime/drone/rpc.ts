/**
 * What a runner asks of a Drone server (`/rpc/v2`), as one interface: the HTTP client implements it,
 * and whatever watches or disturbs the calls in tests wraps it.
 */
import type { Build, Netrc, Repo, Stage, System } from './types.ts';

/** Which stages a runner takes; `labels` must equal those of the pipeline as a whole. */
export interface Filter {
  readonly kind: 'pipeline';
  readonly type: 'kubernetes';
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A stage exactly as the server sent it. An update overwrites every column with what the body has,
 * so the fields that this program does not know go back as they came.
 */
export type ServerStage = Stage & { readonly build_id: number } & Readonly<Record<string, unknown>>;

export type StepState =
  'pending' | 'running' | 'success' | 'failure' | 'killed' | 'error' | 'skipped';

/** A step as the server keeps it. */
export interface ServerStep {
  /** 0 for one that the server has not got yet. */
  readonly id: number;
  /** The id of the STAGE; the name is a mistake of the protocol. */
  readonly step_id: number;
  /** From 1. */
  readonly number: number;
  readonly name: string;
  readonly status: StepState;
  readonly error?: string;
  readonly errignore?: boolean;
  readonly exit_code: number;
  /** Unix seconds; 0 or absent before. */
  readonly started?: number;
  readonly stopped?: number;
  /** Every successful write adds 1; a write with another version than the stored is refused. */
  readonly version: number;
  readonly depends_on?: readonly string[];
  readonly image?: string;
  readonly detached?: boolean;
  readonly schema?: string;
}

export interface ServerSecret {
  readonly name: string;
  readonly data: string;
  readonly pull_request: boolean;
}

/** Everything that is needed to run a stage. */
export interface Details {
  readonly repo: Repo;
  /** The key of the secrets that stand encrypted in the pipeline file; '' where there is none. */
  readonly repoSecret: string;
  readonly build: Build;
  readonly stage: ServerStage;
  /** The text of the pipeline file. */
  readonly config: string;
  readonly secrets: readonly ServerSecret[];
  readonly system: System;
  readonly netrc: Netrc | undefined;
}

/** A line of a log: `out` with its newline, `time` in whole seconds since the start of the step. */
export interface Line {
  readonly pos: number;
  readonly out: string;
  readonly time: number;
}

/**
 * All calls reject with a DroneError, or with the signal's reason when aborted. What a call may
 * have done although it rejected is said by `DroneError.code`.
 */
export interface DroneServer {
  ping(signal: AbortSignal): Promise<void>;
  /** One long poll of about 30 s; undefined where nothing was to be done. */
  request(filter: Filter, signal: AbortSignal): Promise<ServerStage | undefined>;
  /** Not idempotent: a lost answer and somebody else's success look the same (`drone-conflict`). */
  accept(stage: number, machine: string, signal: AbortSignal): Promise<ServerStage>;
  details(stage: number, signal: AbortSignal): Promise<Details>;
  /** Writes the stage, and with it its steps: inserts them while it is pending or running, else updates them. */
  putStage(
    stage: ServerStage,
    steps: readonly ServerStep[],
    signal: AbortSignal,
  ): Promise<{ readonly stage: ServerStage; readonly steps: readonly ServerStep[] }>;
  putStep(step: ServerStep, signal: AbortSignal): Promise<ServerStep>;
  /** One long poll of about 30 s for the cancellation of a build; true when it came. */
  watch(build: number, signal: AbortSignal): Promise<boolean>;
  /** Adds lines to the live log of a running step. */
  batch(step: number, lines: readonly Line[], signal: AbortSignal): Promise<void>;
  /** The final log of a step: the first one that arrives is kept. */
  upload(step: number, lines: readonly Line[], signal: AbortSignal): Promise<void>;
  card(
    step: number,
    card: { readonly schema: string; readonly data: unknown },
    signal: AbortSignal,
  ): Promise<void>;
}
