/**
 * Pods that must not pass, each for one rule: what a hostile pipeline may try, and what no runner
 * should do.
 */
import type { Refused } from './places.ts';
import { REFUSED_IDENTITY } from './refused-identity.ts';
import { REFUSED_PLACEMENT } from './refused-placement.ts';
import { REFUSED_VOLUMES } from './refused-volumes.ts';

export const REFUSED: readonly Refused[] = [
  ...REFUSED_IDENTITY,
  ...REFUSED_VOLUMES,
  ...REFUSED_PLACEMENT,
];
