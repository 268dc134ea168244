/** What the server says during an exec: one channel byte, then the channel's bytes. */
import { KubeError, type StatusObject } from './errors.ts';

/** Can close stdin alone; API servers from 1.30 on. */
export const V5 = 'v5.channel.k8s.io';
export const V4 = 'v4.channel.k8s.io';

export interface ExecResult {
  readonly exitCode: number;
  /** The last 4 KiB. */
  readonly stderr: string;
}

const STDERR_LIMIT = 4_096;
const CHANNEL_STDERR = 2;
const CHANNEL_STATUS = 3;

export class ExecProtocol {
  #stderr = Buffer.alloc(0);
  #status: StatusObject | undefined;

  /** Whether the server has said how the command ended. */
  get isDone(): boolean {
    return this.#status !== undefined;
  }

  receive(frame: Buffer, isBinary: boolean): void {
    if (!isBinary || frame.length < 2) return;
    const bytes = frame.subarray(1);
    if (frame[0] === CHANNEL_STDERR) {
      this.#stderr = Buffer.concat([this.#stderr, bytes]).subarray(-STDERR_LIMIT);
    } else if (frame[0] === CHANNEL_STATUS) {
      this.#status = parseEnd(bytes.toString('utf8'));
    }
  }

  /** Throws `kube-exec-failed` when the command did not run, or nobody said how it ended. */
  result(): ExecResult {
    const status = this.#status;
    if (status === undefined) {
      const message = 'GET pods/exec: the connection ended before the command did';
      throw new KubeError('kube-exec-failed', message);
    }
    const stderr = this.#stderr.toString('utf8');
    if (status.status === 'Success') return { exitCode: 0, stderr };
    const cause = status.details?.causes?.find((one) => one.reason === 'ExitCode');
    const exitCode = Number(cause?.message ?? Number.NaN);
    if (Number.isInteger(exitCode)) return { exitCode, stderr };
    const why = status.message?.split('\n', 1)[0] ?? 'the server did not say why';
    throw new KubeError('kube-exec-failed', `GET pods/exec: ${why}`, { reason: status.reason });
  }
}

/** The kubelet leaves out the object's `kind`. */
function parseEnd(text: string): StatusObject {
  const unreadable = { status: 'Failure', message: 'the status of the command is not readable' };
  try {
    const status: StatusObject | null = JSON.parse(text);
    return status ?? unreadable;
  } catch {
    return unreadable;
  }
}
