import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  duration,
  logLine,
  noteLine,
  Notes,
  stageNotes,
  summary,
} from '../../../runtime/cli/view.ts';
import type { PlanStep } from '../../../runtime/compile/plan.ts';
import type { StageResult, StepResult } from '../../../runtime/stage/conclude.ts';

const terminal = (color: boolean): Parameters<typeof summary>[0] => ({
  out: () => undefined,
  err: () => undefined,
  color,
});
const PLAIN = terminal(false);

const stepOfPlan = (name: string, more: Partial<PlanStep> = {}): PlanStep => ({
  number: 1,
  name,
  kind: 'latched',
  detached: false,
  when: 'success',
  failure: 'stop',
  waitsFor: [],
  memoryLimit: 0,
  ...more,
});

const result = (step: PlanStep, more: Partial<StepResult> = {}): StepResult => ({
  step,
  status: 'success',
  exitCode: 0,
  error: '',
  started: 1000,
  stopped: 1340,
  ...more,
});

const SKIPPED = { status: 'skipped', started: undefined, stopped: undefined } as const;

const FAILED: StageResult = {
  status: 'failure',
  reason: 'OOMKilled',
  error: 'step "unit tests": too much memory',
  steps: [
    result(stepOfPlan('', { kind: 'upload' })),
    result(stepOfPlan('db', { detached: true }), { status: 'failure', exitCode: 2 }),
    result(stepOfPlan('lint', { failure: 'ignore' }), { status: 'failure', exitCode: 1 }),
    result(stepOfPlan('unit tests'), {
      status: 'failure',
      exitCode: 137,
      error: 'too much memory',
      stopped: 186_000,
    }),
    result(stepOfPlan('deploy'), SKIPPED),
  ],
};

describe('the summary', () => {
  test('a stage that failed', () => {
    const skipped = [
      {
        name: 'release',
        why: 'when',
        compared: [
          {
            key: 'event',
            condition: { include: ['tag'], exclude: [] },
            value: 'push',
            outcome: 'not-included',
          },
        ],
      },
      { name: 'docs', why: 'filter', compared: [] },
    ] as const;
    expect(summary(PLAIN, FAILED, skipped, 187.4)).toBe(
      `
STEP        STATUS   EXIT     TIME
workspace   success     0    340ms
db          failure     2    340ms  ignored
lint        failure     1    340ms  ignored
unit tests  failure   137    3m05s  too much memory
deploy      skipped
release     skipped                 event is push, the step wants tag
docs        skipped                 left out by --include or --exclude

failure after 3m07s (OOMKilled): step "unit tests": too much memory
`,
    );
  });

  test('a stage that succeeded', () => {
    const stage: StageResult = {
      status: 'success',
      reason: 'succeeded',
      error: '',
      steps: [result(stepOfPlan('ok'))],
    };
    expect(summary(PLAIN, stage, [], 2)).toBe(
      `
STEP  STATUS   EXIT     TIME
ok    success     0    340ms

success after 2.0s
`,
    );
  });

  test('an error of a step that is ignored has both notes', () => {
    const step = stepOfPlan('a', { failure: 'ignore' });
    const stage: StageResult = {
      status: 'success',
      reason: 'succeeded',
      error: '',
      steps: [result(step, { status: 'failure', exitCode: 137, error: 'too much memory' })],
    };
    expect(summary(PLAIN, stage, [], 1)).toContain('too much memory; ignored');
  });

  test('colours change nothing but the colour', () => {
    const painted = summary(terminal(true), FAILED, [], 1);
    expect(painted).toContain('\u001B[31mfailure\u001B[0m after 1.0s');
    expect(painted.replaceAll(/\u001B\[\d+m/g, '').split('\n')).toEqual(
      summary(PLAIN, FAILED, [], 1).split('\n'),
    );
  });
});

test.each([
  [-5, '0ms'],
  [0, '0ms'],
  [999.4, '999ms'],
  [1000, '1.0s'],
  [12_345, '12.3s'],
  [59_949, '59.9s'],
  [59_999, '1m00s'],
  [60_000, '1m00s'],
  [185_000, '3m05s'],
  [3_725_000, '62m05s'],
])('%d ms are %s', (milliseconds, expected) => {
  expect(duration(milliseconds)).toBe(expected);
});

test('lines of the log bear the name of their step, each step in its own colour', () => {
  expect(logLine(PLAIN, stepOfPlan('build'), 'hello')).toBe('[build] hello\n');
  expect(logLine(PLAIN, stepOfPlan('', { kind: 'upload' }), 'a')).toBe('[workspace] a\n');
  expect(logLine(PLAIN, stepOfPlan('', { kind: 'service', number: 3 }), 'a')).toBe('[3] a\n');
  const colors = [1, 2, 3].map((number) =>
    logLine(terminal(true), stepOfPlan('build', { number }), 'hello'),
  );
  expect(new Set(colors).size).toBe(3);
  expect(noteLine(PLAIN, 'waiting')).toBe('· waiting\n');
});

describe('notes', () => {
  let shown: string[] = [];
  let notes = new Notes(() => undefined);
  beforeEach(() => {
    jest.useFakeTimers();
    shown = [];
    notes = new Notes((text) => shown.push(text));
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('the first one is shown at once, of those that follow the newest after a second', () => {
    for (const text of ['a', 'b', 'c']) notes.note(text);
    expect(shown).toEqual(['a']);
    jest.advanceTimersByTime(999);
    expect(shown).toEqual(['a']);
    jest.advanceTimersByTime(1);
    expect(shown).toEqual(['a', 'c']);
  });

  test('one that comes later than that is shown at once', () => {
    notes.note('a');
    jest.advanceTimersByTime(1000);
    notes.note('b');
    expect(shown).toEqual(['a', 'b']);
  });

  test('none is shown twice in a row', () => {
    notes.note('a');
    notes.note('b');
    notes.note('a');
    jest.advanceTimersByTime(5000);
    notes.note('a');
    expect(shown).toEqual(['a']);
  });

  test('after the stop nothing is shown', () => {
    notes.note('a');
    notes.note('b');
    notes.stop();
    jest.advanceTimersByTime(5000);
    expect(shown).toEqual(['a']);
    expect(jest.getTimerCount()).toBe(0);
  });
});

test('what a stage has to do without is a note each', () => {
  const stage = {
    missingSecrets: ['token'],
    invalidCredentials: ['registry'],
    withoutResources: ['train'],
  };
  expect(stageNotes(stage)).toEqual([
    'secret "token" is not defined; it counts as empty',
    'secret "registry" of image_pull_secrets is no config.json of Docker; it is left out',
    'step "train" gets no resources of its own, because the command of its image is not known',
  ]);
});
