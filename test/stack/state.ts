import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, parseJson } from '../cluster/json.ts';
import { writePrivately } from './secrets.ts';
import { ownStackLayout } from './settings.ts';

/** What a test or a runner needs to use the stack. */
export interface Stack {
  /** `http://host:port` of the Drone server; Pods reach it, too. */
  readonly drone: string;
  readonly gitea: string;
  /** The login at both servers, an administrator. */
  readonly user: string;
  readonly password: string;
  /** Of the user, for Drone's API. */
  readonly droneToken: string;
  /** Of the user, for Gitea's API. */
  readonly giteaToken: string;
  /** DRONE_RPC_SECRET of the runners. */
  readonly rpcSecret: string;
}

const FIELDS = [
  'drone',
  'gitea',
  'user',
  'password',
  'droneToken',
  'giteaToken',
  'rpcSecret',
] as const;

const stackFile = (state: string) => join(state, 'stack.json');

/** The stack that `npm run stack -- up` made; undefined when there is none. */
export function readStack(state = ownStackLayout().state): Stack | undefined {
  const file = stackFile(state);
  const value = existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined;
  return isStack(value) ? value : undefined;
}

/** Written when everything works, so that nobody uses half a stack. */
export function writeStack(state: string, stack: Stack): void {
  writePrivately(stackFile(state), stack);
}

const isStack = (value: unknown): value is Stack =>
  FIELDS.every((name) => typeof at(value, name) === 'string');
