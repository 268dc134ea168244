/** Files of YAML with what YAML has of traps, and what is read from them. */
import type { Diagnostic } from '../../../runtime/pipeline/diagnostics.ts';
import { decodeDocument } from '../../../runtime/pipeline/decode.ts';
import { decodeAny } from '../../../runtime/pipeline/decode-scalar.ts';
import * as schema from '../../../runtime/pipeline/schema.ts';
import { parseSource } from '../../../runtime/pipeline/source.ts';
import type { Node } from '../../../runtime/pipeline/tree.ts';
import { pick } from '../../runtime/pipeline/generated.ts';
import type { Difference } from './differences.ts';
import type { Answer } from './reference.ts';

const SCALARS = (
  '0|1|-1|+1|007|08|0o17|0O17|-0o17|0x1F|0X1f|-0x1F|0b101|-0b101|+0b1|0B1|1_000|_1|1_|0_7|0x_F|1__0|' +
  '12:30|12:30:45|190:20:30|1e3|1E3|1e+3|1E-3|1.5e3|1.5e+3|.5|.5e3|-.5|+.5|1.|1._5|1.10|1.0|0.1|-0|-0.0|' +
  '9007199254740993|9223372036854775807|9223372036854775808|-9223372036854775808|18446744073709551615|' +
  '18446744073709551616|1e400|-1e+400|1e-400|.inf|-.inf|+.Inf|.NaN|.nan|inf|nan|NaN|0x|0b|0o|0b2|0o8|--1|+-1|' +
  '~|null|Null|NULL|nULL|yes|Yes|YES|yEs|no|No|NO|on|On|ON|off|y|Y|n|N|true|True|TRUE|tRue|false|' +
  '2001-01-01|2001-1-1|2001-12-14t21:59:43.10-05:00|2001-12-14 21:59:43.10 -5|2001-12-14 21:59:43|99-1-1|' +
  '=|<<|-|?|:|- a|a: b|a:b|a :b|a #b|a#b|#a|a, b|[a]|{a: b}|{}|[]|[a, b]|[a, [b]]|[,]|[a,]|{a}|{a,b}|{a:}|{a: , b: 1}|' +
  '"a"|"a\\nb"|"\\x41\\u00e9\\U0001F600"|"\\e\\0\\a\\_\\N"|"\\q"|"\\\'"|"a"b|\'a\'|\'it\'\'s\'|\'a\\n\'|"yes"|\'1\'|"~"|""|\'\'|' +
  '!!str 1|!!str yes|!!str ~|!!str|!!int 1|!!int "1"|!!int a|!!int 1.5|!!float 1|!!float 1.5|!!float "1e3"|!!bool yes|!!bool "no"|!!bool 1|' +
  '!!null ~|!!null ""|!!null a|!!binary aGVsbG8=|!!binary "aGVsbG8"|!!binary gIGC|!!binary "aGVs bG8="|!!timestamp 2001-01-01|!!timestamp a|' +
  '!!seq [a]|!!map {a: b}|!!set {a, b}|!!omap [a: 1]|!local a|!local 1|!local [a]|!<tag:yaml.org,2002:str> 1|!<tag:yaml.org,2002:int> 1|! 1|! a|!!int [a]|' +
  '&a 1|&a yes|*a|*b|*nobody|&m {x: 1, y: 2}|*m|[*a, *m]|&l [1, 2]|*l|&r [*r]|' +
  '@a|`a`|%a|&|*|!|>|\\||>-|"|\'|[|{|]|}|,|a b c|a  b|é|😀|\u00a0|a\u2028b|a\u0085b|\uFEFFa|\u0007|a\tb|\ta|a\t|a\t#b|?a|-a|:a|a:|a?b|http://a:80/b#c|a\\b|.|..|...|---|a---'
)
  .split(/(?<!\\)\|/)
  .map((text) => text.replace('\\|', '|'));

const KEYS = ['text', 'flag', 'size', 'list', 'dict', 'other'];
const ODD_KEYS = [
  '<<',
  'yes',
  '1',
  '~',
  '"text"',
  "'flag'",
  '? text\n',
  '!!str size',
  '&k list',
  'é',
  '""',
  'a b',
  '!!int 1',
  '[a]',
  '{a: b}',
  '*a',
  'on',
  '0x10',
  '.5',
  '2001-01-01',
  '""',
  'null',
];

const SIGNS = '-?:,[]{}#&*!|>\'"%@`\t \n\r'.split('');

/** Indented blocks: of text, with all that may stand behind `|` and `>`. */
const BLOCKS = ['|', '>', '|-', '>-', '|+', '>+', '|2', '>1-', '|-1', '| # c', '|0', '|a', '> x'];
const LINES = [
  'a',
  '',
  ' b',
  '  c',
  'd: e',
  '- f',
  '# g',
  '\tx',
  ' ',
  'long text here',
  '---',
  '...',
  'é',
];

export function generateFile(random: () => number): string {
  const maybe = (likely: number): boolean => random() < likely;
  const count = (most: number): number => Math.floor(random() * (most + 1));
  const some = (most: number, make: () => string): string =>
    Array.from({ length: count(most) }, make).join('');
  const behind = (): string =>
    maybe(0.9) ? '' : pick(random, [' ', ' # c', '\t', ' #', '  \t # c', '#c', ' \r']);
  const pad = (indent: number): string =>
    ' '.repeat(Math.max(0, indent + (maybe(0.96) ? 0 : 1 - count(2))));

  const block = (indent: number): string => {
    const lines = some(4, () => `${pad(indent + 2)}${pick(random, LINES)}\n`);
    return `${pick(random, BLOCKS)}\n${lines}`;
  };
  /** What follows a `key:` or a `-` at this indentation, with its line break. */
  const value = (indent: number, depth: number): string => {
    const shape = random();
    const anchor = maybe(0.05)
      ? pick(random, [' &a', ' &m', ' !!map', ' !!seq', ' !!str', ' &a !!str'])
      : '';
    if (depth > 0 && shape < 0.12)
      return `${anchor}${behind()}\n${list(indent + (maybe(0.5) ? 2 : 0), depth - 1)}`;
    if (depth > 0 && shape < 0.24) return `${anchor}${behind()}\n${map(indent + 2, depth - 1)}`;
    if (shape < 0.32) return `${anchor} ${block(indent)}`;
    if (shape < 0.36) {
      const quote = pick(random, ['"', "'", '']);
      const more = some(
        3,
        () => `\n${pad(indent + 1)}${pick(random, ['b', '', '\\', 'c # d', 'e: f', '\tg'])}`,
      );
      return ` ${quote}a${more}${quote}${behind()}\n`;
    }
    return `${anchor}${pick(random, [' ', ' ', ' ', '  ', '\t', ''])}${pick(random, SCALARS)}${behind()}\n`;
  };
  const list = (indent: number, depth: number): string =>
    some(3, () => {
      if (depth > 0 && maybe(0.15))
        return `${pad(indent)}- ${map(indent + 2, depth - 1).trimStart()}`;
      return `${pad(indent)}-${value(indent, depth)}`;
    });
  const map = (indent: number, depth: number): string =>
    some(4, () => {
      const key = maybe(0.15) ? pick(random, ODD_KEYS) : pick(random, KEYS);
      if (maybe(0.05))
        return `${pad(indent)}<<: ${pick(random, ['*m', '*a', '[*m]', '{text: x}', '[{text: x}, *m]', '1'])}\n`;
      return `${pad(indent)}${key}${maybe(0.98) ? '' : ' '}:${value(indent, depth)}`;
    });
  const document = (): string =>
    maybe(0.9)
      ? `${maybe(0.2) ? 'anchors: [&a x, &m {text: m, size: 3}, &l [1]]\n' : ''}${map(0, 2)}`
      : pick(random, [list(0, 2), `${pick(random, SCALARS)}\n`, '# only a comment\n', '']);
  const separator = (): string =>
    pick(random, [
      '---\n',
      '---\n',
      '---\n',
      '----\n',
      '--- \n',
      '---\t\n',
      '--- # c\n',
      '---a\n',
      '--- text: 1\n',
      '...\n',
      '%YAML 1.1\n---\n',
      ' ---\n',
    ]);
  let text = document() + some(2, () => separator() + document());
  if (maybe(0.1)) text = separator() + text;
  if (maybe(0.2) && text !== '') {
    const at = Math.floor(random() * text.length);
    const insert = maybe(0.3) ? '' : pick(random, [...SIGNS, '\r\n', '\u0000', '\u0007', '\u2028']);
    text = text.slice(0, at) + insert + text.slice(at + (maybe(0.5) ? 1 : 0));
  }
  if (maybe(0.05)) text = text.replaceAll('\n', '\r\n');
  if (maybe(0.02)) text = text.replaceAll('\n', '\r');
  if (maybe(0.05)) text = `\uFEFF${text}`;
  if (maybe(0.1)) text = text.replace(/\n$/, '');
  return text.toWellFormed();
}

export const TYPED = schema.object('a file', {
  text: schema.field(schema.string, ''),
  flag: schema.field(schema.bool, ''),
  size: schema.field(schema.int(), ''),
  list: schema.field(schema.list(schema.string), ''),
  dict: schema.field(schema.map(schema.string), ''),
});

/** As main.go here gives it. */
interface Read {
  readonly any: unknown;
  readonly typed: unknown;
}

/** undefined where the file is an error. */
function read(file: string): { readonly documents: readonly Read[] } | { readonly error: unknown } {
  const { documents, diagnostics } = parseSource(file);
  const wrong = diagnostics.find(({ severity }) => severity === 'error');
  if (wrong !== undefined) return { error: wrong };
  const found: Read[] = [];
  for (const root of documents) {
    const problems: Diagnostic[] = [];
    const value = decodeAny(root, '', (problem) => problems.push(problem));
    const tag = problems.find(({ severity }) => severity === 'error');
    if (tag !== undefined) return { error: tag };
    if (value === null) continue;
    found.push({ any: tagged(value), typed: typedOf(root) });
  }
  return { documents: found };
}

/** undefined where the types do not fit. */
function typedOf(root: Node): unknown {
  const problems: Diagnostic[] = [];
  const decoded = decodeDocument(TYPED, root, (problem) => problems.push(problem));
  if (decoded === undefined || problems.some(({ severity }) => severity === 'error'))
    return undefined;
  const { text = '', flag = false, size = 0, list, dict } = decoded.fields;
  return {
    text,
    flag,
    size,
    list: list ?? [],
    dict: Object.fromEntries([...(dict ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function tagged(value: unknown): unknown {
  if (value === null) return null;
  if (typeof value === 'boolean') return { bool: value };
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'bigint') return { int: String(value) };
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value === 'number') return { number: value };
  if (Array.isArray(value)) return { list: value.map(tagged) };
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => [String(key), tagged(item)] as const);
    return { map: pairs.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))) };
  }
  return { other: typeof value };
}

/** Numbers as this program has them; a text and the bytes of a text are the same. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  const [kind, content] = entries[0] ?? [];
  if (entries.length === 1 && typeof content === 'string') {
    if (kind === 'int')
      return Number.isSafeInteger(Number(content)) ? { number: Number(content) } : value;
    if (kind === 'float') return { number: FLOATS.get(content) ?? Number(content) };
    if (kind === 'string') return { bytes: Buffer.from(content).toString('hex') };
  }
  return Object.fromEntries(entries.map(([name, item]) => [name, comparable(item)]));
}

const FLOATS: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);

const show = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item === 0 ? 0 : item,
  );

/** undefined where both say the same. */
export function fileDifference(text: string, theirs: Answer): Difference | undefined {
  const ours = read(text);
  if ('error' in ours) {
    return theirs.error === undefined
      ? { what: 'refused', text, ours: ours.error, theirs }
      : undefined;
  }
  if (theirs.error !== undefined) return { what: 'taken', text, ours: ours.documents, theirs };
  const expected = (theirs.documents ?? []).map(({ any, typed }) => ({
    any: comparable(any),
    typed: withoutNull(typed),
  }));
  const found = ours.documents.map(({ any, typed }) => ({ any: comparable(any), typed }));
  if (show(found) === show(expected)) return undefined;
  if (show(found.map(({ any }) => any)) !== show(expected.map(({ any }) => any))) {
    return { what: 'different', text, ours: found, theirs };
  }
  const isHere = found.map(({ typed }) => typed !== undefined);
  const isThere = expected.map(({ typed }) => typed !== undefined);
  const refused = isThere.some((is, index) => is && !isHere[index]);
  const taken = isHere.some((is, index) => is && !isThere[index]);
  const what = refused ? 'refused' : taken ? 'taken' : 'different';
  return { what, text, ours: found, theirs };
}

/** Empty lists and maps of Go are null in JSON. */
function withoutNull(typed: unknown): unknown {
  if (typed === undefined || typed === null) return undefined;
  const { list, dict, ...rest } = Object.fromEntries(Object.entries(typed));
  return { ...rest, list: list ?? [], dict: dict ?? {} };
}
