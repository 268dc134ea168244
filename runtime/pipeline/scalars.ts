/**
 * What a scalar means. The rules are those of the YAML 1.1 parser of Drone (go-yaml 2.1), which
 * differ from the letter of YAML 1.1: no sexagesimal numbers, no dates, and an exponent needs a sign.
 */

export type ScalarValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  /** Beyond ±2^53 a bigint. */
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'binary'; readonly value: Uint8Array };

/** The parts of a scalar that decide what it means. */
export interface ScalarSource {
  readonly text: string;
  /** Neither quoted nor a block. */
  readonly plain: boolean;
  /** As it is written, `!!int`; '' without one. */
  readonly tag: string;
}

/** Names of the tags that a value must fit. */
const CHECKED_TAGS: ReadonlyMap<string, ScalarValue['kind']> = new Map([
  ['!!null', 'null'],
  ['!!bool', 'bool'],
  ['!!int', 'int'],
  ['!!float', 'float'],
]);

/** undefined where the text does not fit the tag. */
export function resolveScalar(source: ScalarSource): ScalarValue | undefined {
  const { text, plain } = source;
  const tag = shortTag(source.tag);
  if (tag === '!!binary') {
    const value = decodeBase64(text);
    return value === undefined ? undefined : { kind: 'binary', value };
  }
  const checked = CHECKED_TAGS.get(tag);
  if (checked !== undefined) {
    const value = resolvePlain(text);
    return value.kind === checked ? value : undefined;
  }
  return plain && tag === '' ? resolvePlain(text) : { kind: 'string', value: text };
}

/** `!<tag:yaml.org,2002:int>` is `!!int`. */
const shortTag = (tag: string): string =>
  tag.startsWith(LONG) ? `!!${tag.slice(LONG.length, -1)}` : tag;
const LONG = '!<tag:yaml.org,2002:';

const TRUE_WORDS = ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'];
const FALSE_WORDS = ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'];

/** Truth values of YAML 1.1. */
export const BOOL_WORDS: readonly string[] = [...TRUE_WORDS, ...FALSE_WORDS];

const WORDS: ReadonlyMap<string, ScalarValue> = new Map<string, ScalarValue>([
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, { kind: 'null' }] as const),
  ...TRUE_WORDS.map((word) => [word, { kind: 'bool', value: true }] as const),
  ...FALSE_WORDS.map((word) => [word, { kind: 'bool', value: false }] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, { kind: 'float', value: NaN }] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, { kind: 'float', value: Infinity }] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map(
    (word) => [word, { kind: 'float', value: -Infinity }] as const,
  ),
]);

function resolvePlain(text: string): ScalarValue {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (/^[-+.0-9]/.test(text)) {
    const digits = text.replaceAll('_', '');
    const int = parseInt64(digits);
    if (int !== undefined) return { kind: 'int', value: int };
    // A number that starts with its point takes any exponent, and no underscores.
    const isFloat = text.startsWith('.')
      ? /^\.[0-9]+(?:[eE][-+]?[0-9]+)?$/.test(text)
      : /^[-+]?[0-9]*\.?[0-9]+(?:[eE][-+][0-9]+)?$/.test(digits);
    if (isFloat && Number.isFinite(Number(digits))) return { kind: 'float', value: Number(digits) };
  }
  return { kind: 'string', value: text };
}

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/** An integer of at most 64 bits; undefined for anything else, `08` included. */
function parseInt64(text: string): number | bigint | undefined {
  if (text.length > 100) return undefined;
  const match = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/.exec(
    text,
  );
  if (match === null) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const magnitude = BigInt(hex ?? binary ?? decimal ?? `0o${octal}`);
  const value = sign === '-' ? -magnitude : magnitude;
  if (value < MIN_INT64 || value > MAX_UINT64) return undefined;
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function decodeBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Uint8Array.from(atob(compact), (character) => character.charCodeAt(0));
}
