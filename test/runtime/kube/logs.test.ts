import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import type { LogLine } from '../../../runtime/kube/log-lines.ts';
import { followLog, type LogOptions, type LogResult } from '../../../runtime/kube/logs.ts';
import { answer, failure, fakeApi, instantClock, type FakeApi } from './helpers.ts';

type Reply = (response: ServerResponse) => void;

/** Line `n` is stamped n × 100 ms after the tenth second, so that many share a second. */
const stamped = (n: number): string =>
  `${new Date(1_795_514_410_000 + n * 100).toISOString()} line ${n}\n`;
const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
const texts = (from: number, to: number): readonly string[] =>
  numbers(from, to).map((n) => `line ${n}`);

const send =
  (text: string, then: Reply = (response) => response.end()): Reply =>
  (response) => {
    response.writeHead(200);
    if (text === '') then(response);
    else response.write(text, () => then(response));
  };
const breakOff: Reply = (response) => response.destroy();
const refuse =
  (status: number, message: string): Reply =>
  (response) =>
    answer(response, status, failure(status, 'x', message));

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

interface Run {
  readonly result: LogResult;
  readonly texts: readonly string[];
  readonly requests: readonly URLSearchParams[];
  readonly sleeps: readonly number[];
}

/** The replies in order; the container runs until the last of them was asked for. */
async function run(replies: readonly Reply[], options: Partial<LogOptions> = {}): Promise<Run> {
  const clock = instantClock();
  const requests: URLSearchParams[] = [];
  const lines: LogLine[] = [];
  api = await fakeApi((request, response) => {
    requests.push(new URL(request.url ?? '', 'http://k').searchParams);
    const reply = replies[requests.length - 1];
    if (reply === undefined) answer(response, 500, failure(500, 'x', 'no more replies'));
    else reply(response);
  });
  const result = await followLog(api.transport, {
    namespace: 'ci',
    pod: 'a',
    container: 'step',
    signal: new AbortController().signal,
    clock,
    random: () => 1,
    isRunning: () => requests.length < replies.length,
    onLine: (line) => void lines.push(line),
    ...options,
  });
  return { result, texts: lines.map((line) => line.text), requests, sleeps: clock.sleeps };
}

/** What a kubelet holds: answers with the lines from `sinceTime` on, cut to whole seconds. */
const since = (query: URLSearchParams | undefined): number => {
  const text = query?.get('sinceTime');
  return text === null || text === undefined ? 0 : Date.parse(text);
};

describe('followLog', () => {
  test('delivers all lines of a container that ends, with one request', async () => {
    const { result, texts: seen, requests } = await run([send(stamped(0) + stamped(1))]);
    expect(result).toEqual({ lines: 2, complete: true });
    expect(seen).toEqual(['line 0', 'line 1']);
    expect(requests.map((query) => Object.fromEntries(query))).toEqual([
      { container: 'step', follow: 'true', timestamps: 'true' },
    ]);
  });

  test('delivers a last line that no newline ends', async () => {
    const { texts: seen } = await run([send(stamped(0) + stamped(1).trimEnd())]);
    expect(seen).toEqual(['line 0', 'line 1']);
  });

  test('a long log, which a kubelet starts anew meanwhile, is read again at its end', async () => {
    const long = numbers(0, 20).map((n) => `${stamped(n).trimEnd()} ${'x'.repeat(100_000)}\n`);
    const isRunning = (): boolean => false;
    const { texts: seen, requests } = await run(
      [send(long.join('')), send(long.slice(-1).join('') + stamped(30) + stamped(31))],
      { isRunning },
    );
    expect(seen.map((text) => text.slice(0, 7).trim())).toEqual([
      ...texts(0, 20),
      'line 30',
      'line 31',
    ]);
    expect(requests.map((query) => query.get('follow'))).toEqual(['true', null]);
  });

  test('waits until the container has a log, at most a second at a time', async () => {
    const waiting = refuse(
      400,
      'container "step" in pod "a" is waiting to start: ContainerCreating',
    );
    const unscheduled = refuse(400, 'pod a does not have a host assigned');
    const unknown = refuse(404, 'the server could not find the requested resource');
    const replies = [unscheduled, unknown, waiting, waiting, waiting, waiting, send(stamped(0))];
    const { result, sleeps } = await run(replies);
    expect(result).toEqual({ lines: 1, complete: true });
    expect(sleeps).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test('a container that never starts has an empty log', async () => {
    const waiting = refuse(400, 'container "step" in pod "a" is waiting to start: ErrImagePull');
    const { result } = await run(Array<Reply>(6).fill(waiting), { isRunning: () => false });
    expect(result).toEqual({ lines: 0, complete: true });
  });

  test('resumes a broken stream within a second, repeats nothing, loses nothing', async () => {
    const all = numbers(0, 40).map(stamped).join('');
    const upTo = (n: number): string => numbers(0, n).map(stamped).join('');
    const half = stamped(17).slice(0, 30);
    const replies = [
      send(upTo(17) + half, breakOff),
      send(upTo(25), breakOff),
      send(all),
      send(all),
    ];
    const { result, texts: seen, requests } = await run(replies);
    expect(seen).toEqual(texts(0, 40));
    expect(result.complete).toBe(true);
    const lastSeen = [16, 24, 39].map((n) => 1_795_514_410_000 + n * 100);
    const resumedAt = requests.slice(1).map(since);
    expect(resumedAt.every((time, index) => time <= (lastSeen[index] ?? 0))).toBe(true);
    expect(resumedAt.every((time, index) => time >= (lastSeen[index] ?? 0) - 2_000)).toBe(true);
  });

  test('reads once more, without following, when the stream broke at the very end', async () => {
    const broken = send(stamped(0), breakOff);
    const replies = [broken, send(stamped(0) + stamped(1) + stamped(2).trimEnd())];
    const {
      result,
      texts: seen,
      requests,
    } = await run(replies, {
      isRunning: () => false,
    });
    expect(seen).toEqual(['line 0', 'line 1', 'line 2']);
    expect(result).toEqual({ lines: 3, complete: true });
    expect(requests[1]?.has('follow')).toBe(false);
  });

  test('does not believe a server that closes the stream of a running container', async () => {
    const first = stamped(0) + stamped(1).slice(0, 28);
    const { texts: seen } = await run([send(first), send(stamped(0) + stamped(1)), send('')]);
    expect(seen).toEqual(['line 0', 'line 1']);
  });

  test('a complaint of the kubelet inside the log is not taken for output', async () => {
    const complaint = 'failed to create fsnotify watcher: too many open files';
    const replies = [send(`${stamped(0)}${complaint}\n`), send(stamped(0) + stamped(1)), send('')];
    const { texts: seen } = await run(replies);
    expect(seen).toEqual(['line 0', 'line 1']);
  });

  test('a log that vanished is reported as incomplete', async () => {
    const gone = refuse(404, 'pods "a" not found');
    const { result } = await run([send(stamped(0), breakOff), gone, gone]);
    expect(result).toEqual({ lines: 1, complete: false });
  });

  test.each([
    [403, 'User "u" cannot get pods/log'],
    [400, 'container step is not valid for pod a'],
  ])('%i %s: gives up at once', async (status, message) => {
    const outcome = run([refuse(status, message), send('')]);
    await expect(outcome).rejects.toThrow(message);
  });

  test('the signal ends it', async () => {
    const controller = new AbortController();
    const { result } = await run([send(stamped(0), () => undefined), send('')], {
      signal: controller.signal,
      onLine: () => controller.abort(),
    });
    expect(result).toEqual({ lines: 1, complete: false });
  });

  test('an exception of the handler ends it', async () => {
    const onLine = async (): Promise<void> => Promise.reject(new Error('mine'));
    await expect(run([send(stamped(0))], { onLine })).rejects.toThrow('mine');
  });

  test('lines before `since` are left out', async () => {
    const from = BigInt(1_795_514_410_000 + 300) * 1_000_000n;
    const { texts: seen } = await run([send(numbers(0, 5).map(stamped).join(''))], { since: from });
    expect(seen).toEqual(['line 3', 'line 4']);
  });

  test('200 000 lines arrive whole and in order, the reader waiting now and then', async () => {
    const count = 200_000;
    const piece = (from: number): string =>
      numbers(from, from + 1_000)
        .map(stamped)
        .join('');
    const sendAll: Reply = (response) => {
      response.writeHead(200);
      const next = (from: number): void => {
        if (from === count) response.end();
        else response.write(piece(from), () => next(from + 1_000));
      };
      next(0);
    };
    let expected = 0;
    let misplaced = 0;
    const { result } = await run([sendAll, send('')], {
      isRunning: () => false,
      onLine: (line) => {
        if (line.text !== `line ${expected}`) misplaced += 1;
        expected += 1;
        return expected % 10_000 === 0 ? new Promise(setImmediate) : undefined;
      },
    });
    expect(result).toEqual({ lines: count, complete: true });
    expect(misplaced).toBe(0);
  });

  test('a slow reader slows the server down', async () => {
    let written = 0;
    const block = stamped(0).repeat(10_000);
    const endless: Reply = (response) => {
      response.writeHead(200);
      const next = (): void => {
        written += block.length;
        if (!response.destroyed) response.write(block, next);
      };
      next();
    };
    const controller = new AbortController();
    let stalledAt = 0;
    await run([endless, send('')], {
      signal: controller.signal,
      onLine: async () => {
        // Written blocks stop growing once every buffer between the two is full.
        for (let before = -1; before !== written;) {
          before = written;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        stalledAt = written;
        controller.abort();
      },
    });
    expect(stalledAt).toBeLessThan(64 * 1_048_576);
  });
});
