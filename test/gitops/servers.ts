/** Programs that run beside the cluster for as long as a run takes. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stop } from '../cluster/processes.ts';
import type { Tell } from '../cluster/progress.ts';
import { ensureService, GRACE_MS } from '../cluster/service.ts';

export interface Server {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly isHealthy: () => Promise<boolean>;
}

const recordFolder = (state: string): string => join(state, 'run');
const logFolder = (state: string): string => join(state, 'logs');

/**
 * @param state the folder of their files
 * @throws ClusterError COMPONENT_FAILED
 */
export async function startServer(server: Server, state: string, tell: Tell): Promise<void> {
  const { name } = server;
  const record = join(recordFolder(state), name);
  const log = join(logFolder(state), `${name}.log`);
  await ensureService({ ...server, files: {}, record, log, key: 'gitops', patienceMs: 0 }, tell);
}

/** Ends those that this run or one before has started. */
export async function stopServers(state: string): Promise<void> {
  const folder = recordFolder(state);
  await Promise.all(filesIn(folder).map((file) => stop(join(folder, file), GRACE_MS)));
}

/** The last errors of all logs, for the message of a failure. */
export function lastErrors(state: string): readonly string[] {
  const folder = logFolder(state);
  return filesIn(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      .slice(-3)
      .map((line) => `${file}: ${line}`),
  );
}

const filesIn = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder) : [];
