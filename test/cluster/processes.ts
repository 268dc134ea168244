import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { at } from './json.ts';
import { becomesTrue } from './wait.ts';

/** A process as it is remembered between two runs of this tool. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot, from /proc/PID/stat: a pid that was given out again has another. */
  readonly startTicks: string;
  /** What it was started with; another key means that it has to be restarted. */
  readonly key: string;
}

/** Reads `pid startTicks key`; undefined for anything else, such as a half-written file. */
export function parseRecord(text: string): ProcessRecord | undefined {
  const match = /^(\d+) (\d+) (\S+)\n$/.exec(text);
  const [, pid, startTicks, key] = match ?? [];
  return pid === undefined || startTicks === undefined || key === undefined
    ? undefined
    : { pid: Number(pid), startTicks, key };
}

/**
 * State letter and start time from the text of /proc/PID/stat. The second field, the name in
 * parentheses, may itself hold spaces and parentheses, so fields are counted from the last one.
 */
export function parseStat(text: string): { state: string; startTicks: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

/** The record of a process that still runs; undefined when it ended or its pid is another's now. */
export function running(recordFile: string): ProcessRecord | undefined {
  const record = existsSync(recordFile) ? parseRecord(readFileSync(recordFile, 'utf8')) : undefined;
  return record !== undefined && isAlive(record) ? record : undefined;
}

function isAlive(record: ProcessRecord): boolean {
  try {
    const stat = parseStat(readFileSync(`/proc/${record.pid}/stat`, 'utf8'));
    return stat?.startTicks === record.startTicks && stat.state !== 'Z' && stat.state !== 'X';
  } catch {
    return false;
  }
}

// The shell records itself before it becomes the program: a record exists even if this tool is
// killed right after the fork, so no process is ever forgotten.
const RECORD_AND_EXEC = `
read -r stat < /proc/$$/stat
record=$1 key=$2 pid=$$
shift 2
start=$(set -- $stat; shift 21; echo "$1")
echo "$pid $start $key" > "$record.new" && mv "$record.new" "$record" && exec "$@"
`;

/**
 * Starts a program that outlives this tool and its terminal; both its outputs go to `logFile`
 * (the log of the run before it is kept as `logFile`.1).
 */
export async function start(
  argv: readonly string[],
  files: { readonly record: string; readonly log: string },
  key: string,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  mkdirSync(dirname(files.record), { recursive: true });
  mkdirSync(dirname(files.log), { recursive: true });
  rmSync(files.record, { force: true });
  if (existsSync(files.log)) {
    renameSync(files.log, `${files.log}.1`);
  }
  const log = openSync(files.log, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', RECORD_AND_EXEC, 'sh', files.record, key, ...argv], {
    cwd: '/',
    detached: true,
    env: environment,
    stdio: ['ignore', log, log],
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
  await becomesTrue(() => existsSync(files.record), 10_000);
}

/** Ends a process and waits until it is gone; by force after `graceMs`. Nothing if none runs. */
export async function stop(recordFile: string, graceMs: number): Promise<void> {
  const record = running(recordFile);
  if (record !== undefined) {
    if (graceMs > 0) {
      signal(record.pid, 'SIGTERM');
      await becomesTrue(() => !isAlive(record), graceMs);
    }
    if (isAlive(record)) {
      signal(record.pid, 'SIGKILL');
      // A stopped or frozen process takes a kill at once; only one in the kernel's hands does not.
      await becomesTrue(() => !isAlive(record), 10_000);
    }
  }
  rmSync(recordFile, { force: true });
}

/** Processes whose command line satisfies `matches`; for those that others started for us. */
export function processesWhere(matches: (argv: readonly string[]) => boolean): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return matches(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
      } catch {
        return false;
      }
    });
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (at(error, 'code') !== 'ESRCH') {
      throw error;
    }
  }
}
