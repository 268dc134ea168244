/**
 * Runs the real coordinator and the real steps, each step as a process of its own instead of a
 * container. What a Pod adds (mounts, users, the kubelet) is tested on a cluster.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile, copyFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  advance,
  EMPTY_JOURNAL,
  parseJournalLine,
  type Journal,
  type StepRecord,
} from '../../../runtime/pod/journal.ts';
import { LATCH } from '../../../runtime/compile/script.ts';

export interface TestStep {
  readonly waitsFor?: readonly number[];
  readonly when?: 'success' | 'failure' | 'always';
  readonly failure?: 'stop' | 'ignore' | 'fast';
  readonly kind?: 'latched' | 'service' | 'ephemeral' | 'upload';
  readonly detached?: boolean;
  /** What the step runs, as a shell command; absent: no container ever comes up. */
  readonly run?: string;
  /** Its container comes up only when the test says so. */
  readonly late?: boolean;
  readonly name?: string;
  /** A command with arguments in place of the script. */
  readonly argv?: readonly string[];
  /** Environment of the container. */
  readonly env?: Readonly<Record<string, string>>;
}

export const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ['busybox', ['busybox', 'sh']],
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
];

const POD = new URL('../../../runtime/pod/', import.meta.url).pathname;

export interface Outcome {
  readonly journal: Journal;
  readonly lines: readonly string[];
  /** Standard output of each step. */
  readonly output: ReadonlyMap<number, string>;
  readonly exitCodes: ReadonlyMap<number, number | null>;
}

export interface Running {
  readonly folder: string;
  readonly coordinator: ChildProcess;
  /** Waits until a line of the journal starts with `text`. */
  seen(text: string): Promise<void>;
  verdict(text: string): Promise<void>;
  /** Brings up the container of a late step. */
  come(step: number): void;
  /** Waits until process 1 of a step has opened its FIFO. */
  up(step: number): Promise<void>;
  /** Kills the container of a step as a whole. */
  kill(step: number): Promise<void>;
  /** The end of the coordinator and of every step that was started. */
  end(): Promise<Outcome>;
}

export async function startStage(
  shell: readonly string[],
  steps: Readonly<Record<number, TestStep>>,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'coordinator-'));
  const at = (...parts: string[]): string => join(folder, ...parts);
  await mkdir(at('files'));
  for (const name of ['step.sh', 'latch.sh']) await copyFile(join(POD, name), at('files', name));
  for (const [key, { run }] of Object.entries(steps)) {
    const script = `${LATCH}${run?.replaceAll('$OWN', at('run/steps', key)) ?? ''}\n`;
    await writeFile(at(`files/script-${key}`), script);
  }
  await writeFile(at('files/plan'), plan(steps));

  const [program = 'sh', ...args] = shell;
  const coordinator = spawn(
    program,
    [
      ...args,
      join(POD, 'coordinator.sh'),
      at('files'),
      at('run'),
      at('verdict'),
      '/bin/busybox',
      at('none'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true },
  );
  let text = '';
  const waiting = new Set<() => void>();
  coordinator.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const check of waiting) check();
  });
  // The end of process 1 is the end of its container: what it left behind goes too.
  const closed = once(coordinator, 'exit').then(async () => {
    killGroup(coordinator);
    await once(coordinator.stdout, 'close');
  });
  const seen = async (start: string): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (text.split('\n').some((line) => line.startsWith(start))) resolve();
    };
    waiting.add(check);
    check();
    void closed.then(() => reject(new Error(`no line ${start} in:\n${text}`)));
    const limit = setTimeout(
      () => reject(new Error(`no line ${start} after 10 s in:\n${text}`)),
      10_000,
    );
    await promise.finally(() => {
      clearTimeout(limit);
      waiting.delete(check);
    });
  };

  await seen('ready');
  const containers = new Map<number, { child: ChildProcess; output: string }>();
  const come = (key: string, step: TestStep): void => {
    const own = at('run/steps', key);
    const command =
      step.kind === 'upload'
        ? ['-c', `${step.run}; echo $? > ${own}/exit`]
        : [
            `${own}/step.sh`,
            own,
            ...(step.argv === undefined ? ['script', `script-${key}`] : ['run', ...step.argv]),
          ];
    const child = spawn('busybox', ['sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      env: { ...process.env, ...step.env },
    });
    const container = { child, output: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (container.output += chunk));
    containers.set(Number(key), container);
  };
  for (const [key, step] of Object.entries(steps)) {
    if (step.run !== undefined && step.late !== true) come(key, step);
  }

  return {
    folder,
    coordinator,
    seen,
    come: (number) => {
      const step = steps[number];
      if (step !== undefined) come(String(number), step);
    },
    up: async (number) => {
      const fifo = `/proc/${containers.get(number)?.child.pid}/fd/5`;
      for (let tries = 0; !existsSync(fifo); tries++) {
        if (tries === 1000) throw new Error(`step ${number} did not come up in 10 s`);
        await delay(10);
      }
    },
    kill: async (number) => {
      const child = containers.get(number)?.child;
      if (child === undefined) return;
      const over = once(child, 'exit');
      killGroup(child);
      await over;
    },
    verdict: async (entries) => {
      await writeFile(at('.verdict'), entries);
      await rename(at('.verdict'), at('verdict'));
    },
    end: async () => {
      await closed;
      const lines = text.split('\n').slice(0, -1);
      await Promise.all(
        [...containers].map(async ([, { child }]) => {
          // A step that was never released waits for ever, as in a Pod until it is deleted.
          if (child.exitCode !== null || child.signalCode !== null) return;
          const over = once(child, 'exit');
          await Promise.race([over, delay(200)]);
          killGroup(child);
          await over;
        }),
      );
      const journal = lines.reduce((before, line, index) => {
        const event = parseJournalLine(line);
        return event === undefined ? before : advance(before, event, index);
      }, EMPTY_JOURNAL);
      await rm(folder, { recursive: true, force: true });
      return {
        journal,
        lines,
        output: new Map([...containers].map(([n, { output }]) => [n, output])),
        exitCodes: new Map([...containers].map(([n, { child }]) => [n, child.exitCode])),
      };
    },
  };
}

function killGroup(leader: ChildProcess): void {
  try {
    if (leader.pid !== undefined) process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}

function plan(steps: Readonly<Record<number, TestStep>>): string {
  const entries = Object.entries(steps);
  return entries
    .map(([key, step]) => {
      const next = entries
        .filter(([, other]) => other.waitsFor?.includes(Number(key)))
        .map(([n]) => n);
      return [
        key,
        step.when ?? 'success',
        step.failure ?? 'stop',
        step.kind ?? 'latched',
        step.detached === true ? 'detach' : 'wait',
        step.waitsFor?.length ?? 0,
        next.join(' ') || '-',
        (step.kind ?? 'latched') === 'latched' ? `script-${key}` : '-',
        step.name ?? `step ${key}`,
      ].join('\t');
    })
    .join('\n')
    .concat('\n');
}

/** `exit 0`, `skip failure`, `running`: the end of each step by its number. */
export function ends(journal: Journal): Record<number, string> {
  return Object.fromEntries(
    [...journal.steps].map(([number, record]): [number, string] => [number, endOf(record)]),
  );
}

function endOf(record: StepRecord): string {
  switch (record.state) {
    case 'exited':
      return `exit ${record.code}${record.why === '' ? '' : ` ${record.why}`}`;
    case 'skipped':
      return `skip ${record.why}`;
    case 'running':
      return 'running';
  }
}
