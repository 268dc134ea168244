import { expect, test } from '@jest/globals';
import type { EndReason, StageResult } from '../../../runtime/stage/conclude.ts';
import type { Verdict } from '../../../runtime/stage/verdicts.ts';
import { serviceOf, stepOf } from '../support.ts';
import { conclusionOf, endsOf, type Observed } from './observed.ts';

const a = stepOf({ name: 'a' });
const b = stepOf({ name: 'b' });
const plugin = stepOf({ name: 'a', commands: [] });
const MEBIBYTE = 1024 * 1024;
const small = stepOf({
  name: 'a',
  resources: { requests: { cpu: 0, memory: 0 }, limits: { cpu: 0, memory: 64 * MEBIBYTE } },
});
const OOM = 'it used more memory than it may and was killed (OOMKilled)';
const BACKGROUND = [stepOf({ name: 'a', detach: true }), b];

const verdict = (why: Verdict['why'], text: string): Verdict => ({ step: 1, code: 255, why, text });

interface Case extends Observed {
  readonly title: string;
  readonly result: readonly [StageResult['status'], EndReason, string];
  readonly ends: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'all went well',
    steps: [a, b],
    journal: ['start 1 success', 'exit 1 0', 'start 2 success', 'exit 2 0', 'done success'],
    pod: { '1-a': 0, '2-b': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['a: success 0', 'b: success 0'],
  },
  {
    title: 'a step failed and the next one was skipped',
    steps: [a, b],
    journal: ['start 1 success', 'exit 1 3', 'skip 2 failure', 'done failure'],
    pod: { '1-a': 3, '2-b': 0 },
    result: ['failure', 'failed', ''],
    ends: ['a: failure 3', 'b: skipped 0'],
  },
  {
    title: 'a failure that is ignored',
    steps: [stepOf({ name: 'a', failure: 'ignore' })],
    journal: ['start 1 success', 'exit 1 3', 'done success'],
    pod: { '1-a': 3 },
    result: ['success', 'succeeded', ''],
    ends: ['a: failure 3'],
  },
  {
    title: 'exit code 78 halts the stage without failing it',
    steps: [a, b],
    journal: ['start 1 success', 'exit 1 78', 'skip 2 halted', 'done success'],
    pod: { '1-a': 78, '2-b': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['a: success 78', 'b: skipped 0'],
  },
  {
    title: '`failure: fast` kills what runs and skips the rest',
    steps: [stepOf({ name: 'a', failure: 'fast' }), b, stepOf({ name: 'c' })],
    journal: ['start 1 success', 'start 2 success', 'exit 1 1', 'fast 1', 'done failure'],
    pod: { '1-a': 1, '2-b': 'running' },
    result: ['failure', 'failed', ''],
    ends: ['a: failure 1', 'b: killed 137', 'c: skipped 0'],
  },
  {
    title: 'too little memory, with the limit to raise',
    steps: [small],
    journal: ['start 1 success', 'exit 1 137 oom', 'done failure'],
    pod: { '1-a': [137, 'OOMKilled'] },
    result: [
      'failure',
      'OOMKilled',
      `step "a": ${OOM}; its limit is 64 MiB, raise resources.limits.memory of the step`,
    ],
    ends: ['a: failure 137'],
  },
  {
    title: 'too little memory, told by the verdict alone',
    steps: [small],
    journal: ['start 1 success', 'exit 1 137 oom', 'done failure'],
    pod: { '1-a': 'running' },
    verdicts: [verdict('oom', 'the cgroup was killed')],
    result: [
      'failure',
      'OOMKilled',
      `step "a": ${OOM}; its limit is 64 MiB, raise resources.limits.memory of the step: the cgroup was killed`,
    ],
    ends: ['a: failure 137'],
  },
  {
    title: 'a verdict that only repeats the reason',
    journal: ['start 1 success', 'exit 1 137 oom', 'done failure'],
    pod: { '1-a': [137, 'OOMKilled'] },
    verdicts: [verdict('oom', 'OOMKilled')],
    result: ['failure', 'OOMKilled', `step "a": ${OOM}`],
    ends: ['a: failure 137'],
  },
  {
    title: 'a container that was killed as a whole',
    journal: ['start 1 success', 'exit 1 137 killed', 'done failure'],
    pod: { '1-a': [137, 'Error'] },
    verdicts: [verdict('killed', 'the node was under pressure')],
    result: [
      'failure',
      'failed',
      'step "a": its container was killed (the node was under pressure)',
    ],
    ends: ['a: failure 137'],
  },
  {
    title: 'a container that was killed, nobody knows why',
    journal: ['start 1 success', 'exit 1 255 killed', 'done failure'],
    pod: { '1-a': 0 },
    result: ['failure', 'failed', 'step "a": its container was killed'],
    ends: ['a: failure 255'],
  },
  {
    title: 'too little memory, without a limit of its own',
    journal: ['start 1 success', 'exit 1 137 oom', 'done failure'],
    pod: { '1-a': [137, 'OOMKilled'] },
    result: ['failure', 'OOMKilled', `step "a": ${OOM}`],
    ends: ['a: failure 137'],
  },
  {
    title: 'a child lost to memory that the step does not mind',
    journal: ['start 1 success', 'exit 1 0', 'done success'],
    pod: { '1-a': [0, 'OOMKilled'] },
    result: ['success', 'succeeded', ''],
    ends: ['a: success 0'],
  },
  {
    title: 'an image that cannot be pulled',
    journal: ['start 1 success', 'exit 1 255 image', 'done failure'],
    pod: { '1-a': { waiting: { reason: 'ErrImagePull' } } },
    verdicts: [verdict('image', 'no such tag')],
    result: ['error', 'image pull', 'step "a": its image cannot be pulled: no such tag'],
    ends: ['a: error 255'],
  },
  {
    title: 'a container that cannot be created',
    journal: ['start 1 success', 'exit 1 255 config', 'done failure'],
    pod: { '1-a': { waiting: { reason: 'CreateContainerError' } } },
    verdicts: [verdict('config', 'no such secret')],
    result: ['error', 'internal', 'step "a": its container cannot be created: no such secret'],
    ends: ['a: error 255'],
  },
  {
    title: 'the own image of a step that may fail',
    steps: [stepOf({ name: 'a', failure: 'ignore' })],
    journal: ['start 1 success', 'exit 1 255 image', 'done success'],
    pod: {},
    verdicts: [verdict('image', 'no such tag')],
    result: ['success', 'succeeded', ''],
    ends: ['a: error 255'],
  },
  {
    title: 'an answer that is no exit code',
    journal: ['start 1 success', 'exit 1 255 forged', 'done failure'],
    pod: { '1-a': 0 },
    result: ['error', 'internal', 'step "a": it answered with something that is no exit code'],
    ends: ['a: error 255'],
  },
  {
    title: 'a plugin ends by what the kubelet says',
    steps: [plugin],
    journal: ['start 1 success', 'exit 1 0 ephemeral', 'done success'],
    pod: { '1-a': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['a: success 0'],
  },
  {
    title: 'a service that still runs at the end is fine',
    services: [serviceOf({ name: 'db' })],
    steps: [b],
    journal: ['start 1 success', 'start 2 success', 'exit 2 0', 'done success'],
    pod: { '1-db': 'running', '2-b': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['db: success 0', 'b: success 0'],
  },
  {
    title: 'a service that broke is shown, and does not count',
    services: [serviceOf({ name: 'db' })],
    steps: [b],
    journal: ['start 1 success', 'start 2 success', 'exit 2 0', 'done success'],
    pod: { '1-db': [137, 'OOMKilled'], '2-b': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['db: failure 137', 'b: success 0'],
  },
  {
    title: 'a detached step that failed is shown, and does not count',
    steps: BACKGROUND,
    journal: ['start 1 success', 'start 2 success', 'exit 1 4', 'exit 2 0', 'done success'],
    pod: { '1-a': 4, '2-b': 0 },
    result: ['success', 'succeeded', ''],
    ends: ['a: failure 4', 'b: success 0'],
  },
];

test.each(CASES)('$title', (stage) => {
  const result = conclusionOf(stage);
  expect([result.status, result.reason, result.error]).toEqual(stage.result);
  expect(endsOf(result)).toEqual(stage.ends);
});
