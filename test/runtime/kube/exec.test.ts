import { afterEach, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { execStream, type ExecOptions } from '../../../runtime/kube/exec.ts';
import type { ExecResult } from '../../../runtime/kube/exec-protocol.ts';
import { answer, failure, fakeApi, type FakeApi } from './helpers.ts';

const V4 = 'v4.channel.k8s.io';
const V5 = 'v5.channel.k8s.io';
const STATUS = 3;
const frame = (channel: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
const success = frame(STATUS, '{"metadata":{},"status":"Success"}');
const exited = (code: number): Buffer =>
  frame(
    STATUS,
    JSON.stringify({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    }),
  );

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

interface Container {
  readonly socket: WebSocket;
  /** Whenever stdin grows, and when it is closed. */
  readonly onStdin: (listener: (bytes: Buffer | undefined) => void) => void;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** Runs the command against a server that speaks one protocol and behaves by `container`. */
async function run(
  container: (it: Container) => void,
  options: Partial<ExecOptions> = {},
  protocol = V5,
): Promise<ExecResult> {
  api = await fakeApi((_request, response) => answer(response, 500, ''));
  const handleProtocols = (offered: Set<string>): string | false =>
    offered.has(protocol) ? protocol : false;
  const sockets = new WebSocketServer({ server: api.server, handleProtocols });
  sockets.on('connection', (socket, request) => {
    container({
      socket,
      query: new URL(request.url ?? '', 'http://k').searchParams,
      authorization: request.headers.authorization,
      onStdin: (listener) =>
        socket.on('message', (data) => {
          const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
          if (bytes[0] === 0) listener(bytes.subarray(1));
          if (bytes[0] === 255 && bytes[1] === 0) listener(undefined);
        }),
    });
  });
  return execStream(api.transport, {
    namespace: 'ci',
    pod: 'a',
    container: 'step',
    command: ['tar', '-xf', '-'],
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    ...options,
  });
}

function* blocks(count: number): Generator<Buffer> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(100_000, index % 256);
}

describe('execStream', () => {
  test('asks for the command with the credentials', async () => {
    let seen: readonly unknown[] = [];
    await run(({ socket, query, authorization }) => {
      seen = [query.getAll('command'), query.get('container'), query.get('stdin'), authorization];
      socket.send(success);
      socket.close();
    });
    expect(seen).toEqual([['tar', '-xf', '-'], 'step', 'true', 'Bearer secret-token']);
  });

  test('sends all of stdin, closes it, and waits for the end', async () => {
    const sum = { bytes: 0, closed: false };
    const result = await run(
      ({ socket, onStdin }) => {
        onStdin((bytes) => {
          sum.bytes += bytes?.length ?? 0;
          if (bytes !== undefined) return;
          sum.closed = true;
          socket.send(success);
          socket.close();
        });
      },
      { stdin: Readable.from(blocks(100)) },
    );
    expect(sum).toEqual({ bytes: 10_000_000, closed: true });
    expect(result).toEqual({ exitCode: 0, stderr: '' });
  });

  test('speaks the older protocol, in which stdin cannot be closed', async () => {
    let bytes = 0;
    const result = await run(
      ({ socket, onStdin }) => {
        onStdin((more) => {
          bytes += more?.length ?? Number.NaN;
          if (bytes === 1_000_000) setTimeout(() => socket.send(success), 20);
        });
        socket.on('message', () => undefined);
      },
      { stdin: Readable.from(blocks(10)) },
      V4,
    );
    expect(bytes).toBe(1_000_000);
    expect(result.exitCode).toBe(0);
  });

  test('the exit code and the end of stderr, which may come after the status', async () => {
    const result = await run(({ socket }) => {
      socket.send(frame(2, 'x'.repeat(5_000)));
      socket.send(exited(7));
      socket.send(frame(2, 'the end'));
      socket.close();
    });
    expect(result.exitCode).toBe(7);
    expect(result.stderr).toBe(`${'x'.repeat(4_089)}the end`);
  });

  test('a command that ends early does not need all of stdin', async () => {
    let produced = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          produced += 1;
          yield Buffer.alloc(100_000);
        }
      })(),
    );
    const result = await run(
      ({ socket, onStdin }) => {
        onStdin(() => {
          socket.send(success);
          socket.close();
        });
      },
      { stdin: endless },
    );
    expect(result.exitCode).toBe(0);
    expect(endless.destroyed).toBe(true);
    expect(produced).toBeGreaterThan(0);
  });

  test('a container that does not read slows stdin down', async () => {
    let produced = 0;
    const stdin = Readable.from(
      (function* () {
        for (; produced < 2_000; produced += 1) yield Buffer.alloc(100_000);
      })(),
    );
    let stalledAt = 0;
    await run(
      ({ socket }) => {
        socket.pause();
        const check = (before: number): void => {
          if (produced !== before) setTimeout(check, 50, produced);
          else {
            stalledAt = produced;
            socket.send(success);
            socket.close();
            socket.resume();
          }
        };
        setTimeout(check, 50, -1);
      },
      { stdin },
    );
    expect(stalledAt).toBeLessThan(400);
  });

  test.each([
    [
      'a connection that breaks',
      (socket: WebSocket) => socket.terminate(),
      'before the command did',
    ],
    ['a close without a status', (socket: WebSocket) => socket.close(), 'before the command did'],
    [
      'a command that cannot be run',
      (socket: WebSocket) => {
        socket.send(frame(STATUS, '{"status":"Failure","message":"no such file\\ndetails"}'));
        socket.close();
      },
      'GET pods/exec: no such file',
    ],
    [
      'a status that is garbage',
      (socket: WebSocket) => {
        socket.send(frame(STATUS, 'garbage'));
        socket.close();
      },
      'not readable',
    ],
  ])('%s is an error', async (_name, act, message) => {
    const failed = run(({ socket }) => act(socket));
    await expect(failed).rejects.toMatchObject({
      code: 'kube-exec-failed',
      message: expect.stringContaining(message),
    });
  });

  test('a refused exec tells why', async () => {
    const denied = failure(403, 'Forbidden', 'User "u" cannot create pods/exec');
    api = await fakeApi(() => undefined);
    api.server.on('upgrade', (_request, socket) => {
      const body = JSON.stringify(denied);
      socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    const refused = execStream(api.transport, {
      namespace: 'ci',
      pod: 'a',
      container: 'step',
      command: ['true'],
      stdin: Readable.from([]),
      signal: new AbortController().signal,
    });
    await expect(refused).rejects.toMatchObject({ code: 'kube-forbidden', status: 403 });
  });

  test('a server that does not answer pings is given up', async () => {
    const silent = run(({ socket }) => socket.pause(), { pingMs: 20 });
    await expect(silent).rejects.toMatchObject({ code: 'kube-silent' });
  });

  test('the signal ends it with its reason', async () => {
    const controller = new AbortController();
    const aborted = run(() => controller.abort(new Error('enough')), {
      signal: controller.signal,
    });
    await expect(aborted).rejects.toThrow('enough');
  });

  test('a stdin that fails ends it with that error', async () => {
    const stdin = Readable.from(
      (function* () {
        yield Buffer.from('half');
        throw new Error('disk gone');
      })(),
    );
    await expect(run(() => undefined, { stdin })).rejects.toThrow('disk gone');
  });
});
