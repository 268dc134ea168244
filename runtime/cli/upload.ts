/** Streams the working tree into the Pod, with the rights of the caller. */
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

/** The coordinator hears of the end through the FIFO of the step, as from any other step. */
const UNPACK = 'umask 000; tar -xzf - -C "$0"; echo $? >"$1"';

/**
 * Resolves when the tree is there. The container may not be running yet: then it is tried again,
 * until the signal is aborted. Rejects with a KubeError where the caller may not, and after an
 * upload that broke off, because the workspace may then hold half of it.
 */
export async function upload(options: UploadOptions, signal: AbortSignal): Promise<void> {
  const { transport, namespace, pod, step, folder, workspace } = options;
  const paths = await workingTreePaths(folder);
  const exit = `${PATHS.run}/steps/${step}/exit`;
  for (let wait = 100; !signal.aborted; wait = Math.min(wait * 1.5, 1000)) {
    const tree = packTree(folder, paths);
    try {
      const { exitCode, stderr } = await execStream(transport, {
        namespace,
        pod,
        container: COORDINATOR,
        command: ['sh', '-c', `until [ -p "$1" ]; do sleep 0.02; done; ${UNPACK}`, workspace, exit],
        stdin: tree,
        signal,
      });
      if (exitCode === 0) return;
      throw new KubeError('kube-exec-failed', `unpacking the working tree failed: ${stderr}`);
    } catch (error) {
      if (signal.aborted) return;
      if (!isNotThereYet(error)) throw error;
    } finally {
      tree.destroy();
    }
    await delay(wait, undefined, { signal }).catch(() => undefined);
  }
}

const isNotThereYet = (error: unknown): boolean =>
  error instanceof KubeError &&
  /container not found|not found|does not have a host assigned|unable to upgrade connection|is not running/i.test(
    error.message,
  );
