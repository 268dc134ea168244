import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { objectPath, PODS } from '../../../runtime/kube/request.ts';
import type { ObjectLike } from '../../../runtime/kube/types.ts';
import { watchObjects, type WatchOptions } from '../../../runtime/kube/watch.ts';
import { answer, failure, fakeApi, instantClock, type FakeApi } from './helpers.ts';

type Reply = (response: ServerResponse) => void;

const pod = (name: string, resourceVersion: string, uid = name): ObjectLike => ({
  metadata: { name, uid, resourceVersion },
});
const list =
  (resourceVersion: string, ...items: readonly ObjectLike[]): Reply =>
  (response) =>
    answer(response, 200, { metadata: { resourceVersion }, items });
const line = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
/** A watch that sends the text and goes on by `then`: ends properly by default. */
const stream =
  (text: string, then: Reply = (response) => response.end()): Reply =>
  (response) => {
    response.writeHead(200).flushHeaders();
    if (text === '') then(response);
    else response.write(text, () => then(response));
  };
const stay: Reply = () => undefined;
const breakOff: Reply = (response) => response.destroy();

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

interface Run {
  readonly events: string[];
  readonly requests: string[];
  readonly states: string[];
  readonly sleeps: readonly number[];
}

/** Runs a watch against the replies, in order, until `events` came (or the watch ends itself). */
async function run(
  replies: readonly Reply[],
  until: number,
  options: Partial<WatchOptions<ObjectLike>> = {},
): Promise<Run> {
  const controller = new AbortController();
  const rest = [...replies];
  const requests: string[] = [];
  api = await fakeApi((request, response) => {
    const url = new URL(request.url ?? '', 'http://k');
    const version = url.searchParams.get('resourceVersion');
    requests.push(url.searchParams.has('watch') ? `watch ${version}` : 'list');
    (rest.shift() ?? stay)(response);
  });
  const clock = instantClock();
  const events: string[] = [];
  const states: string[] = [];
  const finish = (): void => {
    if (events.length + states.filter((state) => state === 'retry').length >= until) {
      controller.abort();
    }
  };
  await watchObjects(api.transport, {
    path: objectPath(PODS, 'ci'),
    signal: controller.signal,
    clock,
    random: () => 1,
    onState: (state) => {
      states.push(state.kind);
      finish();
    },
    onEvent: ({ type, object }) => {
      events.push(`${type} ${object.metadata.name} ${object.metadata.resourceVersion}`);
      finish();
    },
    ...options,
  });
  return { events, requests, states, sleeps: clock.sleeps };
}

describe('watchObjects', () => {
  test('begins with what is there and goes on from the version of the list', async () => {
    const changes = line('MODIFIED', pod('a', '8')) + line('DELETED', pod('a', '9'));
    const { events, requests } = await run([list('7', pod('a', '5')), stream(changes, stay)], 3);
    expect(events).toEqual(['ADDED a 5', 'MODIFIED a 8', 'DELETED a 9']);
    expect(requests).toEqual(['list', 'watch 7']);
  });

  test('asks for bookmarks, a limit of its own and the selectors', async () => {
    let query: URLSearchParams | undefined;
    const controller = new AbortController();
    api = await fakeApi((request) => {
      query = new URL(request.url ?? '', 'http://k').searchParams;
      controller.abort();
    });
    await watchObjects(api.transport, {
      path: objectPath(PODS, 'ci'),
      labelSelector: 'stage=1',
      fieldSelector: 'metadata.name=a',
      start: { resourceVersion: '5', known: [] },
      signal: controller.signal,
      random: () => 0.5,
      onEvent: () => undefined,
    });
    expect(Object.fromEntries(query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '5',
      timeoutSeconds: '360',
      labelSelector: 'stage=1',
      fieldSelector: 'metadata.name=a',
    });
  });

  test('a bookmark moves the point from which a broken watch is resumed', async () => {
    const first = line('ADDED', pod('a', '6')) + line('BOOKMARK', pod('', '50'));
    const second = line('MODIFIED', pod('a', '60'));
    const start = { resourceVersion: '5', known: [] };
    const { events, requests } = await run([stream(first, breakOff), stream(second, stay)], 3, {
      start,
    });
    expect(events).toEqual(['ADDED a 6', 'MODIFIED a 60']);
    expect(requests).toEqual(['watch 5', 'watch 50']);
  });

  test('an event in pieces, and several events in one piece', async () => {
    const text = line('ADDED', pod('ä', '6')) + line('ADDED', pod('b', '7'));
    const bytes = Buffer.from(text);
    const reply: Reply = (response) => {
      response.writeHead(200);
      const cut = bytes.indexOf(0xc3) + 1;
      response.write(bytes.subarray(0, cut), () =>
        setImmediate(() => response.write(bytes.subarray(cut))),
      );
    };
    const { events } = await run([reply], 2, { start: { resourceVersion: '5', known: [] } });
    expect(events).toEqual(['ADDED ä 6', 'ADDED b 7']);
  });

  test.each([
    ['as an event', stream(line('ERROR', failure(410, 'Expired', 'too old')))],
    ['as an answer', (response: ServerResponse) => answer(response, 410, failure(410, 'Gone', ''))],
  ])('410 %s: lists again and tells what changed meanwhile', async (_name, expired: Reply) => {
    const before = list(
      '7',
      pod('kept', '1'),
      pod('changed', '2'),
      pod('lost', '3'),
      pod('re', '4'),
    );
    const after = list('99', pod('kept', '1'), pod('changed', '80'), pod('re', '90', 'other'));
    const { events, requests } = await run([before, expired, after, stay], 9);
    expect(events.slice(4)).toEqual([
      'DELETED lost 3',
      'DELETED re 4',
      'MODIFIED changed 80',
      'ADDED re 90',
    ]);
    expect(requests.slice(0, 3)).toEqual(['list', 'watch 7', 'list']);
  });

  test('a lost object is noticed even where the first list was saved', async () => {
    const expired = stream(line('ERROR', failure(410, 'Expired', 'too old')));
    const start = { resourceVersion: '5', known: [pod('a', '5')] };
    const { events } = await run([expired, list('99')], 2, { start });
    expect(events).toEqual(['DELETED a 5']);
  });

  test.each([
    ['garbage', stream('not json\n')],
    ['JSON that is no event', stream('{"type":"ADDED"}\n')],
    ['a watch that is closed at once', stream('')],
    ['an error of the server', stream(line('ERROR', failure(500, 'InternalError', 'etcd')))],
    ['a reset connection', stream('{"type":', breakOff)],
  ])('%s: waits longer each time, from 0.2 to 30 s, and goes on', async (_name, bad: Reply) => {
    const replies = [...Array.from({ length: 9 }, () => bad), stream(line('ADDED', pod('a', '6')))];
    const start = { resourceVersion: '5', known: [] };
    const { events, sleeps, requests } = await run(replies, 10, { start });
    expect(sleeps).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000]);
    expect(new Set(requests)).toEqual(new Set(['watch 5']));
    expect(events).toEqual(['ADDED a 6']);
  });

  test('a silent connection is given up', async () => {
    const start = { resourceVersion: '5', known: [] };
    const again = stream(line('ADDED', pod('a', '6')), stay);
    const { events, states } = await run([stream('', stay), again], 2, { start, silenceMs: 50 });
    expect(states).toEqual(['watching', 'retry', 'watching']);
    expect(events).toEqual(['ADDED a 6']);
  });

  test.each([401, 403, 404])('%i at the very beginning is final', async (status) => {
    const refuse: Reply = (response) => answer(response, status, failure(status, 'No', 'no'));
    await expect(run([refuse], 1)).rejects.toMatchObject({ status });
  });

  test('forbidden later on is retried', async () => {
    const refuse: Reply = (response) => answer(response, 403, failure(403, 'Forbidden', 'no'));
    const back = stream(line('ADDED', pod('a', '8')), stay);
    const { events } = await run([list('7'), refuse, back], 2);
    expect(events).toEqual(['ADDED a 8']);
  });

  test('an exception of the handler ends the watch', async () => {
    const ended = run([list('7', pod('a', '5'))], 9, {
      onEvent: async () => Promise.reject(new Error('mine')),
    });
    await expect(ended).rejects.toThrow('mine');
  });

  test('the handler sees one event at a time', async () => {
    let running = 0;
    let most = 0;
    let seen = 0;
    const controller = new AbortController();
    const text = Array.from({ length: 20 }, (_, i) => line('ADDED', pod(`p${i}`, `${i}`))).join('');
    api = await fakeApi((_request, response) => stream(text, stay)(response));
    await watchObjects(api.transport, {
      path: objectPath(PODS, 'ci'),
      start: { resourceVersion: '1', known: [] },
      signal: controller.signal,
      onEvent: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        seen += 1;
        if (seen === 20) controller.abort();
      },
    });
    expect(most).toBe(1);
  });
});
