import { describe, expect, test } from '@jest/globals';
import type { EventLike, PodLike } from '../../../runtime/kube/types.ts';
import {
  begun,
  NOTHING_SEEN,
  withEvent,
  withJournalLine,
  withPod,
  type Begun,
  type Observation,
} from '../../../runtime/stage/observation.ts';
import { journalOf, podOf, type Seen } from './observed.ts';

type News = readonly [now: number, containers: Readonly<Record<string, Seen>>];

const after = (...news: readonly News[]): Observation =>
  news.reduce(
    (seen, [now, containers]) =>
      withPod(seen, { type: 'MODIFIED', object: podOf(containers) }, now),
    NOTHING_SEEN,
  );

const deleted = (deletionTimestamp: string, deletionGracePeriodSeconds: number): PodLike => ({
  ...podOf({}),
  metadata: { name: 'drone-1', deletionTimestamp, deletionGracePeriodSeconds },
});

describe('a Pod that changes', () => {
  test.each<readonly [string, readonly News[], Readonly<Record<string, number>>]>([
    ['has no ends while all runs', [[10, { a: 'running' }]], {}],
    [
      'ends container by container',
      [
        [10, { a: 0, b: 'running' }],
        [20, { a: 0, b: 1 }],
      ],
      { a: 10, b: 20 },
    ],
    [
      'keeps an end that the kubelet does not tell again',
      [
        [10, { a: 0 }],
        [20, {}],
      ],
      { a: 10 },
    ],
  ])('%s', (_, news, ended) => {
    expect(Object.fromEntries(after(...news).ended)).toEqual(ended);
  });

  test('ends of ephemeral containers are seen, too', () => {
    const ephemeralContainerStatuses = [
      { name: '3-publish', state: { terminated: { exitCode: 0 } } },
    ];
    const object = podOf({}, { ephemeralContainerStatuses });
    expect(withPod(NOTHING_SEEN, { type: 'MODIFIED', object }, 10).ended.get('3-publish')).toBe(10);
  });

  test('was told to end when it was first, whatever its last word says', () => {
    const told = { type: 'MODIFIED', object: deleted('2026-01-01T00:00:31Z', 30) } as const;
    const gone = { type: 'DELETED', object: deleted('2026-01-01T00:00:09Z', 0) } as const;
    const seen = withPod(withPod(after([10, { a: 'running' }]), told, 20), gone, 30);
    expect(seen.told).toBe(Date.parse('2026-01-01T00:00:01Z'));
  });

  test('is kept as it was last when it is gone', () => {
    const object = podOf({ a: 137 });
    const seen = withPod(after([10, { a: 'running' }]), { type: 'DELETED', object }, 20);
    expect(seen).toMatchObject({ gone: true, pod: object });
  });
});

test('of an event that is told again the newest version counts', () => {
  const event = (uid: string, count: number): EventLike => ({
    metadata: { name: `drone-1.${uid}`, uid },
    count,
  });
  const { events } = [event('x', 1), event('y', 1), event('x', 2)].reduce(withEvent, NOTHING_SEEN);
  expect([...events.values()].map(({ metadata, count }) => [metadata.uid, count])).toEqual([
    ['x', 2],
    ['y', 1],
  ]);
});

describe('a line of the log of the coordinator', () => {
  test('that is of the journal has its time from the stamp', () => {
    const { journal } = withJournalLine(NOTHING_SEEN, 'start 1 success', 5000);
    expect(journal.steps.get(1)).toEqual({ state: 'running', status: 'success', started: 5000 });
  });

  test('that is not of the journal changes nothing', () => {
    expect(withJournalLine(NOTHING_SEEN, 'sh: out of memory', 5000)).toBe(NOTHING_SEEN);
  });
});

describe('has a step run', () => {
  const waiting = { ...podOf({ coordinator: 'running' }), spec: { containers: [] } };
  test.each<[string, Observation, Begun]>([
    ['not before there is a Pod', NOTHING_SEEN, 'no'],
    [
      'nobody knows of a Pod that was gone when it was looked for',
      { ...NOTHING_SEEN, gone: true },
      'unknown',
    ],
    ['not before it has a node', { ...NOTHING_SEEN, pod: waiting }, 'no'],
    [
      'nobody knows while its coordinator was not heard, whatever its status says',
      { ...NOTHING_SEEN, pod: { ...waiting, spec: { ...waiting.spec, nodeName: 'n' } } },
      'unknown',
    ],
    [
      'not when the coordinator said that it was told to stop',
      {
        ...NOTHING_SEEN,
        pod: { ...waiting, spec: { ...waiting.spec, nodeName: 'n' } },
        journal: journalOf('terminated'),
      },
      'no',
    ],
    ['when one has started', { ...NOTHING_SEEN, journal: journalOf('start 1 success') }, 'yes'],
  ])('%s', (_title, observation, expected) => {
    expect(begun(observation)).toBe(expected);
  });
});
