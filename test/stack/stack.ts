import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../cluster/errors.ts';
import { phase, type Tell } from '../cluster/progress.ts';
import { readCluster } from '../cluster/state.ts';
import { keepAccounts } from './accounts.ts';
import { buildPrograms, programs } from './binaries.ts';
import {
  drone,
  droneUrl,
  gitea,
  giteaUrl,
  type Component,
  type ComponentName,
} from './components.ts';
import { jsonClient } from './json-client.ts';
import { condition, ensure, freeze, logFile, stopProcess, thaw } from './lifecycle.ts';
import { logIn } from './login.ts';
import { keepSecrets, readAccounts } from './secrets.ts';
import { ownStackLayout, USER, type StackLayout } from './settings.ts';
import { readStack, writeStack, type Stack } from './state.ts';

/**
 * Makes the stack, or repairs what is missing of it. Every phase may be interrupted and done again.
 * @throws ClusterError
 */
export async function up(layout: StackLayout, tell: Tell): Promise<Stack> {
  const { state } = layout;
  const host = hostForPods();
  const built = await buildPrograms(layout, tell);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const secrets = keepSecrets(state);
  await ensure(state, gitea(state, host, built, secrets), tell);
  const accounts = await keepAccounts(state, host, built, secrets);
  await ensure(state, drone(state, host, built, secrets, accounts), tell);
  const stack: Stack = {
    drone: droneUrl(host),
    gitea: giteaUrl(host),
    user: USER,
    password: secrets.password,
    droneToken: secrets.droneToken,
    giteaToken: accounts.giteaToken,
    rpcSecret: secrets.rpcSecret,
  };
  if (!(await actsAtGitea(stack))) {
    await phase(tell, 'login', async () => {
      await logIn(stack.drone, stack.gitea, stack.user, stack.password);
      if (!(await actsAtGitea(stack))) {
        throw new ClusterError(
          'LOGIN_FAILED',
          `Drone cannot read the repositories of the user after the login. See ${logFile(state, 'drone')}.`,
        );
      }
    });
  }
  writeStack(state, stack);
  return stack;
}

/** Drone can list the repositories of its user only with a token of theirs that Gitea accepts. */
async function actsAtGitea(stack: Stack): Promise<boolean> {
  const api = jsonClient(`${stack.drone}/api`, `Bearer ${stack.droneToken}`);
  return (await api.ask('POST', '/user/repos')).status === 200;
}

function hostForPods(): string {
  const host = readCluster()?.host;
  if (host === undefined) {
    throw new ClusterError(
      'NO_CLUSTER',
      'no cluster, or none of which it is known how its Pods reach this machine: `npm run cluster -- up` makes one; for a given one set DRONE_KUBE_TEST_HOST.',
    );
  }
  return host;
}

/** Ends every process that was started for the stack, and removes every trace but the cache. */
export async function down(layout: StackLayout, tell: Tell): Promise<void> {
  const { state } = layout;
  if (!existsSync(state)) {
    tell('there is no stack');
    return;
  }
  await phase(tell, 'processes', async () => {
    await Promise.all(processNames(state).map((name) => stopProcess(state, name)));
  });
  const removing = `${state}.removed`;
  rmSync(removing, { recursive: true, force: true });
  renameSync(state, removing);
  rmSync(removing, { recursive: true, force: true });
}

/** The servers, and what else was started beside them, such as the runners of the demo. */
function processNames(state: string): string[] {
  const folder = join(state, 'run');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.new')) : [];
}

/**
 * Tells one line a server and where they are.
 * @returns whether everything is as it should be
 * @throws ClusterError NO_STACK
 */
export async function status(layout: StackLayout, tell: Tell): Promise<boolean> {
  const { state } = layout;
  const stack = readStack(state);
  if (stack === undefined) {
    throw new ClusterError('NO_STACK', 'there is no stack: `npm run stack -- up` makes one.');
  }
  const found = await Promise.all(
    components(layout).map((component) => condition(state, component)),
  );
  for (const { name, process: runs, answers } of found) {
    const told = runs === undefined ? 'stopped' : `running, pid ${runs.pid}`;
    const trouble = runs === undefined || !answers ? `, see ${logFile(state, name)}` : '';
    tell(`${name.padEnd(6)} ${told}${runs && !answers ? ', but does not answer' : ''}${trouble}`);
  }
  const acts = found.every(({ answers }) => answers) && (await actsAtGitea(stack));
  tell(acts ? 'Drone acts at Gitea for its user' : 'Drone does not act at Gitea');
  tellAccess(stack, tell);
  return acts;
}

/** Where the servers are, and how to log in. */
export function tellAccess(stack: Stack, tell: Tell): void {
  tell(`Drone ${stack.drone}   Gitea ${stack.gitea}`);
  tell(`log in as ${stack.user} with ${stack.password}`);
}

function components(layout: StackLayout): readonly Component[] {
  const { state } = layout;
  const host = hostForPods();
  const accounts = readAccounts(state);
  if (accounts === undefined) {
    throw new ClusterError('NO_STACK', 'there is no whole stack: run `npm run stack -- up`.');
  }
  const built = programs(layout.cache);
  const secrets = keepSecrets(state);
  return [gitea(state, host, built, secrets), drone(state, host, built, secrets, accounts)];
}

/** What tests do to a server; each is over when the server is as it says. */
export interface Handle {
  /** Ends it in good order, or by force after 5 s. */
  stop(): Promise<void>;
  /** Starts it unless it runs and answers. */
  start(): Promise<void>;
  restart(): Promise<void>;
  /** It keeps its connections and accepts new ones, and answers none, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/**
 * A server of the stack that `npm run stack -- up` made.
 * @throws ClusterError NO_STACK
 */
export function server(name: ComponentName, layout = ownStackLayout()): Handle {
  const { state } = layout;
  const component = components(layout).find((each) => each.name === name);
  if (component === undefined) {
    throw new ClusterError('NO_STACK', `the stack has no ${name}`);
  }
  const start = () => ensure(state, component, () => undefined);
  const stop = () => stopProcess(state, name);
  return {
    stop,
    start,
    restart: async () => {
      await stop();
      await start();
    },
    freeze: () => freeze(state, name),
    thaw: () => thaw(state, name),
  };
}
