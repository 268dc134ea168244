/** Every environment that is deployed; one that is not listed here has no output. */
import { dev } from './dev.ts';
import type { Environment } from './settings.ts';

export const ENVIRONMENTS: readonly Environment[] = [dev];
