import { describe, expect, test } from '@jest/globals';
import { backoff, retryDelay } from '../../../runtime/kube/retry.ts';

describe('retryDelay', () => {
  test.each([
    ['429 tells when', { method: 'POST', status: 429, retryAfterSeconds: 2 }, 2_000],
    ['429 asks for an hour', { method: 'GET', status: 429, retryAfterSeconds: 3_600 }, 30_000],
    ['429 says nothing', { method: 'POST', status: 429 }, 100],
    ['503 on a create', { method: 'POST', status: 503 }, undefined],
    [
      '503 on a create, with Retry-After',
      { method: 'POST', status: 503, retryAfterSeconds: 1 },
      1_000,
    ],
    ['503 on a read', { method: 'GET', status: 503 }, 100],
    ['500', { method: 'GET', status: 500 }, undefined],
    ['404', { method: 'GET', status: 404 }, undefined],
    ['reset while reading', { method: 'GET', networkCode: 'ECONNRESET' }, 100],
    ['reset while deleting', { method: 'DELETE', networkCode: 'UND_ERR_SOCKET' }, 100],
    ['reset while creating', { method: 'POST', networkCode: 'ECONNRESET' }, undefined],
    ['refused while creating', { method: 'POST', networkCode: 'ECONNREFUSED' }, 100],
    ['bad certificate', { method: 'GET', networkCode: 'CERT_HAS_EXPIRED' }, undefined],
  ])('%s', (_name, attempt, expected) => {
    expect(retryDelay({ retries: 0, ...attempt }, 1)).toBe(expected);
  });

  test('gives up after five retries', () => {
    const delays = Array.from({ length: 7 }, (_, retries) =>
      retryDelay({ retries, method: 'GET', status: 429 }, 1),
    );
    expect(delays).toEqual([100, 200, 400, 800, 1_600, undefined, undefined]);
  });
});

test('backoff takes away at most half and never exceeds its limit', () => {
  expect(backoff(0, 200, 30_000, 0)).toBe(100);
  expect(backoff(3, 200, 30_000, 0.5)).toBe(1_200);
  expect(backoff(1_000, 200, 30_000, 0.999)).toBeLessThan(30_000);
});
