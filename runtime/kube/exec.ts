/** Runs a command in a container and streams bytes into it. */
import type { Readable } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import { ExecProtocol, V4, V5, type ExecResult } from './exec-protocol.ts';
import { errorFromNetwork, errorFromResponse, KubeError } from './errors.ts';
import { objectPath, PODS } from './request.ts';
import type { Transport } from './transport.ts';

export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Read only as fast as the container takes it; destroyed when the command ends before it. */
  readonly stdin: Readable;
  readonly signal: AbortSignal;
  /** 15 000 by default; no sign of life in four such periods ends the connection. */
  readonly pingMs?: number;
}

const WHAT = 'GET pods/exec';
const FRAME = 65_536;
const MAX_BUFFERED = 1_048_576;
const HANDSHAKE_MS = 30_000;
/** The status may overtake the last bytes of stderr; the server closes when all was sent. */
const CLOSE_MS = 2_000;

/**
 * Resolves with the exit code, whatever it is. Stdout is read and dropped.
 *
 * Two things that API servers do and a command can guard against: one that loses its kubelet may
 * report 0, and one whose command ended with stdin unread may break off or fall silent for a minute
 * instead of reporting. So read stdin to its end and finish with a word on stderr to look for:
 * `tar -x; code=$?; cat >/dev/null; echo whole >&2; exit $code`.
 *
 * Rejects with a KubeError: `kube-exec-failed` when the command could not be run or its end is not
 * known, `kube-silent`, `kube-forbidden` and the like; or with the signal's reason.
 */
export async function execStream(transport: Transport, options: ExecOptions): Promise<ExecResult> {
  const { namespace, pod, container, command, stdin, signal } = options;
  const path = objectPath(PODS, namespace, pod, 'exec');
  const query = { container, command, stdin: true, stdout: true, stderr: true, tty: false };
  const { url, headers, tls } = await transport.handshake(path, query, signal);
  const socket = new WebSocket(url, [V5, V4], {
    headers: { ...headers, 'user-agent': 'drone-kube' },
    ...tls,
    perMessageDeflate: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const protocol = new ExecProtocol();
  const ended = endOf(socket, protocol, options.pingMs ?? 15_000);
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  // Where the handshake fails, its own error says more than this one.
  ended.catch(() => undefined);
  try {
    await opened(socket, transport.access.server);
    signal.throwIfAborted();
    return await Promise.race([ended, feed(stdin, socket, protocol, ended)]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.terminate();
    stdin.destroy();
  }
}

async function opened(socket: WebSocket, server: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', (error) => reject(errorFromNetwork(WHAT, server, error)));
    socket.once('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('close', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        reject(errorFromResponse(WHAT, response.statusCode ?? 500, body));
      });
    });
  });
}

/**
 * What the server says until the connection ends. Listens from before the socket is open, because
 * the first frames may come together with the handshake.
 */
async function endOf(
  socket: WebSocket,
  protocol: ExecProtocol,
  pingMs: number,
): Promise<ExecResult> {
  let heardAt = performance.now();
  const heard = (): void => {
    heardAt = performance.now();
  };
  let silence: KubeError | undefined;
  // Pings wait behind a stdin that the container does not take, hence the long limit.
  const limitMs = pingMs * 4;
  const pings = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (performance.now() - heardAt > limitMs) {
      const message = `${WHAT}: no sign of life for ${limitMs / 1_000} s`;
      silence = new KubeError('kube-silent', message);
      socket.terminate();
    } else socket.ping();
  }, pingMs);
  socket.on('open', heard);
  socket.on('pong', heard);
  socket.on('message', (data, isBinary) => {
    heard();
    protocol.receive(toBuffer(data), isBinary);
    if (protocol.isDone) setTimeout(() => socket.terminate(), CLOSE_MS).unref();
  });
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  clearInterval(pings);
  if (silence !== undefined) throw silence;
  return protocol.result();
}

/** A stdin that fails must end the command, not leave it waiting for more. */
async function feed(
  stdin: Readable,
  socket: WebSocket,
  protocol: ExecProtocol,
  ended: Promise<ExecResult>,
): Promise<ExecResult> {
  try {
    await pump(stdin, socket, protocol);
  } catch (error) {
    if (!protocol.isDone && socket.readyState === WebSocket.OPEN) throw error;
  }
  return ended;
}

/** Sends stdin in frames, at most 1 MiB ahead of the network, and then says that it has ended. */
async function pump(stdin: Readable, socket: WebSocket, protocol: ExecProtocol): Promise<void> {
  socket.once('close', () => stdin.destroy());
  for await (const piece of stdin) {
    const chunk = Buffer.from(piece);
    for (let from = 0; from < chunk.length; from += FRAME) {
      if (protocol.isDone) return;
      await sendFrame(socket, Buffer.concat([STDIN, chunk.subarray(from, from + FRAME)]));
    }
  }
  if (socket.protocol === V5 && !protocol.isDone) await sendFrame(socket, CLOSE_STDIN);
}

const STDIN = Buffer.from([0]);
const CLOSE_STDIN = Buffer.from([255, 0]);

async function sendFrame(socket: WebSocket, frame: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const mustWait = socket.bufferedAmount + frame.length > MAX_BUFFERED;
    socket.send(frame, (error) => {
      if (error) reject(error);
      else resolve();
    });
    if (!mustWait) resolve();
  });
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
