/** Takes stages out of the queue of the server, as many as there is room for. */
import { randomBytes } from 'node:crypto';
import { DroneError } from '../drone/errors.ts';
import type { Filter, ServerStage } from '../drone/rpc.ts';
import { untilAborted } from '../kube/clock.ts';
import { backoff } from '../kube/retry.ts';
import type { RunnerContext } from './context.ts';
import type { StageRecord } from './record.ts';
import type { HeldRecord } from './records.ts';
import { withServer } from './server-patience.ts';

export interface ClaimOptions {
  readonly context: RunnerContext;
  readonly filter: Filter;
  /** Address of the Drone server. */
  readonly serverAddress: string;
  readonly owner: string;
  /** Stages of this replica at the same time. */
  readonly capacity: number;
  readonly running: () => number;
  /** Resolves when a stage has ended. */
  readonly nextEnd: () => Promise<void>;
  /** Why a stage would have to wait in the cluster; undefined where there is room. */
  readonly fullness: (signal: AbortSignal) => Promise<string | undefined>;
  readonly start: (held: HeldRecord) => void;
  /** The loop turns. */
  readonly onTurn: () => void;
}

/** A stage that does not fit is offered again when it is asked for again. */
const FULL_MS = 2_000;
/** Another replica is about to accept what was offered to both. */
const TAKEN_MS = 100;
const ACCEPT_LIMIT_MS = 60_000;
const LONGEST_NAME = 80;

/** Until the signal is aborted. */
export async function claimStages(options: ClaimOptions, signal: AbortSignal): Promise<void> {
  const { context, capacity, running, nextEnd } = options;
  const { clock, log } = context;
  let failures = 0;
  while (!signal.aborted) {
    options.onTurn();
    try {
      if (running() >= capacity) await Promise.race([nextEnd(), untilAborted(signal)]);
      else await claimNext(options, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      log.warn('cannot take stages from the Drone server', { error });
      if (!(error instanceof DroneError)) throw error;
      await clock.sleep(backoff(failures, 500, 10_000, Math.random()), signal).catch(ignore);
      failures += 1;
    }
  }
}

async function claimNext(options: ClaimOptions, signal: AbortSignal): Promise<void> {
  const { context, filter, fullness, start } = options;
  const { clock, log, server, metrics } = context;
  const stage = await server.request(filter, signal);
  if (stage === undefined) return;
  const full = await fullness(signal);
  if (full !== undefined) {
    log.info('a stage stays in the queue', { stage: { id: stage.id }, reason: full });
    await clock.sleep(FULL_MS, signal);
    return;
  }
  const offered = clock.now();
  const held = await claim(stage, options, signal);
  if (held === undefined) {
    await clock.sleep(TAKEN_MS, signal);
    return;
  }
  metrics.pickedUp((clock.now() - offered) / 1000);
  start(held);
}

/** undefined where another replica has it. What became of the acceptance, the stage finds out. */
async function claim(
  stage: ServerStage,
  options: ClaimOptions,
  signal: AbortSignal,
): Promise<HeldRecord | undefined> {
  const { context, serverAddress, owner } = options;
  const { records, server, clock, log, runnerName } = context;
  const record: StageRecord = {
    server: serverAddress,
    stage: stage.id,
    build: stage.build_id,
    machine: `${runnerName.slice(0, LONGEST_NAME)}.${randomBytes(4).toString('hex')}`,
    owner,
    attempt: 1,
    progress: { state: 'claimed' },
  };
  const held = await records.create(record, signal);
  if (held === undefined) return undefined;
  try {
    await withServer(async () => server.accept(stage.id, record.machine, signal), {
      clock,
      signal,
      limitMs: ACCEPT_LIMIT_MS,
    });
  } catch (error) {
    if (signal.aborted || !(error instanceof DroneError)) throw error;
    log.info('the acceptance was refused, or its answer was lost', { error });
  }
  return held;
}

const ignore = (): void => undefined;
