import { join } from 'node:path';
import type { Programs } from './binaries.ts';
import type { Accounts, Secrets } from './secrets.ts';
import { PORTS, USER } from './settings.ts';

export type ComponentName = 'gitea' | 'drone';

/** A server of the stack, as data. */
export interface Component {
  readonly name: ComponentName;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Configuration to be written before the start: path to text. */
  readonly files: Readonly<Record<string, string>>;
  /** A URL that answers 200 when the server does its work. */
  readonly health: string;
}

export const giteaUrl = (host: string) => `http://${host}:${PORTS.gitea}`;
export const droneUrl = (host: string) => `http://${host}:${PORTS.drone}`;
export const giteaConfiguration = (state: string) => join(state, 'gitea.ini');

/**
 * The module has no built frontend. Without these the log fills, and each page greets with an
 * alert; with them it is plain, and its forms work.
 */
const PLAIN_PAGES = {
  '.vite/manifest.json': '{}',
  'js/index.js': '',
  'js/iife.js': '',
  'css/theme-gitea-auto.css': '',
  'css/index.css':
    'body { font-family: sans-serif; margin: 2em } svg, img { max-height: 1.5em } .tw-hidden, .menu .menu { display: none }',
};

/** @param host the address at which Pods reach this machine; nothing else is listened on */
export function gitea(
  state: string,
  host: string,
  programs: Programs,
  secrets: Secrets,
): Component {
  const configuration = giteaConfiguration(state);
  const work = join(state, 'gitea');
  return {
    name: 'gitea',
    argv: [`${programs.gitea}/gitea`, 'web', '--config', configuration],
    environment: {},
    files: {
      [configuration]: giteaIni(work, host, programs, secrets),
      ...Object.fromEntries(
        Object.entries(PLAIN_PAGES).map(([path, text]) => [
          join(work, 'custom/public/assets', path),
          text,
        ]),
      ),
    },
    health: `${giteaUrl(host)}/api/healthz`,
  };
}

function giteaIni(work: string, host: string, programs: Programs, secrets: Secrets): string {
  // A year: Drone keeps the token of the login, and nobody logs in again.
  const aYear = 365 * 24 * 3600;
  return ini({
    '': {
      RUN_MODE: 'prod',
      // It refuses root otherwise; it is reached from this machine and its Pods only.
      I_AM_BEING_UNSAFE_RUNNING_AS_ROOT: 'true',
      WORK_PATH: work,
    },
    server: {
      PROTOCOL: 'http',
      HTTP_ADDR: host,
      HTTP_PORT: String(PORTS.gitea),
      ROOT_URL: `${giteaUrl(host)}/`,
      STATIC_ROOT_PATH: programs.gitea,
      DISABLE_SSH: 'true',
      OFFLINE_MODE: 'true',
    },
    database: { DB_TYPE: 'sqlite3', PATH: `${work}/gitea.db`, SQLITE_JOURNAL_MODE: 'WAL' },
    repository: { ROOT: `${work}/repositories`, DEFAULT_BRANCH: 'main' },
    security: {
      INSTALL_LOCK: 'true',
      SECRET_KEY: secrets.giteaSecretKey,
      INTERNAL_TOKEN: secrets.giteaInternalToken,
    },
    oauth2: {
      JWT_SECRET: secrets.giteaJwtSecret,
      ACCESS_TOKEN_EXPIRATION_TIME: String(aYear),
    },
    service: { DISABLE_REGISTRATION: 'true' },
    // By default it tells nobody at a private address.
    webhook: { ALLOWED_HOST_LIST: host },
    log: { MODE: 'console', LEVEL: 'Warn' },
    // The default one looks for work every second or two; a push needs two of them.
    queue: { TYPE: 'channel' },
    indexer: { ISSUE_INDEXER_TYPE: 'db' },
    actions: { ENABLED: 'false' },
    packages: { ENABLED: 'false' },
    'cron.update_checker': { ENABLED: 'false' },
  });
}

function ini(sections: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  return Object.entries(sections)
    .map(([section, values]) => {
      const lines = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
      return [...(section === '' ? [] : [`[${section}]`]), ...lines, ''].join('\n');
    })
    .join('\n');
}

/** @param accounts what Gitea knows Drone by */
export function drone(
  state: string,
  host: string,
  programs: Programs,
  secrets: Secrets,
  accounts: Accounts,
): Component {
  const address = `${host}:${PORTS.drone}`;
  return {
    name: 'drone',
    argv: [`${programs.drone}/drone-server`],
    environment: {
      DRONE_SERVER_HOST: address,
      DRONE_SERVER_PROTO: 'http',
      // A whole address is taken, too: it listens there and nowhere else.
      DRONE_SERVER_PORT: address,
      DRONE_GITEA_SERVER: giteaUrl(host),
      DRONE_GITEA_CLIENT_ID: accounts.clientId,
      DRONE_GITEA_CLIENT_SECRET: accounts.clientSecret,
      DRONE_RPC_SECRET: secrets.rpcSecret,
      DRONE_COOKIE_SECRET: secrets.cookieSecret,
      // No machine account: such a one cannot log in, and only a login brings the token for Gitea.
      DRONE_USER_CREATE: `username:${USER},admin:true,token:${secrets.droneToken}`,
      DRONE_DATABASE_DRIVER: 'sqlite3',
      DRONE_DATABASE_DATASOURCE: join(state, 'drone.sqlite'),
      DRONE_CRON_DISABLED: 'true',
      DRONE_CLEANUP_DISABLED: 'true',
      DRONE_LOGS_TEXT: 'true',
    },
    files: {},
    health: `${droneUrl(host)}/healthz`,
  };
}
