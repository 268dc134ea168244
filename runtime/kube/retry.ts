/** Whether a failed request is sent again, and when. Pure: the caller draws the random number. */

export interface FailedAttempt {
  /** Retries made before, from 0. */
  readonly retries: number;
  readonly method: string;
  /** The HTTP status, or undefined where no answer came. */
  readonly status?: number | undefined;
  /** The header or the Status object's field, in seconds. */
  readonly retryAfterSeconds?: number | undefined;
  /** The code of the network's failure, such as `ECONNREFUSED`. */
  readonly networkCode?: string | undefined;
}

const MAX_RETRIES = 5;
const BASE_MS = 100;
const LIMIT_MS = 5_000;
const LIMIT_RETRY_AFTER_SECONDS = 30;

/** Nothing was sent yet, so even a create cannot happen twice. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const BROKEN = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
]);

/**
 * Milliseconds to wait before the next attempt, or undefined when the failure is final.
 * 429 is always sent again and 503 with Retry-After too, since both say "not done"; the rest only
 * where doing it twice is the same as once (every method but POST). At most five retries.
 *
 * @param random in [0, 1): spreads the retries of many clients over half of each delay.
 */
export function retryDelay(attempt: FailedAttempt, random: number): number | undefined {
  if (attempt.retries >= MAX_RETRIES || !isWorthRetrying(attempt)) return undefined;
  if (attempt.retryAfterSeconds !== undefined) {
    return Math.min(attempt.retryAfterSeconds, LIMIT_RETRY_AFTER_SECONDS) * 1_000;
  }
  return backoff(attempt.retries, BASE_MS, LIMIT_MS, random);
}

function isWorthRetrying(attempt: FailedAttempt): boolean {
  const repeatable = attempt.method !== 'POST';
  if (attempt.networkCode !== undefined) {
    return NOT_SENT.has(attempt.networkCode) || (repeatable && BROKEN.has(attempt.networkCode));
  }
  if (attempt.status === 429) return true;
  if (attempt.status === 503) return repeatable || attempt.retryAfterSeconds !== undefined;
  return false;
}

/** `base` doubled `tries` times, at most `limit`, of which a random half is taken away. */
export function backoff(tries: number, base: number, limit: number, random: number): number {
  const full = Math.min(limit, base * 2 ** Math.min(tries, 30));
  return full / 2 + (full / 2) * random;
}
