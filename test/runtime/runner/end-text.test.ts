import { describe, expect, test } from '@jest/globals';
import { endText, isWorthAnotherTry } from '../../../runtime/runner/end-text.ts';
import type { EndReason } from '../../../runtime/stage/conclude.ts';

test('a success and a failure that the steps tell have no text', () => {
  expect(endText({ error: '', reason: 'succeeded' })).toBe('');
  expect(endText({ error: '', reason: 'failed' })).toBe('');
});

test('says what happened, and what to do', () => {
  expect(endText({ error: 'somebody deleted the Pod', reason: 'deleted by somebody' })).toBe(
    'somebody deleted the Pod; start the build again',
  );
});

describe('is begun again', () => {
  const before = { steps: [] };
  test.each<[EndReason, boolean]>([
    ['evicted', true],
    ['preempted', true],
    ['node lost', true],
    ['deleted by somebody', true],
    ['failed', false],
    ['killed', false],
    ['timeout', false],
    ['unschedulable', false],
    ['image pull', false],
    ['internal', false],
  ])('%s: %s', (reason, again) => {
    expect(
      isWorthAnotherTry(
        { reason, ...before },
        { mayHaveStarted: false, attempt: 1, limit: 2, retries: 0 },
      ),
    ).toBe(again);
  });

  test('not more often than allowed', () => {
    expect(
      isWorthAnotherTry(
        { reason: 'evicted', ...before },
        { mayHaveStarted: false, attempt: 2, limit: 2, retries: 0 },
      ),
    ).toBe(true);
    expect(
      isWorthAnotherTry(
        { reason: 'evicted', ...before },
        { mayHaveStarted: false, attempt: 3, limit: 2, retries: 0 },
      ),
    ).toBe(false);
    expect(
      isWorthAnotherTry(
        { reason: 'evicted', ...before },
        { mayHaveStarted: false, attempt: 1, limit: 0, retries: 0 },
      ),
    ).toBe(false);
  });

  test('after its first step only where the pipeline says so', () => {
    const result = { reason: 'evicted', steps: [{ started: 1 }] } as const;
    const budget = { mayHaveStarted: false, attempt: 1, limit: 2, retries: 0 };
    expect(isWorthAnotherTry(result, budget)).toBe(false);
    expect(isWorthAnotherTry(result, { ...budget, retries: 1 })).toBe(true);
    expect(isWorthAnotherTry(result, { ...budget, attempt: 2, retries: 1 })).toBe(false);
    const unknown = { reason: 'deleted by somebody', steps: [] } as const;
    expect(isWorthAnotherTry(unknown, { ...budget, mayHaveStarted: true })).toBe(false);
  });
});
