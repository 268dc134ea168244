import { describe, expect, test } from '@jest/globals';
import type { PodLike } from '../../../runtime/kube/types.ts';
import { ownEnds, toldToEnd } from '../../../runtime/stage/own-ends.ts';
import { serviceOf, stepOf } from '../support.ts';
import { journalOf, planOf, podOf } from './observed.ts';

const a = stepOf({ name: 'a' });
const b = stepOf({ name: 'b' });

/** Unix milliseconds, as the API server writes them: in whole seconds. */
const at = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');

/** Told to end at `asked`, with two seconds for it. */
const deleted = (asked: number): PodLike => ({
  ...podOf({}),
  metadata: {
    name: 'drone-1',
    deletionTimestamp: at(asked + 2000),
    deletionGracePeriodSeconds: 2,
  },
});

const evicted = (asked: number): PodLike =>
  podOf(
    {},
    {
      phase: 'Failed',
      reason: 'Evicted',
      conditions: [
        {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'TerminationByKubelet',
          lastTransitionTime: at(asked),
        },
      ],
    },
  );

function overdue(asked: number): PodLike {
  const pod = podOf(
    {},
    { phase: 'Failed', reason: 'DeadlineExceeded', startTime: at(asked - 60_000) },
  );
  return { ...pod, spec: { containers: [], activeDeadlineSeconds: 60 } };
}

describe.each([
  ['deleted', deleted],
  ['evicted by its node', evicted],
  ['active for longer than it may be', overdue],
])('of a Pod that is %s', (_, podAt) => {
  test.each([
    ['a step that it ended has not ended', [a], 'exit 1 143'],
    ['nor has one that died with it', [a], 'exit 1 137 gone'],
    [
      'nor has one whose failure is ignored',
      [stepOf({ name: 'a', failure: 'ignore' })],
      'exit 1 143',
    ],
  ])('%s', (_title, steps, exit) => {
    const journal = journalOf('start 1 success', exit, 'done failure');
    const own = ownEnds(journal, planOf(steps), toldToEnd(podAt(2000)));
    expect(own.done).toBeUndefined();
    expect(own.steps.get(1)).toEqual({ state: 'running', status: 'success', started: 1000 });
  });

  test.each([
    ['a failure before it', [a], [], ['start 1 success', 'exit 1 143', 'done failure'], 3000],
    ['a success after it', [a], [], ['start 1 success', 'exit 1 0', 'done success'], 2000],
    ['an exit code that ends a stage early', [a], [], ['start 1 success', 'exit 1 78'], 2000],
    [
      'the end of a service',
      [a],
      [serviceOf({ name: 'db' })],
      ['start 1 success', 'start 2 success', 'exit 2 0', 'exit 1 143', 'done success'],
      2000,
    ],
  ])('%s stays as it is told', (_title, steps, services, lines, asked) => {
    const journal = journalOf(...lines);
    expect(ownEnds(journal, planOf(steps, services), toldToEnd(podAt(asked)))).toBe(journal);
  });

  test('what was over by then stays over', () => {
    const lines = ['start 1 success', 'exit 1 0', 'start 2 success', 'exit 2 143', 'done failure'];
    const own = ownEnds(journalOf(...lines), planOf([a, b]), toldToEnd(podAt(4000)));
    expect(own.steps.get(1)).toMatchObject({ state: 'exited', code: 0 });
    expect(own.steps.get(2)).toMatchObject({ state: 'running' });
  });
});

test('a deadline that has not come is no end', () => {
  const { status } = podOf({}, { phase: 'Failed', reason: 'Evicted', startTime: at(1000) });
  const spec = { containers: [], activeDeadlineSeconds: 60 };
  const failed: PodLike = { ...deleted(9000), spec, ...(status === undefined ? {} : { status }) };
  expect(toldToEnd({ ...failed, metadata: { name: 'drone-1' } })).toBeUndefined();
  expect(toldToEnd(failed)).toBe(9000);
});

test.each([
  ['goes on', podOf({ '1-a': 143 })],
  [
    'was to be disrupted, which has not come',
    podOf({}, { ...evicted(1000).status, phase: 'Running', reason: '' }),
  ],
])('of a Pod that %s every end is its own', (_, pod) => {
  const journal = journalOf('start 1 success', 'exit 1 143', 'done failure');
  expect(toldToEnd(pod)).toBeUndefined();
  expect(ownEnds(journal, planOf([a]), toldToEnd(pod))).toBe(journal);
});
