import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { objectPath, PODS } from '../../../runtime/kube/request.ts';
import { SharedWatch } from '../../../runtime/kube/shared-watch.ts';
import type { ObjectLike } from '../../../runtime/kube/types.ts';
import { answer, failure, fakeApi, type FakeApi } from './helpers.ts';

const pod = (name: string, version: string): ObjectLike => ({
  metadata: { name, uid: `uid-${name}`, resourceVersion: version },
});

let api: FakeApi | undefined;
const open: AbortController[] = [];
const watches: { close(): void }[] = [];

afterEach(async () => {
  for (const controller of open.splice(0)) controller.abort();
  for (const watch of watches.splice(0)) watch.close();
  await api?.close();
  api = undefined;
});

interface Cluster {
  readonly requests: string[];
  readonly watch: SharedWatch<ObjectLike>;
  /** Sends an event down the open watch. */
  readonly send: (type: string, object: ObjectLike) => Promise<void>;
  readonly cut: () => void;
}

async function cluster(
  items: () => readonly ObjectLike[],
  options: {
    readonly single?: boolean;
    readonly lingerMs?: number;
    readonly refuse?: boolean;
  } = {},
): Promise<Cluster> {
  const { refuse = false, ...shared } = options;
  const requests: string[] = [];
  let stream: ServerResponse | undefined;
  let opened = Promise.withResolvers<void>();
  api = await fakeApi((request, response) => {
    const url = new URL(request.url ?? '', 'http://k');
    const isWatch = url.searchParams.has('watch');
    requests.push(isWatch ? `watch ${url.searchParams.get('resourceVersion')}` : 'list');
    if (refuse) answer(response, 403, failure(403, 'Forbidden', 'no'));
    else if (isWatch) {
      response.writeHead(200).flushHeaders();
      stream = response;
      opened.resolve();
    } else answer(response, 200, { metadata: { resourceVersion: '10' }, items: items() });
  });
  const watch = new SharedWatch<ObjectLike>(api.transport, {
    path: objectPath(PODS, 'builds'),
    keyOf: (object) => object.metadata.name,
    ...shared,
  });
  watches.push(watch);
  return {
    requests,
    watch,
    send: async (type, object) => {
      await opened.promise;
      stream?.write(`${JSON.stringify({ type, object })}\n`);
    },
    cut: () => {
      opened = Promise.withResolvers();
      stream?.destroy();
    },
  };
}

interface Follower {
  readonly seen: string[];
  readonly missing: () => number;
  readonly ended: Promise<void>;
  until(count: number): Promise<void>;
  leave(): void;
}

function follow(watch: SharedWatch<ObjectLike>, key: string, seen?: ObjectLike): Follower {
  const controller = new AbortController();
  open.push(controller);
  const told = new EventTarget();
  const events: string[] = [];
  let missing = 0;
  const ended = watch.follow(key, {
    ...(seen === undefined ? {} : { seen }),
    onEvent: ({ type, object }) => {
      events.push(`${type} ${object.metadata.resourceVersion}`);
      told.dispatchEvent(new Event('told'));
    },
    onMissing: () => {
      missing += 1;
      told.dispatchEvent(new Event('told'));
    },
    signal: controller.signal,
  });
  ended.catch(() => undefined);
  return {
    seen: events,
    missing: () => missing,
    ended,
    until: async (count) => {
      while (events.length + missing < count) await once(told, 'told');
    },
    leave: () => controller.abort(),
  };
}

describe('followers of one watch', () => {
  test('are told what concerns them, over one connection', async () => {
    const { watch, requests, send } = await cluster(() => [pod('a', '1'), pod('b', '2')]);
    const a = follow(watch, 'a');
    const b = follow(watch, 'b');
    await Promise.all([a.until(1), b.until(1)]);
    await send('MODIFIED', pod('a', '11'));
    await send('DELETED', pod('b', '12'));
    await Promise.all([a.until(2), b.until(2)]);
    expect([a.seen, b.seen]).toEqual([
      ['ADDED 1', 'MODIFIED 11'],
      ['ADDED 2', 'DELETED 12'],
    ]);
    expect(requests).toEqual(['list', 'watch 10']);
  });

  test('who comes late is told what is known, at once', async () => {
    const { watch, send } = await cluster(() => [pod('a', '1')]);
    const first = follow(watch, 'a');
    await send('MODIFIED', pod('a', '11'));
    await first.until(2);
    const late = follow(watch, 'a');
    expect(late.seen).toEqual(['ADDED 11']);
  });

  test('who left is told nothing more, and the others are', async () => {
    const { watch, send } = await cluster(() => [pod('a', '1')]);
    const [left, stays] = [follow(watch, 'a'), follow(watch, 'a')];
    await Promise.all([left.until(1), stays.until(1)]);
    left.leave();
    await left.ended;
    await send('MODIFIED', pod('a', '11'));
    await stays.until(2);
    expect(left.seen).toEqual(['ADDED 1']);
  });
});

describe('an object that the watch does not know', () => {
  test('its follower is told to ask, since it may have gone before anybody looked', async () => {
    const { watch } = await cluster(() => []);
    const gone = follow(watch, 'a');
    await gone.until(1);
    expect([gone.missing(), gone.seen]).toEqual([1, []]);
  });

  test('that vanished while the connection was broken is told as deleted', async () => {
    let items: readonly ObjectLike[] = [pod('a', '1')];
    const { watch, send } = await cluster(() => items);
    const a = follow(watch, 'a');
    await a.until(1);
    items = [];
    await send('ERROR', { ...pod('a', '1'), ...failure(410, 'Expired', 'too old') });
    await a.until(2);
    expect(a.seen).toEqual(['ADDED 1', 'DELETED 1']);
  });
});

test('a watch of one object goes on from where it was seen, without a list', async () => {
  const { watch, requests, send } = await cluster(() => [], { single: true });
  const a = follow(watch, 'a', pod('a', '5'));
  await send('MODIFIED', pod('a', '6'));
  await a.until(1);
  expect([requests, a.seen]).toEqual([['watch 5'], ['MODIFIED 6']]);
});

test('says since when nothing can have been missed, and not while it is cut off', async () => {
  const { watch, cut, send } = await cluster(() => [pod('a', '1')]);
  expect(watch.liveSince).toBeUndefined();
  const a = follow(watch, 'a');
  await send('MODIFIED', pod('a', '2'));
  await a.until(2);
  expect(watch.liveSince).toEqual(expect.any(Number));
  cut();
  while (watch.liveSince !== undefined) await new Promise((resolve) => setImmediate(resolve));
});

test('a watch that is refused for good fails its followers', async () => {
  const { watch } = await cluster(() => [], { refuse: true });
  await expect(follow(watch, 'a').ended).rejects.toMatchObject({ code: 'kube-forbidden' });
});

test('without followers it is closed after a while, and opened again for the next one', async () => {
  const { watch, requests, send } = await cluster(() => [pod('a', '1')], { lingerMs: 0 });
  const first = follow(watch, 'a');
  await send('MODIFIED', pod('a', '11'));
  await first.until(2);
  first.leave();
  await first.ended;
  while (watch.liveSince !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  await follow(watch, 'a').until(1);
  expect(requests.filter((request) => request === 'list')).toHaveLength(2);
});
