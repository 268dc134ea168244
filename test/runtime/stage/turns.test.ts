import { describe, expect, test } from '@jest/globals';
import { ephemeralTurns, finishedLogs, readableLogs } from '../../../runtime/stage/turns.ts';
import { serviceOf, stepOf } from '../support.ts';
import { containersOf, journalOf, planOf, podOf, type Seen } from './observed.ts';

// Steps 1 (a service), 2 (latched), 3 (a plugin, ephemeral) and 4 (latched).
const PLAN = planOf(
  [stepOf({ name: 'test' }), stepOf({ name: 'publish', commands: [] }), stepOf({ name: 'say' })],
  [serviceOf({ name: 'db' })],
);
const CONTAINERS = containersOf(PLAN);
const TESTED = ['start 2 success', 'exit 2 0'];
const CREATING = { waiting: { reason: 'ContainerCreating' } };
const UP = { '1-db': 'running', '2-test': 'running', '4-say': 'running' } as const;

describe('the container of an ephemeral step is due', () => {
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['not before its turn', TESTED, []],
    ['when it has started', [...TESTED, 'start 3 success'], ['publish']],
    ['never when it is skipped', ['start 2 success', 'exit 2 1', 'skip 3 failure'], []],
  ])('%s', (_, journal, expected) => {
    expect(ephemeralTurns(PLAN, journalOf(...journal)).map(({ name }) => name)).toEqual(expected);
  });
});

interface LogsCase {
  readonly title: string;
  readonly journal?: readonly string[];
  readonly pod: Readonly<Record<string, Seen>> | undefined;
  readonly readable: readonly string[];
  readonly finished?: readonly number[];
}

const LOGS: readonly LogsCase[] = [
  { title: 'no Pod', pod: undefined, readable: [] },
  { title: 'containers that are being created', pod: { '1-db': CREATING }, readable: [] },
  { title: 'a service at once, a step not before its turn', pod: UP, readable: ['1-db'] },
  {
    title: 'a step that runs',
    journal: ['start 2 success'],
    pod: UP,
    readable: ['1-db', '2-test'],
  },
  {
    title: 'a step that has said how it ended, and whose container has not',
    journal: TESTED,
    pod: UP,
    readable: ['1-db', '2-test'],
  },
  {
    title: 'a step that has ended',
    journal: TESTED,
    pod: { ...UP, '2-test': 0 },
    readable: ['1-db', '2-test'],
    finished: [2],
  },
  {
    title: 'a plugin whose container does not run yet',
    journal: [...TESTED, 'start 3 success'],
    pod: { ...UP, '2-test': 0, '3-publish': CREATING },
    readable: ['1-db', '2-test'],
    finished: [2],
  },
  {
    title: 'a plugin that has ended',
    journal: [...TESTED, 'start 3 success', 'exit 3 0 ephemeral'],
    pod: { ...UP, '2-test': 0, '3-publish': 0 },
    readable: ['1-db', '2-test', '3-publish'],
    finished: [2, 3],
  },
  {
    title: 'a step that was skipped, its container ended with the others',
    journal: ['start 2 success', 'exit 2 1', 'skip 3 failure', 'skip 4 failure'],
    pod: { '1-db': 'running', '2-test': 1, '4-say': 0 },
    readable: ['1-db', '2-test'],
    finished: [2],
  },
];

describe('logs that can be read, and that are complete', () => {
  test.each(LOGS)('$title', ({ journal = [], pod: containers, readable, finished = [] }) => {
    const seen = journalOf(...journal);
    const pod = containers === undefined ? undefined : podOf(containers);
    const logs = readableLogs(PLAN, CONTAINERS, seen, pod);
    expect(logs.map(({ container }) => container)).toEqual(readable);
    expect(finishedLogs(CONTAINERS, seen, pod)).toEqual(finished);
  });

  test('there is none of a step without a container', () => {
    const journal = journalOf('start 2 success');
    expect(readableLogs(PLAN, new Map([[1, '1-db']]), journal, podOf(UP))).toHaveLength(1);
  });
});
