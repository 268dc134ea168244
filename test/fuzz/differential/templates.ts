/** Templates of `${…}`: with all operators, in each other, and broken. */
import { substitute } from '../../../runtime/pipeline/substitute.ts';
import { pick } from '../../runtime/pipeline/generated.ts';
import type { Difference } from './differences.ts';
import type { Answer } from './reference.ts';

export interface Template {
  readonly template: string;
  readonly variables: Readonly<Record<string, string>>;
}

const NAMES = ['A', 'B', 'C', 'LONG_NAME', 'é', 'NOT_SET', '1', '_'];
const VALUES = [
  '',
  'abc',
  'aaa',
  'refs/tags/v1.2.3',
  'feature/a-b_c',
  'a\nb',
  'a\n"\\\t\u0001é\u2028\u{1F600}\u00AD',
  'straße ΣΑΣ ǆ İ',
  'é😀z',
  'a.b*c?d[e]f\\g',
  '}',
  '${A}',
  '$$',
  '/a/b//c/',
  '0',
  ' x ',
  'ﬁ ŉ \u{10428}\u{10400} ß',
  'a{b,c}d',
];
const OPERATORS = [
  ':-',
  ':=',
  '=',
  ':?',
  ':+',
  '-',
  '+',
  '?',
  ':',
  '^',
  '^^',
  ',',
  ',,',
  '^,',
  ',^',
  '^^^',
  '#',
  '##',
  '%',
  '%%',
  '###',
  '%%%',
  '/',
  '//',
  '/#',
  '/%',
  '///',
  ':1',
  ':1:2',
  ':-1',
  ': -1',
  '@',
  '!',
  '[@]',
  ' ',
];
const OPERANDS = [
  '',
  'a',
  'b',
  'abc',
  '*',
  '?',
  '*a',
  'a*',
  '**',
  '*/',
  '/*',
  '[a-c]',
  '[^a]',
  '[!a]',
  '[a',
  ']',
  '{a,b}',
  '\\*',
  '\\\\',
  '\\/',
  '\\',
  '$',
  '$$',
  '$A',
  '"',
  "'",
  ':',
  '::',
  '1',
  '-1',
  '+2',
  '01',
  '0x1',
  '99999999999999999999',
  '1_0',
  ' ',
  '\n',
  'é',
  '😀',
  '/',
  '//',
  'a/b',
  '#',
  '%',
  '=',
  '}',
  '{',
  '.*',
];
const PLAIN = [
  'text ',
  '$',
  '$$',
  '$A',
  '$$A',
  '$${A}',
  '$$$',
  '$$$$',
  '\\',
  '\\\\',
  '\\/',
  '\\$',
  '\\n',
  '${',
  '}',
  '{',
  '#',
  '\n',
  '\r\n',
  'é',
  '😀',
  '$(A)',
  '`',
  '"',
  "'",
  ':',
  '$\\',
  '\\${A}',
  '$/',
];

export function generateTemplate(random: () => number): Template {
  const maybe = (likely: number): boolean => random() < likely;
  const some = (most: number, make: () => string): string =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, make).join('');
  const operand = (depth: number): string =>
    depth < 4 && maybe(0.25) ? value(depth + 1) : pick(random, OPERANDS);
  const value = (depth: number): string => {
    const name = maybe(0.95) ? pick(random, NAMES) : '';
    if (maybe(0.1)) return `\${#${name}}`;
    if (maybe(0.1)) return `\${${name}}`;
    const operands = [operand(depth), ...(maybe(0.5) ? [operand(depth)] : [])];
    const between = maybe(0.7) ? pick(random, ['/', ':']) : '';
    return `\${${name}${pick(random, OPERATORS)}${operands.join(between)}}`;
  };
  let template = some(5, () => (maybe(0.6) ? value(0) : pick(random, PLAIN)));
  // One character less, or one too many.
  if (maybe(0.3) && template !== '') {
    const at = Math.floor(random() * template.length);
    const insert = maybe(0.5) ? '' : pick(random, [...OPERANDS, ...OPERATORS]);
    template = template.slice(0, at) + insert + template.slice(at + (maybe(0.5) ? 1 : 0));
  }
  const variables = NAMES.filter((name) => name !== 'NOT_SET').map(
    (name) => [name, pick(random, VALUES)] as const,
  );
  return { template: template.toWellFormed(), variables: Object.fromEntries(variables) };
}

/** undefined where both say the same. */
export function templateDifference(asked: Template, theirs: Answer): Difference | undefined {
  const found = substitute(asked.template, new Map(Object.entries(asked.variables)));
  const ours = 'text' in found ? found.text : undefined;
  if (ours === theirs.text) return undefined;
  return {
    text: asked.template,
    ours: ours ?? ('error' in found ? found.error : ''),
    theirs,
    what: ours === undefined ? 'refused' : theirs.text === undefined ? 'taken' : 'different',
  };
}
