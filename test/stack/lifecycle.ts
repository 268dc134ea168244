import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ClusterError } from '../cluster/errors.ts';
import { get } from '../cluster/http.ts';
import { contentKey } from '../cluster/keys.ts';
import { running, signal, start, stop, type ProcessRecord } from '../cluster/processes.ts';
import { phase, type Tell } from '../cluster/progress.ts';
import { becomesTrue } from '../cluster/wait.ts';
import type { Component } from './components.ts';

export const recordFile = (state: string, name: string) => join(state, 'run', name);
export const logFile = (state: string, name: string) => join(state, 'logs', `${name}.log`);

/** A server that is asked to end has this long until it is ended by force. */
const GRACE_MS = 5000;

/** What is known of a server at this moment. */
export interface Condition {
  readonly name: string;
  /** Undefined when it does not run. */
  readonly process: ProcessRecord | undefined;
  readonly answers: boolean;
}

export async function condition(state: string, component: Component): Promise<Condition> {
  return {
    name: component.name,
    process: running(recordFile(state, component.name)),
    answers: await answers(component),
  };
}

/**
 * Leaves a healthy server alone; starts one that is missing, hangs or has new settings.
 * @throws ClusterError COMPONENT_FAILED with the end of its log
 */
export async function ensure(state: string, component: Component, tell: Tell): Promise<void> {
  const { name } = component;
  const record = recordFile(state, name);
  const key = contentKey([
    ...component.argv,
    ...Object.entries(component.environment).flat(),
    ...Object.entries(component.files).flat(),
  ]);
  const healthy = () => answers(component);
  if (running(record)?.key === key && (await becomesTrue(healthy, 3000))) {
    return;
  }
  await phase(tell, name, async () => {
    await stop(record, GRACE_MS);
    for (const [path, text] of Object.entries(component.files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
    }
    await start(component.argv, { record, log: logFile(state, name) }, key, {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: state,
      ...component.environment,
    });
    const alive = () => running(record) !== undefined;
    await becomesTrue(async () => !alive() || (await healthy()), 60_000);
    // Somebody else may answer at the same port.
    if (!alive() || !(await healthy())) {
      throw failed(state, name, alive() ? 'does not answer' : 'ended');
    }
  });
}

/** What to throw for a process that is not as it should be. */
export function failed(state: string, name: string, how: string): ClusterError {
  const log = logFile(state, name);
  const last = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-5) : [];
  return new ClusterError(
    'COMPONENT_FAILED',
    `${name} ${how}. The end of ${log}:\n  ${last.join('\n  ')}`,
  );
}

/** Ends a server in good order; nothing if it does not run. */
export async function stopProcess(state: string, name: string): Promise<void> {
  await stop(recordFile(state, name), GRACE_MS);
}

/**
 * Freezes a server: connections are accepted by the kernel and never answered.
 * @throws ClusterError NOT_RUNNING
 */
export function freeze(state: string, name: string): void {
  signal(runningPid(state, name), 'SIGSTOP');
}

/** @throws ClusterError NOT_RUNNING */
export function thaw(state: string, name: string): void {
  signal(runningPid(state, name), 'SIGCONT');
}

function runningPid(state: string, name: string): number {
  const found = running(recordFile(state, name));
  if (found === undefined) {
    throw new ClusterError('NOT_RUNNING', `${name} does not run: \`npm run stack -- up\`.`);
  }
  return found.pid;
}

async function answers(component: Component): Promise<boolean> {
  return (await get(component.health))?.status === 200;
}
