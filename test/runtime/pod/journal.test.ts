import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  advance,
  EMPTY_JOURNAL,
  parseJournalLine,
  type Journal,
} from '../../../runtime/pod/journal.ts';

describe('a line', () => {
  test.each([
    ['journal 1', { kind: 'version', version: 1 }],
    ['ready', { kind: 'ready' }],
    ['terminated\r', { kind: 'terminated' }],
    ['start 3 success', { kind: 'start', step: 3, status: 'success' }],
    ['start 0 failure', { kind: 'start', step: 0, status: 'failure' }],
    ['exit 3 0', { kind: 'exit', step: 3, code: 0, why: '' }],
    ['exit 12 255 image', { kind: 'exit', step: 12, code: 255, why: 'image' }],
    ['skip 4 halted', { kind: 'skip', step: 4, why: 'halted' }],
    ['fast 2', { kind: 'fast', step: 2 }],
    ['done failure', { kind: 'done', status: 'failure' }],
  ])('%j', (line, expected) => {
    expect(parseJournalLine(line)).toEqual(expected);
  });

  test.each([
    '',
    ' ',
    'sh: 3: cannot create: No space left on device',
    'ready steady',
    'journal',
    'journal one',
    'start 3',
    'start x success',
    'start 3 maybe',
    'start -1 success',
    'start 1234567 success',
    'exit 3',
    'exit 3 256',
    'exit 3 -1',
    'exit 3 0x1',
    'exit x 0',
    'skip x failure',
    'fast',
    'done',
    'done error',
    'READY',
  ])('%j says nothing', (line) => {
    expect(parseJournalLine(line)).toBeUndefined();
  });

  test('whatever the shell complains about, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        expect(() => parseJournalLine(line)).not.toThrow();
      }),
    );
  });
});

function read(lines: readonly (readonly [line: string, time: number])[]): Journal {
  return lines.reduce((journal, [line, time]) => {
    const event = parseJournalLine(line);
    return event === undefined ? journal : advance(journal, event, time);
  }, EMPTY_JOURNAL);
}

const LINES = [
  ['journal 1', 0],
  ['ready', 1],
  ['start 1 success', 2],
  ['exit 1 3', 5],
  ['skip 2 failure', 5],
  ['start 3 failure', 6],
  ['fast 1', 7],
  ['done failure', 9],
] as const;

describe('the journal', () => {
  test('keeps what each step did, and when', () => {
    const journal = read(LINES);
    expect([...journal.steps]).toEqual([
      [1, { state: 'exited', status: 'success', started: 2, stopped: 5, code: 3, why: '' }],
      [2, { state: 'skipped', why: 'failure' }],
      [3, { state: 'running', status: 'failure', started: 6 }],
    ]);
    expect(journal).toMatchObject({ ready: true, fast: 1, done: 'failure', terminated: false });
  });

  test('read again from the beginning it is the same, so anyone may take over', () => {
    const later = LINES.map(([line, time]) => [line, time + 100] as const);
    expect(read([...LINES, ...later])).toEqual(read(LINES));
  });

  test.each([
    [
      'the first answer counts',
      [
        ['start 1 success', 1],
        ['exit 1 0', 2],
        ['exit 1 9', 3],
      ],
      0,
    ],
    [
      'an answer before the start does not',
      [
        ['exit 1 9', 1],
        ['start 1 success', 2],
        ['exit 1 0', 3],
      ],
      0,
    ],
  ] as const)('%s', (_, lines, code) => {
    expect(read(lines).steps.get(1)).toMatchObject({ state: 'exited', code });
  });

  test('a step that was skipped has no end', () => {
    expect(
      read([
        ['skip 1 success', 1],
        ['exit 1 0', 2],
      ]).steps.get(1),
    ).toEqual({
      state: 'skipped',
      why: 'success',
    });
  });

  test('the end of a coordinator that was told to stop', () => {
    expect(read([['terminated', 1]])).toMatchObject({ terminated: true, done: undefined });
  });

  test('a journal of another version is not read', () => {
    expect(() => read([['journal 2', 1]])).toThrow(
      'the journal has version 2, this program reads version 1',
    );
  });

  test('an earlier state is never changed', () => {
    const before = read(LINES.slice(0, 3));
    advance(before, { kind: 'exit', step: 1, code: 0, why: '' }, 9);
    expect(before.steps.get(1)).toMatchObject({ state: 'running' });
  });
});
