/** Streams the working tree into the Pod, with the rights of the caller. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { COORDINATOR } from '../contract.ts';
import { PATHS } from '../compile/coordinator.ts';
import { KubeError } from '../kube/errors.ts';
import { execStream } from '../kube/exec.ts';
import type { Transport } from '../kube/transport.ts';
import { packTree, workingTreePaths } from './working-tree.ts';

export interface UploadOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly pod: string;
  /** The number of the step in the plan that stands for the upload. */
  readonly step: number;
  readonly folder: string;
  readonly workspace: string;
}

/**
 * The coordinator hears of the end through the FIFO of the step, as from any other step, and only
 * of a good one: an attempt that was cut off is made again. The size is known beforehand: where the
 * end of standard input overtakes the start of the command, a container runtime may never pass it
 * on, and unpacking would wait for it. `whole` is the proof, because the exit code of a command
 * whose connection broke was seen to be 0.
 */
const UNPACK =
  'until [ -p "$1" ]; do sleep 0.02; done; umask 000; head -c "$2" | tar -xzf - -C "$0" && echo 0 >"$1" && echo whole >&2';

/** Of a connection that breaks: the first moments of a Pod are the worst. */
const ATTEMPTS = 4;

/**
 * Resolves when the tree is there. The container may not be running yet: then it is tried again,
 * until the signal is aborted. Rejects with a KubeError where the caller may not, where unpacking
 * fails, and where the connection breaks again and again.
 */
export async function upload(options: UploadOptions, signal: AbortSignal): Promise<void> {
  const { transport, namespace, pod, step, folder, workspace } = options;
  const spool = await mkdtemp(join(tmpdir(), 'drone-kube-'));
  try {
    const archive = join(spool, 'tree.tar.gz');
    const tree = packTree(folder, await workingTreePaths(folder));
    await pipeline(tree, createWriteStream(archive), { signal });
    const { size } = await stat(archive);
    const exit = `${PATHS.run}/steps/${step}/exit`;
    const command = ['sh', '-c', UNPACK, workspace, exit, String(size)];
    let broken = 0;
    for (let wait = 100; !signal.aborted; wait = Math.min(wait * 1.5, 1000)) {
      const stdin = createReadStream(archive);
      const target = { namespace, pod, container: COORDINATOR, command, stdin, signal };
      const outcome = await attempt(transport, target);
      if (outcome === 'done') return;
      if (outcome instanceof KubeError && ++broken === ATTEMPTS) throw outcome;
      await delay(wait, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** A KubeError is an attempt that broke off; what cannot get better is thrown. */
async function attempt(
  transport: Transport,
  target: Parameters<typeof execStream>[1],
): Promise<'done' | 'not there yet' | KubeError> {
  try {
    const { exitCode, stderr } = await execStream(transport, target);
    if (exitCode === 0 && stderr.includes('whole')) return 'done';
    if (exitCode === 0) return new KubeError('kube-exec-failed', 'the upload was cut off');
    const why = stderr.trim().slice(0, 300);
    return new KubeError('kube-exec-failed', `unpacking the working tree failed: ${why}`);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (NOT_THERE_YET.test(error.message)) return 'not there yet';
    if (BROKEN.has(error.code)) return error;
    throw error;
  }
}

const NOT_THERE_YET =
  /container not found|pod does not exist|does not have a host assigned|is not running/i;

const BROKEN: ReadonlySet<string> = new Set([
  'kube-exec-failed',
  'kube-network',
  'kube-silent',
  'kube-server',
  'kube-timeout',
]);
