import { describe, expect, test } from '@jest/globals';
import {
  isComparable,
  type EndReason,
  type Interruption,
} from '../../../runtime/stage/conclude.ts';
import { serviceOf, stepOf } from '../support.ts';
import { conclusionOf, containersOf, endsOf, journalOf, planOf, podOf } from './observed.ts';

const a = stepOf({ name: 'a' });
const b = stepOf({ name: 'b' });
const GREEN = ['start 1 success', 'exit 1 0', 'done success'];

describe('a journal that nobody confirms is never green', () => {
  test.each([
    ['another exit code', GREEN, { '1-a': 1 }, 'it says exit code 0, the kubelet says 1'],
    [
      'a container that still runs',
      GREEN,
      { '1-a': 'running' },
      'it says that it ended with exit code 0, but its container still runs',
    ],
    [
      'a container that nobody knows',
      GREEN,
      {},
      'it says that it ended with exit code 0, but nobody knows its container',
    ],
    [
      'no Pod',
      GREEN,
      undefined,
      'it says that it ended with exit code 0, but nobody knows its container',
    ],
    [
      'a line too few',
      ['start 1 success', 'done success'],
      { '1-a': 0 },
      'the stage says that it is over, but not how this step ended',
    ],
    [
      'no line at all',
      ['done success'],
      { '1-a': 0 },
      'the stage says that it is over, but has no word of this step',
    ],
  ] as const)('%s', (_, journal, pod, error) => {
    for (const failure of ['stop', 'ignore'] as const) {
      const steps = [stepOf({ name: 'a', failure })];
      const result = conclusionOf({ steps, journal, ...(pod === undefined ? {} : { pod }) });
      expect(result).toMatchObject({
        status: 'error',
        reason: 'internal',
        error: `step "a": ${error}`,
      });
      expect(endsOf(result)).toEqual(['a: error 255']);
    }
  });

  test('a journal without an end is no success', () => {
    const result = conclusionOf({ journal: ['start 1 success', 'exit 1 0'], pod: { '1-a': 0 } });
    expect(result.status).toBe('failure');
  });
});

describe('an interruption', () => {
  const REASONS: readonly (readonly [EndReason, Interruption['status']])[] = [
    ['killed', 'killed'],
    ['timeout', 'killed'],
    ['evicted', 'error'],
    ['preempted', 'error'],
    ['node lost', 'error'],
    ['deleted by somebody', 'error'],
    ['deadline', 'error'],
    ['unschedulable', 'error'],
    ['quota', 'error'],
    ['internal', 'error'],
  ];

  test.each(REASONS)(
    '%s: the stage is %s, what ran is killed, the rest skipped',
    (reason, status) => {
      const result = conclusionOf({
        steps: [a, b, stepOf({ name: 'c' })],
        services: [serviceOf({ name: 'db' })],
        journal: ['start 1 success', 'start 2 success', 'exit 2 0', 'start 3 success'],
        interruption: { reason, status, text: 'why' },
      });
      expect(result).toMatchObject({ status, reason, error: 'why' });
      expect(endsOf(result)).toEqual([
        'db: killed 137',
        'a: success 0',
        'b: killed 137',
        'c: skipped 0',
      ]);
    },
  );

  test('is what a green journal cannot win against', () => {
    const interruption: Interruption = { reason: 'evicted', status: 'error', text: 'why' };
    expect(conclusionOf({ journal: GREEN, pod: { '1-a': 0 }, interruption }).status).toBe('error');
  });
});

test('times are those of the journal, and of now for what was cut off', () => {
  const { steps } = conclusionOf({
    steps: [a, b, stepOf({ name: 'c' })],
    journal: ['start 1 success', 'exit 1 0', 'start 2 success'],
    interruption: { reason: 'killed', status: 'killed', text: '' },
  });
  expect(steps.map(({ started, stopped }) => [started, stopped])).toEqual([
    [1000, 2000],
    [3000, 99_000],
    [undefined, undefined],
  ]);
});

describe('isComparable', () => {
  const plan = planOf([stepOf({ name: 'a', detach: true }), b]);
  test.each([
    ['nothing has ended', ['start 2 success'], {}, true],
    [
      'the kubelet has not come to it',
      ['start 2 success', 'exit 2 0'],
      { '2-b': 'running' },
      false,
    ],
    ['the kubelet says so, too', ['start 2 success', 'exit 2 0'], { '2-b': 0 }, true],
    ['the kubelet contradicts', ['start 2 success', 'exit 2 0'], { '2-b': 9 }, true],
    ['a verdict', ['start 2 success', 'exit 2 137 killed'], {}, true],
    ['a detached step', ['start 1 success', 'exit 1 0'], { '1-a': 'running' }, true],
  ] as const)('%s', (_, journal, pod, expected) => {
    expect(
      isComparable({
        plan,
        containers: containersOf(plan),
        journal: journalOf(...journal),
        pod: podOf(pod),
      }),
    ).toBe(expected);
  });
});
