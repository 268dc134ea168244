/** Why a stage is ended from outside, as the reason of an aborted signal. */
import type { Interruption } from './conclude.ts';

/** Says who killed the stage. */
export class StageKilled extends Error {
  override readonly name = 'StageKilled';
}

/** Somebody else has the stage now, so nothing of it is touched. */
export class StageLeft extends Error {
  override readonly name = 'StageLeft';
}

/** What an abort for this reason means; nothing is said of a killer that nobody named. */
export const interruptionOf = (reason: unknown): Interruption => ({
  reason: 'killed',
  status: 'killed',
  text: reason instanceof StageKilled ? reason.message : '',
});
