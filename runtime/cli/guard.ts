/**
 * A second process that outlives `exec`: when `exec` ends without having cleaned up, killed by
 * the system for instance, it removes the objects of the stage.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { loadConfig } from '../kube/config.ts';
import { Transport } from '../kube/transport.ts';
import { deleteOwner, deletePod } from '../stage/objects.ts';

export interface GuardedStage {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string;
  readonly name: string;
}

const CLEAN = 'clean\n';

export class Guard {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** `program` is this program's own main file. In a session of its own: no Ctrl-C reaches it. */
  static start(program: string, stage: GuardedStage): Guard {
    const child = spawn(process.execPath, [program, 'guard', JSON.stringify(stage)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    child.unref();
    // The pipe must not keep this process; its end is what the guard waits for.
    if (child.stdin instanceof Socket) child.stdin.unref();
    return new Guard(child);
  }

  /** Nothing is left to remove. */
  release(): void {
    this.#child.stdin?.end(CLEAN);
  }
}

/** The verb `guard`: waits for the end of its standard input. */
export async function guard(stage: GuardedStage): Promise<void> {
  let text = '';
  process.stdin.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(process.stdin, 'end');
  if (text === CLEAN) return;
  const { kubeconfig, context, namespace, name } = stage;
  const access = await loadConfig({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  const transport = new Transport(access);
  // The owner first: should this process end here, everything is on its way out already.
  await deleteOwner(transport, namespace, name);
  await deletePod(transport, namespace, name);
  await transport.close();
}
