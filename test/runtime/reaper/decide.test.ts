import { describe, expect, test } from '@jest/globals';
import { decide, stuck, waiting } from '../../../runtime/reaper/decide.ts';
import type { Found } from '../../../runtime/reaper/types.ts';
import {
  ago,
  ALIVE,
  foundOf,
  groupOf,
  HOUR,
  leaseOf,
  LIMITS,
  MINUTE,
  namespaceOf,
  objectOf,
  recordOf,
  SERVER,
} from './found.ts';

/** `reason: kind kind …` of each action; `mark` where the time of a record is noted. */
const decided = (found: Partial<Found>): string[] =>
  decide(foundOf(found), SERVER, LIMITS).map((action) => {
    if (action.kind === 'mark') return 'mark';
    const record = action.kind === 'close' ? ['Record'] : [];
    const kinds = [...record, ...action.objects.map(({ kind }) => kind)];
    return `${action.reason}: ${kinds.join(' ')}`;
  });

const POD = objectOf('Pod');
const PAST = objectOf('Pod', { pod: { started: ago(3 * HOUR), allowedMs: 2 * HOUR } });
const ALL = [POD, objectOf('ConfigMap'), objectOf('Secret')];
const MARKED = { owner: 'released', unownedSince: ago(HOUR) };

describe('a stage with a record', () => {
  test.each<[string, Partial<Found>, string[]]>([
    [
      'of a replica that was killed long ago goes with all of its objects, and then the Lease',
      { records: [recordOf()], leases: [leaseOf()], objects: ALL },
      ['owner dead: Record Pod ConfigMap Secret', 'dead replica: Lease'],
    ],
    [
      'of a replica that lives is left alone, whatever its Pod is like',
      { records: [recordOf({ owner: 'alive' })], leases: [ALIVE], objects: [PAST] },
      [],
    ],
    [
      'of a replica that has not been silent for long is left to the others',
      {
        records: [recordOf()],
        leases: [leaseOf({ renewed: new Date(ago(9 * MINUTE)).toISOString() })],
        objects: ALL,
      },
      [],
    ],
    [
      'of a replica with a clock that is an hour late is left alone: its Lease changes',
      { records: [recordOf()], leases: [leaseOf({ isQuiet: false })], objects: ALL },
      [],
    ],
    [
      'whose replica has ended in good order is noted first',
      { records: [recordOf({ owner: 'released' })], objects: ALL },
      ['mark'],
    ],
    [
      'is left alone for as long as another replica may come',
      {
        records: [recordOf({ owner: 'released', unownedSince: ago(9 * MINUTE) })],
        objects: ALL,
      },
      [],
    ],
    [
      'goes when none has come',
      { records: [recordOf(MARKED)], objects: ALL },
      ['owner dead: Record Pod ConfigMap Secret'],
    ],
    [
      'tells that its Pod is past the deadline',
      { records: [recordOf(MARKED)], objects: [PAST] },
      ['deadline: Record Pod'],
    ],
    [
      'tells that its Pod is gone',
      { records: [recordOf(MARKED)], objects: [objectOf('Secret')] },
      ['no Pod: Record Secret'],
    ],
    [
      'that was only claimed never had a Pod',
      { records: [recordOf({ ...MARKED, state: 'claimed' })] },
      ['owner dead: Record'],
    ],
    [
      'goes with its namespace, where it has one of its own',
      { records: [recordOf({ ...MARKED, ownNamespace: true })], namespaces: [namespaceOf(7)] },
      ['owner dead: Record Namespace'],
    ],
    [
      'goes with what is left of earlier attempts',
      { records: [recordOf(MARKED)], objects: [POD, objectOf('Pod', { group: groupOf(7, 2) })] },
      ['owner dead: Record Pod Pod'],
    ],
    [
      'that is young is left alone',
      { records: [recordOf({ ...MARKED, created: ago(9 * MINUTE) })], objects: ALL },
      [],
    ],
    [
      'with an object that is young is left alone: somebody still works at it',
      {
        records: [recordOf(MARKED)],
        objects: [POD, objectOf('Secret', { created: ago(MINUTE) })],
      },
      [],
    ],
    [
      'of a later version of the program is left alone, and so are its objects and its replica',
      {
        records: [recordOf({ content: undefined })],
        leases: [leaseOf()],
        objects: ALL,
      },
      ['dead replica: Lease'],
    ],
    [
      'in a namespace that could not be looked at is left alone',
      { records: [recordOf(MARKED)], unseen: new Set(['builds']) },
      [],
    ],
  ])('%s', (_title, found, actions) => {
    expect(decided(found)).toEqual(actions);
  });

  test('waits where its owner is gone, and nobody knows for how long', () => {
    const records = [
      recordOf({ stage: 7, owner: 'released' }),
      recordOf({ stage: 8, owner: 'released', unownedSince: ago(MINUTE) }),
      recordOf({ stage: 9, ...MARKED }),
      recordOf({ stage: 10, owner: 'alive' }),
    ];
    expect(waiting(foundOf({ records, leases: [ALIVE] }), LIMITS)).toEqual([7, 8]);
  });

  test('keeps the Lease of its replica until it is gone', () => {
    const records = [recordOf({ stage: 7 }), recordOf({ stage: 8, created: ago(MINUTE) })];
    const actions = decide(foundOf({ records, leases: [leaseOf()] }), SERVER, LIMITS);
    expect(actions.map(({ kind }) => kind)).toEqual(['close', 'bury']);
    expect(actions[1]).toMatchObject({ after: records.map(({ name }) => name) });
  });
});

describe('objects of a stage without a record', () => {
  test.each<[string, Partial<Found>, string[]]>([
    ['go together', { objects: ALL }, ['no record: Pod ConfigMap Secret']],
    ['go, a single one too', { objects: [objectOf('Secret')] }, ['no record: Secret']],
    [
      'are left alone as long as one is young',
      { objects: [POD, objectOf('ConfigMap', { created: ago(MINUTE) })] },
      [],
    ],
    [
      'are left alone where the record is not readable',
      { records: [recordOf({ content: undefined })], objects: ALL },
      [],
    ],
    [
      'are left alone where not all could be listed',
      { objects: ALL, unseen: new Set(['builds']) },
      [],
    ],
    [
      'of another Drone server are left alone',
      { objects: [objectOf('Pod', { group: 'drone-0123456789-7-1' })] },
      [],
    ],
    [
      'that a hand named are left alone',
      { objects: [objectOf('Pod', { group: `${groupOf(7)}-copy` })] },
      [],
    ],
    ['are a namespace', { namespaces: [namespaceOf(7)] }, ['own namespace: Namespace']],
    ['are a young namespace', { namespaces: [namespaceOf(7, { created: ago(MINUTE) })] }, []],
  ])('%s', (_title, found, actions) => {
    expect(decided(found)).toEqual(actions);
  });

  test.each<[string, Partial<Found>, boolean]>([
    ['may be those of a runner with its records elsewhere', { objects: ALL }, false],
    ['of which no Pod is there may be, too', { objects: [objectOf('Secret')] }, false],
    ['past the deadline are nobody’s', { objects: [PAST] }, true],
  ])('%s', (_title, found, evenRunning) => {
    const [action] = decide(foundOf(found), SERVER, LIMITS);
    expect(action).toMatchObject({ kind: 'forget', stage: 7, evenRunning });
  });
});

describe('objects of a run from the command line', () => {
  const exec = { group: 'drone-exec-1', origin: 'exec' } as const;
  const pod = (started: number | undefined, created = ago(9 * HOUR)) =>
    objectOf('Pod', { ...exec, created, pod: { started, allowedMs: 2 * HOUR } });

  test.each<[string, Found['objects'], boolean]>([
    ['stay while the Pod may run', [pod(ago(HOUR)), objectOf('ConfigMap', exec)], false],
    ['stay a while after the deadline', [pod(ago(2.5 * HOUR))], false],
    ['go an hour after the deadline', [pod(ago(3.5 * HOUR)), objectOf('ConfigMap', exec)], true],
    [
      'go though something was made later',
      [pod(ago(3.5 * HOUR)), objectOf('ConfigMap', { ...exec, created: ago(HOUR / 2) })],
      true,
    ],
    ['stay while the Pod waits for a node', [pod(undefined, ago(2 * HOUR))], false],
    ['go when it has waited for longer than it may run', [pod(undefined, ago(4 * HOUR))], true],
    [
      'stay where the Pod has no deadline',
      [objectOf('Pod', { ...exec, pod: { started: ago(9 * HOUR), allowedMs: undefined } })],
      false,
    ],
    ['go without a Pod after an hour', [objectOf('ConfigMap', exec)], true],
    [
      'stay without a Pod before that',
      [objectOf('Secret', { ...exec, created: ago(0.5 * HOUR) })],
      false,
    ],
  ])('%s', (_title, objects, goes) => {
    const kinds = objects.map(({ kind }) => kind).join(' ');
    expect(decided({ objects })).toEqual(goes ? [`exec left behind: ${kinds}`] : []);
  });
});

describe('the Lease of a replica', () => {
  test.each<[string, Partial<Found>, string[]]>([
    ['that is dead goes', { leases: [leaseOf()] }, ['dead replica: Lease']],
    ['that lives stays', { leases: [ALIVE] }, []],
    ['that was made a moment ago stays', { leases: [leaseOf({ created: ago(MINUTE) })] }, []],
    [
      'without a time of its own is as old as it is',
      { leases: [leaseOf({ renewed: '' })] },
      ['dead replica: Lease'],
    ],
  ])('%s', (_title, found, actions) => {
    expect(decided(found)).toEqual(actions);
  });
});

test('what was told to go more than an hour ago and is still there is told, with what keeps it', () => {
  const leaving = [
    { ...namespaceOf(8), leavingSince: ago(3 * HOUR), why: 'some content has finalizers: a/b' },
    { ...namespaceOf(9), leavingSince: ago(59 * MINUTE), why: '' },
    { ...POD, leavingSince: ago(90 * MINUTE), why: '' },
  ];
  expect(stuck(foundOf({ leaving }), LIMITS)).toEqual([
    `namespace/${groupOf(8)} was deleted 3 h ago and is still there: some content has finalizers: a/b`,
    `pod/builds/${groupOf(7)} was deleted 1 h ago and is still there`,
  ]);
});

test('ten thousand stages are judged in no time', () => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => index + 1);
  const records = numbers.map((stage) => recordOf({ stage, owner: `owner-${stage}` }));
  const leases = numbers.map((stage) => leaseOf({ name: `owner-${stage}` }));
  const began = performance.now();
  expect(decide(foundOf({ records, leases }), SERVER, LIMITS)).toHaveLength(20_000);
  expect(waiting(foundOf({ records, leases }), LIMITS)).toEqual([]);
  expect(performance.now() - began).toBeLessThan(2_000);
});
