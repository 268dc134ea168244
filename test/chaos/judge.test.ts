import { describe, expect, test } from '@jest/globals';
import type { ApiBuild, ApiLine, ApiStep } from '../stack/drone-api.ts';
import type { ExpectedBuild } from './expected.ts';
import { judge, type Found } from './judge.ts';

const EXPECTED: ExpectedBuild = {
  status: 'success',
  stages: {
    default: { status: 'success', steps: { a: { status: 'success', exitCode: 0, log: ['x'] } } },
  },
  hits: ['a'],
};

const STEP: ApiStep = { id: 5, number: 1, name: 'a', status: 'success', exit_code: 0, version: 3 };

const lines = (...texts: string[]): ApiLine[] =>
  texts.map((text, pos) => ({ pos, out: `${text}\n`, time: 0 }));

interface Changes {
  readonly status?: string;
  readonly step?: Partial<ApiStep>;
  readonly stageError?: string;
  readonly log?: readonly ApiLine[];
  readonly hits?: number;
  readonly isCancelled?: boolean;
  readonly isDisturbed?: boolean;
  readonly finished?: number;
}

function found(changes: Changes): Found {
  const { status = 'success', step = {}, log = lines('x'), hits = 1, finished = 9 } = changes;
  const build: ApiBuild = {
    id: 1,
    number: 1,
    status,
    event: 'custom',
    after: '',
    ref: '',
    started: 1,
    finished,
    stages: [
      {
        id: 3,
        build_id: 1,
        number: 1,
        name: 'default',
        status,
        error: changes.stageError ?? '',
        exit_code: 0,
        started: 1,
        stopped: 2,
        version: 4,
        steps: [{ ...STEP, ...step }],
      },
    ],
  };
  return {
    build,
    logs: new Map([['1/1', log]]),
    hits: new Map([['a', hits]]),
    isCancelled: changes.isCancelled === true,
    isDisturbed: changes.isDisturbed === true,
  };
}

describe('what is right', () => {
  test.each<[string, Changes]>([
    ['all as expected', {}],
    ['words of the runner in a log', { log: lines('[drone-kube] it waits', 'x') }],
    ['a cancelled build', { status: 'killed', isCancelled: true, step: { status: 'killed' } }],
    ['a killed Pod with its reason', { status: 'error', isDisturbed: true, stageError: 'why' }],
    ['a disturbed stage that nobody noticed', { isDisturbed: true }],
    [
      'a log without the Secret that tells what to hide',
      { isDisturbed: true, log: lines('[drone-kube] the logs are withheld: …') },
    ],
  ])('%s', (_name, changes) => {
    expect(judge(found(changes), EXPECTED, ['secret'])).toEqual([]);
  });
});

describe('what is wrong', () => {
  test.each<[string, Changes, string]>([
    ['another status', { status: 'failure' }, 'build: "failure" for "success"'],
    ['another exit code', { step: { exit_code: 2 } }, 'step default/a: exit code: 2 for 0'],
    ['a line twice', { log: lines('x', 'x') }, 'its log has 2 lines of 1'],
    ['no line', { log: [] }, 'its log has 0 lines of 1'],
    ['a hole', { log: [{ pos: 1, out: 'x\n', time: 0 }] }, 'line 1 has the position 1'],
    ['a secret', { log: lines('x', 'a secret') }, 'it shows the secret'],
    ['a note twice', { log: lines('[drone-kube] n', 'x', '[drone-kube] n') }, 'it says twice'],
    ['a step that ran twice', { hits: 2 }, 'times it ran: 2 for 1'],
    ['a step that runs on', { step: { status: 'running' } }, 'it never ends: running'],
    ['a build that runs on', { status: 'running', finished: 0 }, 'the build never ends'],
    ['an error without a reason', { status: 'error', isDisturbed: true }, 'nor an error with'],
    ['a cancel that was lost', { isCancelled: true }, 'cancelled build: "success" for "killed"'],
  ])('%s', (_name, changes, complaint) => {
    expect(judge(found(changes), EXPECTED, ['secret']).join('\n')).toContain(complaint);
  });
});
