/** A plugin's `settings` as environment variables. */
import { isUtf8 } from 'node:buffer';
import type { ValueOrSecret } from '../pipeline/model.ts';

/**
 * `PLUGIN_` and the upper-cased key for each setting; no other character is changed. A null is
 * left out. A reference to a secret stays one; `from_secret` deeper inside a value is plain data.
 */
export function settingsEnvironment(
  settings: ReadonlyMap<string, ValueOrSecret<unknown>>,
): Map<string, ValueOrSecret<string>> {
  const environment = new Map<string, ValueOrSecret<string>>();
  for (const [key, setting] of settings) {
    const name = `PLUGIN_${key.toUpperCase()}`;
    if ('fromSecret' in setting) environment.set(name, setting);
    else if (setting.value !== null && setting.value !== undefined) {
      environment.set(name, { value: settingToString(setting.value) });
    }
  }
  return environment;
}

/**
 * The text that a plugin reads, the same as from drone-runner-kube: a scalar as it is, a list of
 * scalars joined by commas (a null in it is empty), everything else as JSON with sorted keys.
 *
 * Whole numbers are printed as integers: whether the file said `1000000` or `1e+6` is not known
 * here.
 */
export function settingToString(value: unknown): string {
  if (isScalar(value)) return scalarToString(value);
  if (Array.isArray(value) && value.every((item) => item === null || isScalar(item))) {
    return value.map((item) => (item === null ? '' : scalarToString(item))).join(',');
  }
  return toJson(value);
}

type Scalar = string | number | bigint | boolean | Uint8Array;

const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  typeof value === 'boolean' ||
  value instanceof Uint8Array;

function scalarToString(value: Scalar): string {
  if (value instanceof Uint8Array) return bytesToString(value);
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return floatToString(value);
  return String(value);
}

/** Drone decodes `!!binary` into text. Bytes that are no text cannot be a variable: base64. */
const bytesToString = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString(isUtf8(bytes) && !bytes.includes(0) ? 'utf8' : 'base64');

/**
 * The shortest digits that give the number back, in the form of Go's `%g`: with an exponent, of at
 * least two digits, from 1e+06 and below 1e-4 on.
 */
function floatToString(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** JSON as Go's encoding/json prints it: sorted keys, and nothing that HTML could take for markup. */
function toJson(value: unknown): string {
  if (value instanceof Uint8Array) return toJson(bytesToString(value));
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return escapeForHtml(JSON.stringify(value));
  const entries: [string, unknown][] =
    value instanceof Map
      ? [...value].map(([key, item]) => [String(key), item])
      : Object.entries(value);
  const members = entries
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, item]) => `${escapeForHtml(JSON.stringify(key))}:${toJson(item)}`);
  return `{${members.join(',')}}`;
}

const escapeForHtml = (json: string): string =>
  json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
