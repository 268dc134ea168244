import { describe, expect, test } from '@jest/globals';
import { History, type StageEvent } from '../../../runtime/telemetry/history.ts';
import { toJson } from '../../../runtime/telemetry/json.ts';
import { contextOf } from '../support.ts';
import { ended, historyOf, NOW, stepEntry, taken } from './stages.ts';

const ids = (history: History): number[] => history.recent().map(({ stage }) => stage.id);

const waiting = (id: number, text: string, at = NOW): StageEvent => ({
  type: 'waiting',
  stage: id,
  at,
  text,
});
const running = (id: number, at = NOW): StageEvent => ({ type: 'running', stage: id, at });
const left = (id: number): StageEvent => ({ type: 'left', stage: id, at: NOW });

describe('the order of the stages', () => {
  test('those that go on come first, then the newest', () => {
    const history = historyOf([
      ...[1, 2, 3, 4].map((id) => taken(id, NOW + id)),
      ended(3, NOW + 10),
      ended(1, NOW + 20),
    ]);
    expect(ids(history)).toEqual([4, 2, 1, 3]);
  });

  test('a new one always appears: it takes the place of the one that ended first', () => {
    const history = new History();
    for (let id = 1; id <= 30; id += 1) {
      history.apply(taken(id, NOW + id));
      history.apply(ended(id, NOW + id));
    }
    history.apply(taken(31, NOW + 31));
    expect(ids(history)).toEqual([31, ...Array.from({ length: 24 }, (_, index) => 30 - index)]);
    expect(history.find(6)).toBeUndefined();
  });

  test('one that goes on is never dropped, however many there are', () => {
    const history = historyOf(Array.from({ length: 40 }, (_, id) => taken(id, NOW + id)));
    expect(ids(history)).toHaveLength(40);
    for (let id = 0; id < 40; id += 1) history.apply(ended(id, NOW + 100 + id));
    expect(ids(history)).toEqual(Array.from({ length: 25 }, (_, index) => 39 - index));
  });
});

describe('the life of a stage', () => {
  test('waits, runs and ends', () => {
    const history = historyOf([taken(3)]);
    expect(history.find(3)).toMatchObject({ stage: { status: 'pending' }, waiting: '' });
    history.apply(waiting(3, 'no node can take the Pod', NOW + 1));
    expect(history.find(3)).toMatchObject({
      waiting: 'no node can take the Pod',
      updated: NOW + 1,
    });
    history.apply(running(3, NOW + 2));
    history.apply(waiting(3, '', NOW + 3));
    expect(history.find(3)).toMatchObject({
      stage: { status: 'running', started: NOW + 2, stopped: undefined },
      waiting: '',
      reason: undefined,
    });
    history.apply(waiting(3, 'step "b" waits', NOW + 4));
    history.apply(ended(3, NOW + 5, 'it was not there'));
    expect(history.find(3)).toMatchObject({
      stage: { status: 'error', error: 'it was not there', started: NOW + 2, stopped: NOW + 5 },
      waiting: '',
      reason: 'image pull',
    });
  });

  test('steps are told one by one, and may be told later than the end', () => {
    const steps = (...entries: readonly Parameters<typeof stepEntry>[0][]): StageEvent => ({
      type: 'steps',
      stage: 3,
      at: NOW,
      steps: entries.map(stepEntry),
    });
    const history = historyOf([
      taken(3),
      steps({ number: 2, name: 'test' }, { number: 1, name: 'clone', status: 'running' }),
      ended(3),
      steps({ number: 1, name: 'clone', status: 'failure', exitCode: 2 }),
    ]);
    expect(history.find(3)).toMatchObject({
      stage: { status: 'success' },
      steps: [
        { number: 1, status: 'failure', exitCode: 2 },
        { number: 2, status: 'pending' },
      ],
    });
  });

  test.each<[string, StageEvent]>([
    ['waiting', waiting(3, 'late')],
    ['running', running(3)],
    ['another end', ended(3, NOW + 9, 'late')],
    ['left', left(3)],
  ])('after its end nothing changes by: %s', (_name, event) => {
    const history = historyOf([taken(3), ended(3)]);
    const before = history.find(3);
    history.apply(event);
    expect(history.find(3)).toEqual(before);
  });

  test('one that another replica goes on with is shown there, not here', () => {
    expect(ids(historyOf([taken(3), running(3), left(3)]))).toEqual([]);
  });

  test('one that came back runs since it started', () => {
    const history = historyOf([
      taken(3),
      left(3),
      taken(3, NOW + 50, { stage: { started: 1_700_003_000 } }),
    ]);
    expect(history.find(3)).toMatchObject({
      stage: { status: 'running', started: 1_700_003_000_000 },
      created: NOW + 50,
    });
  });

  test('what happens to a stage that is not known is ignored', () => {
    expect(ids(historyOf([waiting(3, 'x'), running(3), ended(3), left(3)]))).toEqual([]);
  });
});

describe('what is told of a stage', () => {
  test('no secret of the repository, the build or the clone', () => {
    const details = contextOf({
      build: { params: { KEY: 'hunter2' }, author_email: 'hunter2' },
      netrc: { machine: 'm', login: 'hunter2', password: 'hunter2' },
    });
    const repo = { ...details.repo, secret: 'hunter2', signer: 'hunter2' };
    const history = historyOf([
      { type: 'taken', stage: 3, at: NOW, details: { ...details, repo } },
    ]);
    expect(history.recent()).toHaveLength(1);
    expect(JSON.stringify(history.recent())).not.toContain('hunter2');
  });

  test('as JSON it has the names and the unix seconds of Drone', () => {
    const history = historyOf([
      taken(3, NOW + 999),
      running(3, NOW + 1500),
      {
        type: 'steps',
        stage: 3,
        at: NOW,
        steps: [stepEntry({ status: 'success', started: NOW + 1500, stopped: NOW + 2500 })],
      },
      ended(3, NOW + 4000),
    ]);
    const seconds = NOW / 1000;
    expect(history.recent().map(toJson)).toMatchObject([
      {
        stage: {
          id: 3,
          name: 'default',
          status: 'success',
          started: seconds + 1,
          stopped: seconds + 4,
          waiting: '',
          reason: 'succeeded',
          steps: [{ name: 'build', exit_code: 0, started: seconds + 1, stopped: seconds + 2 }],
        },
        build: { number: 42, event: 'push', author: 'octocat' },
        repo: { slug: 'octocat/hello' },
        created: seconds,
        updated: seconds + 4,
      },
    ]);
  });

  test('long texts are cut', () => {
    const history = historyOf([taken(3, NOW, { build: { message: 'x'.repeat(1e6) } })]);
    expect(history.find(3)?.build.message).toHaveLength(2001);
  });
});
