/**
 * Pipeline files from a random number: any keys of the schema, in any layout that YAML allows, with
 * comments at all places where somebody may write one. Each comment is there once.
 */
import { PIPELINE_SCHEMA } from '../../../runtime/pipeline/pipeline-schema.ts';
import type { Fields, Schema } from '../../../runtime/pipeline/schema.ts';

/** Numbers from 0 to below 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const pick = <T>(random: () => number, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)]!;

export type Data =
  | { readonly kind: 'scalar'; readonly text: string; readonly plain: boolean }
  | { readonly kind: 'list'; readonly items: readonly Data[] }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [string, Data])[] };

const TEXTS =
  'make~~go test ./...~~it\'s~~a: b~~# no~~1.10~~yes~~~~ x ~~~~é 😀~~"q"~~\\n~~a\nb~~a\n\n  b\n~~\n\nx~~a #b~~-~~- a~~{x}~~[y]~~&a~~*b~~!c~~%d~~@e~~`f`~~null~~a\n# b\n~~  lead\nx\n~~${DRONE_TAG}~~long long long long long text with many words'.split(
    '~~',
  );

const word = (text: string): Data => ({ kind: 'scalar', text, plain: true });
const text = (random: () => number): Data => ({
  kind: 'scalar',
  text: pick(random, TEXTS),
  plain: false,
});

/** A pipeline of type kubernetes that the schema knows; its names are unique. */
export function generateData(random: () => number): Data {
  let names = 0;
  const some = (most: number): readonly undefined[] =>
    Array.from({ length: Math.floor(random() * (most + 1)) });

  const generate = (schema: Schema, depth: number): Data => {
    switch (schema.kind) {
      case 'string':
      case 'any':
        return text(random);
      case 'reference':
        return word('clone');
      case 'choice':
        return word(pick(random, schema.values));
      case 'int':
        return word(pick(random, ['0', '5', '0o17', '007', '1_000']));
      case 'bool':
        return word(pick(random, ['true', 'false', 'yes', 'off']));
      case 'memory':
        return word(pick(random, ['500MiB', '1024', '1.5g']));
      case 'condition': {
        const shape = random();
        if (shape < 0.3) return word('main');
        const list = (): Data => ({ kind: 'list', items: some(3).map(() => text(random)) });
        if (shape < 0.6) return list();
        return { kind: 'map', pairs: [['exclude', list()] as const, ['include', list()] as const] };
      }
      case 'list':
        return { kind: 'list', items: some(3).map(() => generate(schema.items, depth + 1)) };
      case 'map': {
        const pairs = some(3).map(
          (_, n) =>
            [
              `${pick(random, ['A', 'b c', 'd-e'])}${n}`,
              generate(schema.values, depth + 1),
            ] as const,
        );
        return { kind: 'map', pairs };
      }
      case 'secret':
        return random() < 0.3
          ? { kind: 'map', pairs: [['from_secret', word('token')]] }
          : generate(schema.value, depth + 1);
      case 'object':
        return object(schema.fields, depth);
    }
  };

  const object = (fields: Fields, depth: number): Data => {
    const pairs = Object.entries(fields).flatMap(([name, field]) => {
      if (name === 'name' || name === 'image' || name === 'path')
        return [[name, word(`${name}-${(names += 1)}`)] as const];
      if (name === 'kind') return [[name, word('pipeline')] as const];
      if (name === 'type' && depth === 0) return [[name, word('kubernetes')] as const];
      const likely = name === 'steps' ? 0.9 : depth === 0 ? 0.3 : 0.25;
      return random() < likely ? [[name, generate(field.schema, depth + 1)] as const] : [];
    });
    return { kind: 'map', pairs: pairs.toSorted(() => random() - 0.5) };
  };

  return object(PIPELINE_SCHEMA.fields, 0);
}

/** Writes it down in one of the many ways. */
export function writeData(data: Data, random: () => number): string {
  let comments = 0;
  const maybe = (likely: number): boolean => random() < likely;
  const comment = (): string =>
    `# comment ${(comments += 1)} ${pick(random, ['', ': ', "it's", '- x', '"'])}`;
  const blanks = (): string => (maybe(0.1) ? '\n'.repeat(1 + Math.floor(random() * 3)) : '');
  const behind = (): string =>
    maybe(0.1) ? `${' '.repeat(1 + random() * 3)}${comment()}` : maybe(0.05) ? '  ' : '';
  const above = (indent: number): string =>
    blanks() +
    (maybe(0.1)
      ? `${' '.repeat(maybe(0.8) ? indent : random() * 8)}${comment()}\n${blanks()}`
      : '');
  const step = (): number => 1 + Math.floor(random() * 4);

  const quote = (value: string): string =>
    !value.includes('\n') && maybe(0.5)
      ? `'${value.replaceAll("'", "''")}'`
      : JSON.stringify(value);

  const scalar = (value: Data & { kind: 'scalar' }, flow: boolean): string => {
    const safe = flow ? /^[A-Za-z0-9_/.][\w/.-]*$/ : /^[A-Za-z0-9_/.$][\w/.${} -]*(?<! )$/;
    const isWord = value.text !== 'null' && safe.test(value.text);
    return value.plain || (isWord && maybe(0.7)) ? value.text : quote(value.text);
  };

  const inBrackets = (value: Data, indent: number): string => {
    if (value.kind === 'scalar') return scalar(value, true);
    const space = pick(random, ['', ' ']);
    const gap = (): string =>
      maybe(0.1) ? `${maybe(0.3) ? ` ${comment()}` : ''}\n${' '.repeat(indent + step())}` : space;
    const parts =
      value.kind === 'list'
        ? value.items.map((item) => inBrackets(item, indent))
        : value.pairs.map(([key, inner]) => `${key}: ${inBrackets(inner, indent)}`);
    const [open, end] = value.kind === 'list' ? '[]' : '{}';
    return `${open}${gap()}${parts.join(`,${gap()} `)}${gap()}${end}`;
  };

  /** What follows a key or a dash that stands at this indentation, to the end of the line. */
  const value = (inner: Data, indent: number, inMap: boolean): string => {
    if (inner.kind === 'scalar') {
      const lines = inner.text.split('\n');
      const literal =
        !inner.plain &&
        !/^[\n ]| $/.test(inner.text) &&
        inner.text !== '' &&
        maybe(lines.length > 1 ? 0.6 : 0.1);
      if (literal) {
        const chomping = inner.text.endsWith('\n') ? (maybe(0.2) ? '+' : '') : '-';
        const depth = indent + step();
        const header = `${pick(random, ['|', '>'])}${chomping}${maybe(0.1) ? ` ${comment()}` : ''}`;
        const body = inner.text
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => (line === '' ? '' : ' '.repeat(depth) + line));
        return ` ${header}\n${body.join('\n')}\n${chomping === '+' ? '' : blanks()}`;
      }
      if (maybe(0.05))
        return `${behind()}\n${above(indent)}${' '.repeat(indent + step())}${scalar(inner, false)}${behind()}\n`;
      if (maybe(0.05) && !inner.plain)
        return ` two words\n${' '.repeat(indent + step())}${maybe(0.5) ? '\n  ' + ' '.repeat(indent) : ''}and more${behind()}\n`;
      if (inner.text === '' && maybe(0.5)) return `${behind()}\n`;
      return `${' '.repeat(1 + (maybe(0.1) ? 2 : 0))}${scalar(inner, false)}${behind()}\n`;
    }
    const empty = inner.kind === 'list' ? inner.items.length === 0 : inner.pairs.length === 0;
    const flowable = !JSON.stringify(inner).includes('${');
    if (empty || (flowable && maybe(0.25))) return ` ${inBrackets(inner, indent)}${behind()}\n`;
    const compact = !inMap && maybe(0.8);
    const depth =
      inMap && inner.kind === 'list' && maybe(0.5)
        ? indent
        : indent + (compact ? 1 + step() : step());
    const body = collection(inner, depth);
    return compact
      ? ' '.repeat(depth - indent - 1) + body.slice(depth)
      : `${behind()}\n${above(depth)}${body}`;
  };

  /** Begins with its first key or dash, indented. */
  const collection = (inner: Data & { kind: 'list' | 'map' }, indent: number): string => {
    const pad = ' '.repeat(indent);
    const entries =
      inner.kind === 'list'
        ? inner.items.map((item) => `${pad}-${value(item, indent, false)}`)
        : inner.pairs.map(
            ([key, item]) =>
              `${pad}${maybe(0.05) ? JSON.stringify(key) : key}:${value(item, indent, true)}`,
          );
    return entries.map((entry, index) => (index === 0 ? entry : above(indent) + entry)).join('');
  };

  if (data.kind === 'scalar') return scalar(data, false);
  return (
    above(0) + (maybe(0.2) ? `---${behind()}\n` : '') + above(0) + collection(data, 0) + above(0)
  );
}

export function generateFile(seed: number): string {
  const random = randomOf(seed);
  return writeData(generateData(random), random);
}
