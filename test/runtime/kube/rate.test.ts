import { expect, test } from '@jest/globals';
import { RateLimiter, type Lane } from '../../../runtime/kube/rate.ts';
import { instantClock } from './helpers.ts';

test('lets the burst through at once and spreads the rest', async () => {
  const clock = instantClock();
  const limiter = new RateLimiter(10, 5, clock);
  const grantedAt: number[] = [];
  const requests = Array.from({ length: 8 }, async () => {
    await limiter.acquire('normal');
    grantedAt.push(clock.now());
  });
  await Promise.all(requests);
  expect(grantedAt).toEqual([0, 0, 0, 0, 0, 100, 200, 300]);
});

test('an urgent request overtakes all that wait', async () => {
  const limiter = new RateLimiter(10, 1, instantClock());
  await limiter.acquire('normal');
  const order: string[] = [];
  const enter = async (name: string, lane: Lane): Promise<void> => {
    await limiter.acquire(lane);
    order.push(name);
  };
  await Promise.all([
    enter('a', 'normal'),
    enter('b', 'normal'),
    enter('c', 'normal'),
    enter('delete', 'urgent'),
  ]);
  expect(order).toEqual(['delete', 'a', 'b', 'c']);
});

test('a request that is aborted while it waits takes no token', async () => {
  const clock = instantClock();
  const limiter = new RateLimiter(10, 1, clock);
  await limiter.acquire('normal');
  const controller = new AbortController();
  const aborted = limiter.acquire('normal', controller.signal);
  const next = limiter.acquire('normal');
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await next;
  expect(clock.now()).toBe(100);
});
