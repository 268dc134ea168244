import { expect, test } from '@jest/globals';
import { lateVariables } from '../../../runtime/stage/late.ts';
import { stepOf } from '../support.ts';
import { journalOf, planOf } from './observed.ts';

const PLAN = planOf([
  stepOf({ name: 'a' }),
  stepOf({ name: 'b, too' }),
  stepOf({ name: 'optional', failure: 'ignore' }),
  stepOf({ name: 'background', detach: true }),
  stepOf({ name: 'notify', commands: [] }),
]);

function variables(...journal: string[]): Record<string, string> {
  const step = PLAN.steps[4];
  if (step === undefined) throw new Error('no step');
  return lateVariables(step, PLAN, journalOf(...journal), 1_700_000_000_999);
}

test('status, number and time of the turn', () => {
  expect(variables('start 1 success', 'exit 1 0', 'start 5 success')).toEqual({
    DRONE_STEP_NUMBER: '5',
    DRONE_BUILD_STATUS: 'success',
    DRONE_STAGE_STATUS: 'success',
    CI_BUILD_STATUS: 'success',
    DRONE_BUILD_FINISHED: '1700000000',
    DRONE_STAGE_FINISHED: '1700000000',
    CI_BUILD_FINISHED: '1700000000',
  });
});

test('the status is the one that the coordinator gave, not the one of later', () => {
  expect(variables('start 5 success', 'start 1 success', 'exit 1 1')).toMatchObject({
    DRONE_BUILD_STATUS: 'success',
  });
  expect(variables('start 5 failure')).toMatchObject({
    DRONE_BUILD_STATUS: 'failure',
    DRONE_STAGE_STATUS: 'failure',
    CI_BUILD_STATUS: 'failure',
  });
});

test.each([
  ['nothing failed', ['start 1 success', 'exit 1 0', 'start 2 success', 'exit 2 78'], undefined],
  [
    'in the order in which they failed',
    ['start 1 success', 'start 2 success', 'exit 2 1', 'exit 1 2'],
    'b, too,a',
  ],
  ['a failure that is ignored does not count', ['start 3 success', 'exit 3 1'], undefined],
  ['nor does that of a detached step', ['start 4 success', 'exit 4 1'], undefined],
  ['an image that never came does', ['start 1 success', 'exit 1 255 image'], 'a'],
])('failed steps: %s', (_, journal, expected) => {
  expect(variables(...journal)['DRONE_FAILED_STEPS']).toBe(expected);
});
