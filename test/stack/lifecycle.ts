import { join } from 'node:path';
import { ClusterError } from '../cluster/errors.ts';
import { get } from '../cluster/http.ts';
import { contentKey } from '../cluster/keys.ts';
import { running, signal, stop, type ProcessRecord } from '../cluster/processes.ts';
import type { Tell } from '../cluster/progress.ts';
import { ensureService, GRACE_MS, serviceFailed } from '../cluster/service.ts';
import type { Component } from './components.ts';

export const recordFile = (state: string, name: string) => join(state, 'run', name);
export const logFile = (state: string, name: string) => join(state, 'logs', `${name}.log`);

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
  const { name, argv, environment, files } = component;
  await ensureService(
    {
      name,
      argv,
      environment: { HOME: state, ...environment },
      files,
      record: recordFile(state, name),
      log: logFile(state, name),
      key: contentKey([
        ...argv,
        ...Object.entries(environment).flat(),
        ...Object.entries(files).flat(),
      ]),
      isHealthy: async () => answers(component),
      patienceMs: 3000,
    },
    tell,
  );
}

/** What to throw for a server that is not as it should be. */
export const failed = (state: string, name: string, how: string): ClusterError =>
  serviceFailed(name, logFile(state, name), how);

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
