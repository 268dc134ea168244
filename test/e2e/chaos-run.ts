/** A short run of `npm run chaos` for a test. */
import { chaos, type ChaosOptions } from '../chaos/chaos.ts';

/** Empty, or what was wrong: the report alone, since a long message of a test is cut. */
export async function wrongOf(options: Omit<ChaosOptions, 'minutes' | 'keep'>): Promise<string> {
  const told: string[] = [];
  const isRight = await chaos({ ...options, minutes: 0, keep: false }, (line) => told.push(line));
  return isRight ? '' : told.slice(told.indexOf('')).join('\n');
}
