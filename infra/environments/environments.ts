/** Every environment that is deployed; one that is not listed here has no output. */
import { dev } from './dev.ts';
import { production } from './production.ts';
import type { Environment } from './settings.ts';
import { staging } from './staging.ts';

export const ENVIRONMENTS: readonly Environment[] = [dev, staging, production];
