/** What the operators of `${name operator operands}` do to the value of the variable. */
import { prefixLengths } from './glob.ts';

export interface Operator {
  /**
   * - default: one text in which `${…}` may stand anywhere;
   * - pattern, range, replacement: one or two operands, each a text or one `${…}`.
   */
  readonly operands: 'none' | 'default' | 'pattern' | 'range' | 'replacement';
  readonly apply: (value: string, operands: readonly string[]) => string | Refusal;
}

/** Why the operands make no sense: what follows `it …`. */
export interface Refusal {
  readonly refused: string;
}

/** Longest result, in UTF-16 units; replacements within replacements could make any size. */
export const MAX_LENGTH = 4 * 1024 * 1024;
const TOO_LONG: Refusal = { refused: 'grows beyond what this runner reads' };

const useDefault: Operator = {
  operands: 'default',
  apply: (value, [text = '']) => (value === '' ? text : value),
};
const replace = (
  apply: (value: string, from: string, to: string) => string | Refusal,
): Operator => ({
  operands: 'replacement',
  apply: (value, [from = '', to = '']) => apply(value, from, to),
});
const remove = (apply: (value: string, pattern: string) => string): Operator => ({
  operands: 'pattern',
  apply: (value, [pattern = '']) => apply(value, pattern),
});
const change = (apply: (value: string) => string): Operator => ({ operands: 'none', apply });

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  // Drone has no assignments and no errors: `=`, `?` and `+` do what `-` does.
  ...['=', ':=', ':-', ':?', ':+'].map((name) => [name, useDefault] as const),
  [':', { operands: 'range', apply: (value, operands) => slice(value, operands) }],
  ['^', change((value) => changeFirst(value, toUpper))],
  ['^^', change((value) => Array.from(value, toUpper).join(''))],
  [',', change((value) => changeFirst(value, toLower))],
  [',,', change((value) => Array.from(value, toLower).join(''))],
  ['^,', change((value) => value)],
  [',^', change((value) => value)],
  ['#', remove((value, pattern) => removePrefix(value, pattern, 'shortest'))],
  ['##', remove((value, pattern) => removePrefix(value, pattern, 'longest'))],
  ['%', remove((value, pattern) => removeSuffix(value, pattern, 'shortest'))],
  ['%%', remove((value, pattern) => removeSuffix(value, pattern, 'longest'))],
  ['/', replace((value, from, to) => replaceFirst(value, from, to))],
  ['//', replace((value, from, to) => replaceAll(value, from, to))],
  ['/#', { operands: 'replacement', apply: (value, operands) => replacePrefix(value, operands) }],
  ['/%', { operands: 'replacement', apply: (value, operands) => replaceSuffix(value, operands) }],
] satisfies (readonly [string, Operator])[]);

/** undefined for '' and whatever else is no operator. */
export const operatorNamed = (name: string): Operator | undefined => OPERATORS.get(name);

/** One character stays one character, as in Go: `ß` has no upper case. */
function oneToOne(character: string, changed: string): string {
  return Array.from(changed).length === 1 ? changed : character;
}
const toUpper = (character: string): string => oneToOne(character, character.toUpperCase());
/** Only `İ` becomes two, an `i` and a dot; Go takes the `i`. */
const toLower = (character: string): string => Array.from(character.toLowerCase())[0] ?? '';

function changeFirst(value: string, toCase: (character: string) => string): string {
  const [first = '', ...rest] = Array.from(value);
  return toCase(first) + rest.join('');
}

/** By bytes. An operand that is no number leaves the value as it is; a negative offset counts from the end. */
function slice(value: string, operands: readonly string[]): string | Refusal {
  const numbers = operands.map((operand) =>
    /^[-+]?[0-9]+$/.test(operand) ? Number(operand) : NaN,
  );
  if (!numbers.every(Number.isSafeInteger)) return value;
  const bytes = Buffer.from(value);
  const [offset = 0, length = Infinity] = numbers;
  const start = offset < 0 ? Math.max(0, bytes.length + offset) : offset;
  if (start >= bytes.length) return '';
  if (length < 0) return { refused: 'asks for a negative number of bytes' };
  return bytes.subarray(start, start + length).toString();
}

function replaceFirst(value: string, from: string, to: string): string {
  const at = value.indexOf(from);
  return at < 0 ? value : value.slice(0, at) + to + value.slice(at + from.length);
}

function replaceAll(value: string, from: string, to: string): string | Refusal {
  const parts = from === '' ? ['', ...Array.from(value), ''] : value.split(from);
  if (value.length + parts.length * to.length > MAX_LENGTH) return TOO_LONG;
  return parts.join(to);
}

/** Without a replacement nothing changes at the start and at the end, as in the original. */
const replacePrefix = (value: string, [from = '', to]: readonly string[]): string =>
  to !== undefined && value.startsWith(from) ? to + value.slice(from.length) : value;

const replaceSuffix = (value: string, [from = '', to]: readonly string[]): string =>
  to !== undefined && value.endsWith(from)
    ? value.slice(0, value.length - from.length) + to
    : value;

type Extent = 'shortest' | 'longest';

const removePrefix = (value: string, pattern: string, extent: Extent): string =>
  removeStart(Array.from(value), Array.from(pattern), extent).join('');

/** The original turns value and pattern round, so classes and `\` never match at the end; so here. */
const removeSuffix = (value: string, pattern: string, extent: Extent): string =>
  removeStart(Array.from(value).toReversed(), Array.from(pattern).toReversed(), extent)
    .toReversed()
    .join('');

/** Removes at least one character, so that `#*` removes the first one. */
function removeStart(
  value: readonly string[],
  pattern: readonly string[],
  extent: Extent,
): string[] {
  let length = 0;
  for (const candidate of prefixLengths(pattern, value)) {
    if (candidate === 0) continue;
    const better = extent === 'longest' ? candidate > length : candidate < length;
    if (length === 0 || better) length = candidate;
  }
  return value.slice(length);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** A text in double quotes on one line, as Go's strconv.Quote writes it. */
export function goQuote(text: string): string {
  const characters = Array.from(text, (character) => {
    const escape = ESCAPES.get(character);
    if (escape !== undefined) return escape;
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) return character;
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `"${characters.join('')}"`;
}
