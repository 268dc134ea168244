import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, parseJson } from '../cluster/json.ts';

/**
 * What the servers and their user know each other by. Made at random for each new stack: both
 * servers can start programs, so a password that is the same everywhere would be a way in.
 */
export interface Secrets {
  /** Of the user, at Gitea; Drone asks Gitea. */
  readonly password: string;
  /** Of the user, for Drone's API. */
  readonly droneToken: string;
  /** Shared by Drone and its runners. */
  readonly rpcSecret: string;
  readonly cookieSecret: string;
  readonly giteaSecretKey: string;
  readonly giteaInternalToken: string;
  readonly giteaJwtSecret: string;
}

/** What Gitea handed out: a token of the user, and Drone's identity for logins by OAuth. */
export interface Accounts {
  readonly giteaToken: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const SECRETS = [
  'password',
  'droneToken',
  'rpcSecret',
  'cookieSecret',
  'giteaSecretKey',
  'giteaInternalToken',
  'giteaJwtSecret',
] as const;

/** The secrets of the stack, made if it has none. */
export function keepSecrets(state: string): Secrets {
  const file = join(state, 'secrets.json');
  const found = read(file);
  if (isSecrets(found)) {
    return found;
  }
  const made: Secrets = {
    password: random(12),
    droneToken: random(24),
    rpcSecret: random(24),
    cookieSecret: random(24),
    giteaSecretKey: random(32),
    giteaInternalToken: random(32),
    giteaJwtSecret: random(32),
  };
  writePrivately(file, made);
  return made;
}

export function readAccounts(state: string): Accounts | undefined {
  const found = read(join(state, 'accounts.json'));
  return isAccounts(found) ? found : undefined;
}

export function writeAccounts(state: string, accounts: Accounts): void {
  writePrivately(join(state, 'accounts.json'), accounts);
}

/** Replaces a file that only its owner reads, in one step: no reader sees half of it. */
export function writePrivately(file: string, value: object): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const random = (bytes: number) => randomBytes(bytes).toString('base64url');

const read = (file: string): unknown =>
  existsSync(file) ? parseJson(readFileSync(file, 'utf8')) : undefined;

const isSecrets = (value: unknown): value is Secrets =>
  SECRETS.every((name) => typeof at(value, name) === 'string');

const isAccounts = (value: unknown): value is Accounts =>
  ['giteaToken', 'clientId', 'clientSecret'].every((name) => typeof at(value, name) === 'string');
