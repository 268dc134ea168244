import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ClusterError } from './errors.ts';
import { running, start, stop } from './processes.ts';
import { phase, type Tell } from './progress.ts';
import { becomesTrue } from './wait.ts';

/** A server that runs beside this tool, and how to see that it does. */
export interface Service {
  readonly name: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Configuration to be written before the start: path to text. */
  readonly files: Readonly<Record<string, string>>;
  readonly record: string;
  readonly log: string;
  /** Another key means other settings: it has to be started again. */
  readonly key: string;
  readonly isHealthy: () => Promise<boolean>;
  /** Milliseconds that one that runs already may take to answer. */
  readonly patienceMs: number;
}

/** A server that is asked to end has this long (milliseconds) until it is ended by force. */
export const GRACE_MS = 5000;

/**
 * Leaves a healthy service alone; starts one that is missing, hangs or has new settings.
 * @throws ClusterError COMPONENT_FAILED with the end of its log
 */
export async function ensureService(service: Service, tell: Tell): Promise<void> {
  const { name, record, log, key, isHealthy } = service;
  if (running(record)?.key === key && (await becomesTrue(isHealthy, service.patienceMs))) {
    return;
  }
  await phase(tell, name, async () => {
    await stop(record, GRACE_MS);
    for (const [path, text] of Object.entries(service.files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o600 });
    }
    await start(service.argv, { record, log }, key, {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...service.environment,
    });
    const alive = () => running(record) !== undefined;
    await becomesTrue(async () => !alive() || (await isHealthy()), 60_000);
    // Somebody else may answer at the same port.
    if (!alive() || !(await isHealthy())) {
      throw serviceFailed(name, log, alive() ? 'does not answer' : 'ended');
    }
  });
}

/** What to throw for a service that is not as it should be. */
export function serviceFailed(name: string, log: string, how: string): ClusterError {
  const last = existsSync(log)
    ? readFileSync(log, 'utf8').trim().split('\n').slice(-5)
    : ['(no log)'];
  return new ClusterError(
    'COMPONENT_FAILED',
    `${name} ${how}. The end of ${log}:\n  ${last.join('\n  ')}`,
  );
}
