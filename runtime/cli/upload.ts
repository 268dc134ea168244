/** Streams the working tree into the Pod, with the rights of the caller. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { COORDINATOR } from '../contract.ts';
import { PATHS } from '../compile/container.ts';
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
 * The coordinator hears of the end through the FIFO of the step, as from any other step. The
 * size is known beforehand: where the end of standard input overtakes the start of the command,
 * a container runtime may never pass it on, and unpacking would wait for it.
 */
const UNPACK =
  'until [ -p "$1" ]; do sleep 0.02; done; umask 000; head -c "$2" | tar -xzf - -C "$0"; code=$?; echo "$code" >"$1"; exit "$code"';

/**
 * Resolves when the tree is there. The container may not be running yet: then it is tried again,
 * until the signal is aborted. Rejects with a KubeError where the caller may not, and after an
 * upload that broke off, because the workspace may then hold half of it.
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
    for (let wait = 100; !signal.aborted; wait = Math.min(wait * 1.5, 1000)) {
      const stdin = createReadStream(archive);
      const target = { namespace, pod, container: COORDINATOR, command, stdin, signal };
      if (await attempt(transport, target)) return;
      await delay(wait, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
}

/** False where the container is not there yet. */
async function attempt(
  transport: Transport,
  target: Parameters<typeof execStream>[1],
): Promise<boolean> {
  try {
    const { exitCode, stderr } = await execStream(transport, target);
    if (exitCode === 0) return true;
    throw new KubeError('kube-exec-failed', `unpacking the working tree failed: ${stderr.trim()}`);
  } catch (error) {
    if (error instanceof KubeError && NOT_THERE_YET.test(error.message)) return false;
    throw error;
  }
}

const NOT_THERE_YET =
  /container not found|pod does not exist|does not have a host assigned|is not running/i;
