import { expect, test } from '@jest/globals';
import type { Clock } from '../../../runtime/kube/clock.ts';
import { Tasks } from '../../../runtime/stage/tasks.ts';

/** Time that stands still: a sleep ends by its signal alone. */
const FROZEN: Clock = {
  now: () => 0,
  sleep: async (_, signal) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')));
    }),
};

test('the loop does not miss what happened while it was busy', async () => {
  const tasks = new Tasks(FROZEN);
  tasks.wake();
  await expect(tasks.next(250)).resolves.toBeUndefined();
});

test('the loop goes on when the time is up', async () => {
  const asked: number[] = [];
  const tasks = new Tasks({
    now: () => 0,
    sleep: async (milliseconds) => {
      asked.push(milliseconds);
    },
  });
  await tasks.next(250);
  expect(asked).toEqual([250]);
});

test('a task that fails wakes the loop, and the first failure is the one that counts', async () => {
  const tasks = new Tasks(FROZEN);
  tasks.run(Promise.reject(new Error('first')));
  tasks.run(Promise.reject(new Error('second')));
  expect(() => tasks.throwIfFailed()).not.toThrow();
  await tasks.next(250);
  expect(() => tasks.throwIfFailed()).toThrow('first');
});

test('the end aborts every task and waits for it; what it throws then is no failure', async () => {
  const tasks = new Tasks(FROZEN);
  let left = false;
  tasks.run(
    FROZEN.sleep(1, tasks.signal).finally(() => {
      left = true;
    }),
  );
  await tasks.end();
  expect(left).toBe(true);
  expect(() => tasks.throwIfFailed()).not.toThrow();
});
