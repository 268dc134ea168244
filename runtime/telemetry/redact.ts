/** Takes everything secret out of what is about to be logged. Pure. */
import { createMasker, MASK } from '../compile/mask.ts';

export type Mask = (text: string) => string;

/** Their values never show, whatever they are: nobody needs them in a log. */
const SECRET_KEY =
  /secret|passw|passphrase|token|authorization|cookie|credential|netrc|private_?key|api_?key|signature|dockerconfig|^(?:data|stringData|env|environ|environment|params)$/i;

/** User and password inside a URL. */
const URL_CREDENTIALS = /:\/\/[^\s/?#]*@/g;
const BEARER = /\b(bearer) +[\w.~+/=-]{8,}/gi;

const LONGEST_TEXT = 2000;
const MOST_ITEMS = 50;
const DEEPEST = 6;

/**
 * Hides the given secrets in a text: as they are, inside JSON and in base64 (as Kubernetes writes
 * them), and whatever looks like a credential in a URL or a header. Built at the first use.
 */
export function createMask(secrets: readonly string[]): Mask {
  let masker: ReturnType<typeof createMasker> | undefined;
  return (text) => {
    masker ??= createMasker(secrets.flatMap((secret) => [secret, ...encoded(secret)]));
    const masked = masker.write(text) + masker.flush();
    return masked.replace(URL_CREDENTIALS, `://${MASK}@`).replace(BEARER, `$1 ${MASK}`);
  };
}

/** A short one would hide what is no secret. */
const encoded = (secret: string): string[] =>
  secret.length < 4 ? [] : [Buffer.from(secret).toString('base64').replace(/=+$/, '')];

/**
 * A copy that can be written as JSON and read by anybody: texts masked and cut, values of secret
 * keys replaced, errors as name, code, message and cause. `stacks` adds the stacks of errors.
 */
export function redactFields(
  given: Readonly<Record<string, unknown>>,
  mask: Mask,
  stacks: boolean,
): Record<string, unknown> {
  const text = (long: string): string => {
    // Masked first: half of a secret would not be known any more.
    const masked = mask(long);
    return masked.length > LONGEST_TEXT ? `${masked.slice(0, LONGEST_TEXT)}…` : masked;
  };
  const error = (thrown: Error, depth: number): unknown => ({
    name: thrown.name,
    ...('code' in thrown && typeof thrown.code === 'string' ? { code: thrown.code } : {}),
    message: text(thrown.message),
    ...(stacks && thrown.stack !== undefined ? { stack: text(thrown.stack) } : {}),
    ...(thrown.cause === undefined ? {} : { cause: clean(thrown.cause, depth) }),
  });
  const record = (entries: Iterable<readonly [string, unknown]>, depth: number) =>
    Object.fromEntries(
      [...entries].slice(0, MOST_ITEMS).map(([key, value]) => [
        // The outer names are this program's own.
        depth === 0 ? key : text(key),
        SECRET_KEY.test(key) && isTelling(value) ? MASK : clean(value, depth + 1),
      ]),
    );
  const clean = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    // Also the end of whatever contains itself.
    if (depth >= DEEPEST) return '…';
    if (value instanceof Error) return error(value, depth + 1);
    if (value instanceof URL) return text(value.href);
    if (value instanceof Date)
      return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString();
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    if (Array.isArray(value) || value instanceof Set) {
      return [...value].slice(0, MOST_ITEMS).map((item) => clean(item, depth + 1));
    }
    if (value instanceof Map) {
      const entries = [...value].map(([key, item]): [string, unknown] => [String(key), item]);
      return record(entries, depth);
    }
    return record(Object.entries(value), depth);
  };
  return record(Object.entries(given), 0);
}

/** Whether a secret is there or not may be told. */
const isTelling = (value: unknown): boolean =>
  value !== undefined && value !== null && typeof value !== 'boolean';
