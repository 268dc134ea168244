/** Running one command after the other, as `npm run try` and `npm test` do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command with this Node and the terminal of the caller. Resolves with its exit code. */
export async function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(process.execPath, [...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [code, signal]: unknown[] = await once(child, 'exit');
  return typeof code === 'number' ? code : signal === 'SIGINT' ? 130 : 1;
}
