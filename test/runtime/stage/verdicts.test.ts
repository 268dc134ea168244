import { describe, expect, test } from '@jest/globals';
import type { Step } from '../../../runtime/pipeline/model.ts';
import { verdictAnnotation, verdicts, type Verdict } from '../../../runtime/stage/verdicts.ts';
import { serviceOf, stepOf } from '../support.ts';
import { containersOf, journalOf, planOf, podOf, type Seen } from './observed.ts';

interface Case {
  readonly title: string;
  readonly step?: Step;
  readonly journal?: readonly string[];
  readonly seen: Seen;
  readonly silent?: boolean;
  readonly verdict: Omit<Verdict, 'step'> | undefined;
}

const RUNNING = ['start 1 success'];
const PLUGIN = stepOf({ name: 'a', commands: [] });

const CASES: readonly Case[] = [
  { title: 'a step that runs', journal: RUNNING, seen: 'running', verdict: undefined },
  {
    title: 'a container that ended a moment ago, its answer may be on its way',
    journal: RUNNING,
    seen: 0,
    silent: false,
    verdict: undefined,
  },
  {
    title: 'a step that left without an answer has not succeeded',
    journal: RUNNING,
    seen: 0,
    verdict: { code: 255, why: 'killed', text: 'Completed' },
  },
  {
    title: 'a step that was killed keeps its exit code',
    journal: RUNNING,
    seen: 137,
    verdict: { code: 137, why: 'killed', text: 'Error' },
  },
  {
    title: 'a container that ran out of memory as a whole',
    journal: RUNNING,
    seen: [137, 'OOMKilled'],
    verdict: { code: 137, why: 'oom', text: 'OOMKilled' },
  },
  {
    title: 'a container that ended before its turn',
    seen: 1,
    verdict: { code: 1, why: 'killed', text: 'Error' },
  },
  {
    title: 'an answer that is in the journal',
    journal: [...RUNNING, 'exit 1 0'],
    seen: 0,
    verdict: undefined,
  },
  {
    title: 'a step that was skipped',
    journal: ['skip 1 failure'],
    seen: 0,
    verdict: undefined,
  },
  {
    title: 'a plugin ends at once by the exit code of its container',
    step: PLUGIN,
    journal: RUNNING,
    seen: 0,
    silent: false,
    verdict: { code: 0, why: 'ephemeral', text: '' },
  },
  {
    title: 'a plugin that failed, in its own words',
    step: PLUGIN,
    journal: RUNNING,
    seen: { terminated: { exitCode: 2, message: 'no token' } },
    verdict: { code: 2, why: 'ephemeral', text: 'no token' },
  },
  {
    title: 'a plugin that ran out of memory',
    step: PLUGIN,
    journal: RUNNING,
    seen: [137, 'OOMKilled'],
    verdict: { code: 137, why: 'oom', text: '' },
  },
  {
    title: 'an image that will never come, before its turn',
    seen: { waiting: { reason: 'InvalidImageName', message: 'invalid reference' } },
    verdict: { code: 255, why: 'image', text: 'invalid reference (InvalidImageName)' },
  },
  {
    title: 'an image that may still come',
    seen: { waiting: { reason: 'ErrImagePull', message: 'i/o timeout' } },
    verdict: undefined,
  },
  {
    title: 'a container that cannot be created',
    seen: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } },
    verdict: {
      code: 255,
      why: 'config',
      text: 'secret "x" not found (CreateContainerConfigError)',
    },
  },
];

describe('a verdict is given for what the Pod cannot see itself', () => {
  test.each(CASES)('$title', ({ step, journal = [], seen, silent = true, verdict }) => {
    const plan = planOf([step ?? stepOf({ name: 'a' })]);
    const found = verdicts({
      plan,
      containers: containersOf(plan),
      journal: journalOf(...journal),
      pod: podOf({ '1-a': seen }),
      isSilent: () => silent,
      isOverdue: () => false,
    });
    expect(found).toEqual(verdict === undefined ? [] : [{ step: 1, ...verdict }]);
  });

  test('never for a service, whatever became of it', () => {
    const plan = planOf([], [serviceOf({ name: 'db' })]);
    const found = verdicts({
      plan,
      containers: containersOf(plan),
      journal: journalOf('start 1 success'),
      pod: podOf({ '1-db': 1 }),
      isSilent: () => true,
      isOverdue: () => false,
    });
    expect(found).toEqual([]);
  });

  test.each([
    ['not yet', false, []],
    [
      'in the end',
      true,
      [{ step: 1, code: 255, why: 'image', text: 'i/o timeout (ErrImagePull)' }],
    ],
  ])('an image that may still come is waited for, but not for ever: %s', (_, overdue, expected) => {
    const plan = planOf([stepOf({ name: 'a' })]);
    const found = verdicts({
      plan,
      containers: containersOf(plan),
      journal: journalOf('start 1 success'),
      pod: podOf({ '1-a': { waiting: { reason: 'ErrImagePull', message: 'i/o timeout' } } }),
      isSilent: () => false,
      isOverdue: () => overdue,
    });
    expect(found).toEqual(expected);
  });

  test('a plugin is found among the ephemeral containers', () => {
    const plan = planOf([PLUGIN]);
    const state = { terminated: { exitCode: 5 } };
    const found = verdicts({
      plan,
      containers: containersOf(plan),
      journal: journalOf('start 1 success'),
      pod: podOf({}, { ephemeralContainerStatuses: [{ name: '1-a', state }] }),
      isSilent: () => false,
      isOverdue: () => false,
    });
    expect(found).toEqual([{ step: 1, code: 5, why: 'ephemeral', text: '' }]);
  });
});

test('the coordinator reads all verdicts from one line, without the words for the user', () => {
  expect(
    verdictAnnotation([
      { step: 3, code: 137, why: 'oom', text: 'OOMKilled' },
      { step: 12, code: 0, why: 'ephemeral', text: 'two\nlines' },
    ]),
  ).toBe('3:137:oom 12:0:ephemeral');
});
