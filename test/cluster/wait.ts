import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from './errors.ts';

/**
 * Asks again every 50 ms until the answer is true.
 * @returns false when `timeoutMs` passed without it
 */
export async function becomesTrue(
  ask: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!(await ask())) {
    if (performance.now() > end) {
      return false;
    }
    await delay(50);
  }
  return true;
}

/** @throws ClusterError NOT_READY, saying what was waited for and where to look */
export async function waitFor(
  what: string,
  ask: () => boolean | Promise<boolean>,
  timeoutMs: number,
  hint: string,
): Promise<void> {
  if (!(await becomesTrue(ask, timeoutMs))) {
    throw new ClusterError(
      'NOT_READY',
      `${what}: not so after ${Math.round(timeoutMs / 1000)} s. ${hint}`,
    );
  }
}
