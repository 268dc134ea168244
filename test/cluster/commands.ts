import { spawn } from 'node:child_process';
import { ClusterError } from './errors.ts';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly directory?: string;
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a command to its end; a command that is not installed ends with code 127. */
export function attempt(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', (error) => resolve({ code: 127, stdout: '', stderr: error.message }));
    child.on('close', (code) =>
      resolve({
        code: code ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
    // A command that ends without reading its input makes the pipe fail; its exit code says more.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
  });
}

/**
 * Runs a command that has to succeed; returns its standard output.
 * @throws ClusterError COMMAND_FAILED with the last lines it wrote
 */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const finished = await attempt(command, args, options);
  if (finished.code !== 0) {
    const tail = (finished.stderr.trim() || finished.stdout.trim()).split('\n').slice(-15);
    throw new ClusterError(
      'COMMAND_FAILED',
      `${[command, ...args].join(' ').slice(0, 300)} ended with code ${finished.code}:\n  ${tail.join('\n  ')}`,
    );
  }
  return finished.stdout;
}

/** Whether a command of this name is on PATH. */
export async function isInstalled(command: string): Promise<boolean> {
  return (await attempt('sh', ['-c', 'command -v "$0"', command])).code === 0;
}
