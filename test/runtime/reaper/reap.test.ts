/** A whole run against an API server that lists in pages, compares before it deletes, and refuses as a test says. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { LABEL_ORIGIN, LABEL_STAGE } from '../../../runtime/contract.ts';
import { reap } from '../../../runtime/reaper/reap.ts';
import { hasFailed, type ReapReport } from '../../../runtime/reaper/report.ts';
import { answer, bodyOf, failure, fakeApi, instantClock, type FakeApi } from '../kube/helpers.ts';
import { ago, groupOf, HOUR, NOW, SERVER } from './found.ts';

const CONFIG_MAP_LIST = '/api/v1/namespaces/builds/configmaps';
const NAMESPACES = '/api/v1/namespaces';

interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: object;
}

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

/** What `exec` has left behind a day ago. */
const leftBehind = (index: number): Stored => ({
  metadata: {
    name: `exec-${index}`,
    namespace: 'builds',
    uid: `uid-${index}`,
    resourceVersion: '1',
    creationTimestamp: new Date(ago(24 * HOUR)).toISOString(),
    labels: { [LABEL_STAGE]: `exec-${index}`, [LABEL_ORIGIN]: 'exec' },
  },
});

const leftBehinds = (count: number): Map<string, Stored> =>
  new Map(
    Array.from({ length: count }, (_, index) => [`exec-${index}`, leftBehind(index)] as const),
  );

interface Run {
  readonly report: ReapReport;
  /** Milliseconds of each pause. */
  readonly sleeps: readonly number[];
  /** The most deletions that were under way at a time. */
  readonly most: number;
}

/** `refuse` says how many seconds later a request may come again; undefined lets it through. */
async function run(
  lists: Readonly<Record<string, Map<string, Stored>>>,
  refuse: (request: IncomingMessage) => number | undefined = () => undefined,
  signal = new AbortController().signal,
): Promise<Run> {
  const clock = instantClock();
  let underWay = 0;
  let most = 0;
  api = await fakeApi(
    (request, response) => {
      const wait = refuse(request);
      if (wait !== undefined) {
        response.setHeader('retry-after', String(wait));
        answer(response, 429, failure(429, 'TooManyRequests', 'too many requests'));
        return;
      }
      const url = new URL(request.url ?? '', 'http://api');
      if (request.method === 'GET') {
        const from = Number(url.searchParams.get('continue') ?? 0);
        const to = from + Number(url.searchParams.get('limit'));
        const all = [...(lists[url.pathname]?.values() ?? [])];
        const next = to < all.length ? { continue: String(to) } : {};
        answer(response, 200, { items: all.slice(from, to), metadata: next });
        return;
      }
      underWay += 1;
      most = Math.max(most, underWay);
      void bodyOf(request).then((text) => {
        underWay -= 1;
        const cut = url.pathname.lastIndexOf('/');
        const list = lists[url.pathname.slice(0, cut)];
        const name = url.pathname.slice(cut + 1);
        const { preconditions }: { preconditions: { uid: string } } = JSON.parse(text);
        if (list?.get(name)?.metadata.uid !== preconditions.uid) {
          answer(response, 409, failure(409, 'Conflict', 'another uid'));
          return;
        }
        list.delete(name);
        answer(response, 200, {});
      });
    },
    { clock, random: () => 0, qps: 1_000_000, burst: 1_000_000 },
  );
  const unused = async (): Promise<never> => Promise.reject(new Error('nobody asks'));
  const report = await reap({
    transport: api.transport,
    clock: { ...clock, wall: () => NOW },
    drone: {
      server: { ping: unused, details: unused, putStage: unused, putStep: unused },
      readSteps: async () => undefined,
    },
    server: SERVER,
    namespace: 'system',
    stageNamespaces: ['builds'],
    makesNamespaces: true,
    name: 'reaper',
    graceMs: 600_000,
    keepMs: 48 * HOUR,
    dryRun: false,
    signal,
  });
  return { report, sleeps: clock.sleeps, most };
}

const removed = ({ done }: ReapReport): number => done.flatMap(({ things }) => things).length;

test('a thousand are read in pages and removed, some at a time', async () => {
  const left = leftBehinds(1000);
  const { report, most } = await run({ [CONFIG_MAP_LIST]: left });
  expect([removed(report), left.size, hasFailed(report)]).toEqual([1000, 0, false]);
  expect(most).toBeLessThanOrEqual(32);
  const requests = [...report.requests.values()].reduce((a, b) => a + b, 0);
  // Five pages, the other kinds once each, records twice.
  expect(requests).toBe(1000 + 5 + 6);
}, 30_000);

test('one that is told to end begins nothing more, and says that something is left', async () => {
  const left = leftBehinds(200);
  const stop = new AbortController();
  let deletions = 0;
  const { report } = await run(
    { [CONFIG_MAP_LIST]: left },
    ({ method }) => {
      if (method === 'DELETE' && (deletions += 1) === 50) stop.abort();
      return undefined;
    },
    stop.signal,
  );
  // Those that were under way are done to their end.
  expect(deletions).toBeLessThan(50 + 32);
  expect([removed(report), left.size]).toEqual([deletions, 200 - deletions]);
  expect([report.interrupted, hasFailed(report)]).toEqual([true, true]);
});

test('one that is told to end when nothing is left to begin has done all of it', async () => {
  const left = leftBehinds(20);
  const stop = new AbortController();
  const { report } = await run(
    { [CONFIG_MAP_LIST]: left },
    ({ method }) => {
      if (method === 'DELETE') stop.abort();
      return undefined;
    },
    stop.signal,
  );
  expect([removed(report), left.size]).toEqual([20, 0]);
  expect([report.interrupted, hasFailed(report)]).toEqual([false, false]);
});

describe('an API server that is too busy', () => {
  test('is left alone for as long as it says, and then all goes', async () => {
    const left = leftBehinds(100);
    const refused = new Set<string>();
    const { report, sleeps } = await run({ [CONFIG_MAP_LIST]: left }, ({ method, url = '' }) => {
      const request = `${method} ${url}`;
      if (refused.has(request)) return undefined;
      refused.add(request);
      return 7;
    });
    expect([removed(report), left.size, hasFailed(report)]).toEqual([100, 0, false]);
    // Each request once, but for the second look at the records.
    expect(sleeps.filter((pause) => pause === 7_000)).toHaveLength(refused.size);
  });

  test('for one object for ever: that one is told of, and the others go', async () => {
    const left = leftBehinds(100);
    const { report } = await run({ [CONFIG_MAP_LIST]: left }, ({ url = '' }) =>
      url.includes('exec-42') ? 1 : undefined,
    );
    expect([removed(report), [...left.keys()], hasFailed(report)]).toEqual([99, ['exec-42'], true]);
    const notes = report.done.flatMap(({ note }) => (note === '' ? [] : [note]));
    expect(notes).toEqual([expect.stringContaining('[kube-busy]')]);
  });
});

test('a namespace that hangs is not deleted again, and told of with the reason', async () => {
  const hanging = (stage: number, hours: number): [string, Stored] => [
    groupOf(stage),
    {
      metadata: {
        name: groupOf(stage),
        uid: `uid-${stage}`,
        resourceVersion: '1',
        creationTimestamp: new Date(ago(24 * HOUR)).toISOString(),
        deletionTimestamp: new Date(ago(hours * HOUR)).toISOString(),
      },
      status: {
        conditions: [
          { type: 'NamespaceContentRemaining', status: 'True', message: 'pods. has 1 instance' },
          { type: 'NamespaceDeletionContentFailure', status: 'False', message: 'all is well' },
        ],
      },
    },
  ];
  const { report } = await run({ [NAMESPACES]: new Map([hanging(8, 5), hanging(9, 0.5)]) });
  expect(report.done).toEqual([]);
  expect(report.stuck).toEqual([
    `namespace/${groupOf(8)} was deleted 5 h ago and is still there: pods. has 1 instance`,
  ]);
  expect(hasFailed(report)).toBe(true);
});
