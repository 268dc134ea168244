import { describe, expect, test } from '@jest/globals';
import {
  hasFailed,
  jsonReport,
  textReport,
  type ReapReport,
} from '../../../runtime/reaper/report.ts';
import { groupOf } from './found.ts';
import { KEPT, REMOVED, reportOf } from './reported.ts';

test.each<[string, Partial<ReapReport>, boolean]>([
  ['nothing was to be done', {}, false],
  ['all is done', { done: [REMOVED] }, false],
  ['somebody else was faster', { done: [{ ...REMOVED, outcome: 'changed' }] }, false],
  ['a replica may have it', { done: [{ ...REMOVED, outcome: 'in use' }] }, false],
  ['the server cannot be told', { done: [REMOVED, KEPT] }, true],
  ['the cluster refuses', { done: [{ ...REMOVED, outcome: 'failed' }] }, true],
  ['something does not go', { stuck: ['namespace/a was deleted 3 h ago'] }, true],
  ['not all could be looked at', { problems: ['LIST secrets: forbidden'] }, true],
])('a run has failed or not: %s', (_title, report, failed) => {
  expect(hasFailed(reportOf(report))).toBe(failed);
});

describe('for people', () => {
  test('a table, and what somebody should look at', () => {
    const text = textReport(
      reportOf({
        done: [REMOVED, KEPT],
        waiting: [9],
        problems: ['LIST pods: forbidden'],
        stuck: ['namespace/a was deleted 3 h ago and is still there'],
      }),
    );
    expect(text.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      'REASON STAGES CLOSED RECORDS PODS CONFIGMAPS SECRETS NAMESPACES LEASES',
      'owner dead 1 1 1 1 0 1 0 0',
      `stage 8, pod/builds/${groupOf(7)}: kept (deadline): the Drone server does not answer`,
      'stage 9: its runner is gone; another one may still take it',
      'cannot look: LIST pods: forbidden',
      'namespace/a was deleted 3 h ago and is still there',
      '1.3 s, 3 API requests',
      '',
    ]);
  });

  test('of a dry run every object', () => {
    const done = [{ ...REMOVED, outcome: 'would be removed' as const, closed: false }];
    const text = textReport(reportOf({ dryRun: true, done }));
    expect(text).toContain(`stage 7, pod/builds/${groupOf(7)} `);
    expect(text).toContain(': would be removed (owner dead)\n');
    expect(text).toContain('dry run, 1.3 s');
  });

  test('that there was nothing', () => {
    expect(textReport(reportOf({}))).toBe('nothing removed\n1.3 s, 3 API requests\n');
  });
});

test('for machines every reason is there, and one line is all', () => {
  const text = jsonReport(reportOf({ done: [REMOVED, KEPT] }));
  expect(text).not.toContain('\n');
  expect(JSON.parse(text)).toMatchObject({
    ok: false,
    reasons: {
      'owner dead': { stages: 1, closed: 1, pods: 1, secrets: 1, records: 1, leases: 0 },
      'dead replica': { leases: 0 },
    },
    outcomes: { removed: 1, kept: 1, failed: 0 },
    requests: { 'LIST pods': 2, 'DELETE pods': 1 },
    interrupted: false,
    stuck: [],
    actions: [
      { reason: 'owner dead', stage: 7, outcome: 'removed', closed: true },
      { reason: 'deadline', stage: 8, outcome: 'kept', note: 'the Drone server does not answer' },
    ],
  });
});
