/** Takes over the stages of replicas that are no more. */
import type { Clock } from '../kube/clock.ts';
import { insist } from '../kube/insist.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ReplicaLease } from './lease.ts';
import type { HeldRecord, Records } from './records.ts';

export interface AdoptionOptions {
  readonly clock: Clock;
  readonly lease: ReplicaLease;
  readonly records: Records;
  readonly log: Logger;
  /** The name of the own Lease. */
  readonly owner: string;
  readonly start: (held: HeldRecord) => void;
  readonly onAdopted: () => void;
}

/** Looked at this often (milliseconds); it costs no request. */
const LOOK_MS = 500;

/**
 * Until the signal is aborted. Records are read when this replica begins, and when a Lease of
 * another one has gone or run out; never else.
 */
export async function adoptStages(options: AdoptionOptions, signal: AbortSignal): Promise<void> {
  const { clock, lease, log } = options;
  while (!signal.aborted) {
    if (lease.peers.isLookDue(clock.now())) {
      lease.peers.looked(clock.now());
      try {
        await insist(async () => scan(options, signal), { clock, signal });
      } catch (error) {
        if (signal.aborted) return;
        log.warn('cannot look for stages that nobody has', { error });
      }
    }
    await clock.sleep(LOOK_MS, signal).catch(() => undefined);
  }
}

async function scan(options: AdoptionOptions, signal: AbortSignal): Promise<void> {
  const { clock, lease, records, log, owner, start, onAdopted } = options;
  const dead = lease.peers.dead(clock.now());
  for (const found of await records.list(signal)) {
    const before = found.record.owner;
    if (before === owner || !(await lease.isDead(before))) continue;
    const held = await records.takeOver(found);
    if (held === undefined) continue;
    log.info('a stage is taken over', { stage: { id: held.record.stage }, from: before });
    onAdopted();
    start(held);
  }
  // Nothing is left that its name stands on.
  for (const name of dead) await lease.remove(name);
}
