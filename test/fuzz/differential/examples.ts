/** One text or more for each difference that stays, and what is made of it here. */
import type { Diagnostic } from '../../../runtime/pipeline/diagnostics.ts';
import { decodeDocument } from '../../../runtime/pipeline/decode.ts';
import { decodeAny } from '../../../runtime/pipeline/decode-scalar.ts';
import { parseSource } from '../../../runtime/pipeline/source.ts';
import { substitute } from '../../../runtime/pipeline/substitute.ts';
import { TYPED } from './documents.ts';
import type { Question } from './reference.ts';

export interface Example {
  /** Of the difference, in `KEPT`. */
  readonly id: string;
  readonly asked: Question;
  /** As `answerHere` gives it. */
  readonly here: string;
}

const template = (id: string, text: string, value: string, here: string): Example => ({
  id,
  asked: { template: text, variables: { A: value } },
  here,
});

const file = (id: string, text: string, here: string): Example => ({
  id,
  asked: { file: text },
  here,
});

export const EXAMPLES: readonly Example[] = [
  template('template-offset', '${A:é}', 'abc', 'abc'),
  template('template-negative-length', '${A:0:-1}', '', ''),
  template('template-half-letters', '${A#?}', 'éa', 'a'),
  template('template-half-letters', '${A%?}', 'aé', 'a'),
  template('template-byte-order-mark', '\uFEFFa: ${A}', 'b', 'a: b'),
  template('template-nul', 'a: ${A}\u0000c', 'b', 'a: b\u0000c'),
  template('template-iota', '${A^^}', 'aᾳ', 'Aᾳ'),

  file('error-of-drone', '%YAML 1.1\n---\na: 1\n', '[{"a":1}]'),
  file('error-of-drone', 'a:\n-\tb\n', '[{"a":["b"]}]'),
  file('error-of-drone', 'a: |\n  \tb\n', '[{"a":"\\tb\\n"}]'),
  file('error-of-drone', ': a\n', '[{"null":"a"}]'),
  file('error-of-drone', 'a: !!timestamp b\n', '[{"a":"b"}]'),
  file('error-of-drone', 'a: &é 1\nb: *é\n', '[{"a":1,"b":1}]'),
  file('error-of-drone', 'a: {b\nc: d}\n', '[{"a":{"b c":"d"}}]'),
  file('error-of-drone', 'a: [:b]\n', '[{"a":[":b"]}]'),
  file('error-of-drone', 'a: \uFEFFb\n', '[{"a":"\uFEFFb"}]'),
  file('after-first-node', '{a: 1}\nb: 2\n', 'yaml-document'),
  file('single-text', '---\n a:b\nc:d\n', 'yaml-colon'),
  file('byte-order-mark', '\uFEFF---a\n', '[]'),
  file('line-breaks', 'a: 1\u2028b: 2\n', 'yaml-colon'),
  file('line-breaks', 'a\u0085b\n', '["a\u0085b"]'),
  file('after-first-node', 'a: 1\r---\rb: 2\r', '[{"a":1},{"b":2}]'),
  file('indented-separator', ' ---\n[a]\n', '[["a"]]'),
  file('large-number', 'size: 9007199254740993\n', 'type-int-range'),
  file('large-number', 'size: -.inf\n', 'type-int-range'),
  file('odd-tag', 'a: !!int! 1\n', 'yaml-tag'),
  file('colon-in-brackets', '{a:, b: 1}\n', '[{"a":null,"b":1}]'),
  file('lone-sign', 'a: [-, b]\n', 'yaml-comma'),
  file('lone-sign', 'a: [?b]\n', '[{"a":["?b"]}]'),
  file('anchor-sign', 'a: &b 1\n*b: c\n', 'yaml-colon'),
  file('anchor-sign', 'a: &b?c\n', '[{"a":null}]'),
  file('tabs-around-colon', 'a\t:\t[b]\n', 'yaml-unclosed'),
  file('anchor-above-value', 'a: [&b\nc]\n', 'yaml-comma'),
  file('block-at-margin', 'a:\n|\n  b\n', 'yaml-document'),
  file('block-below-blanks', 'a: |\n    \n  # b\n', 'yaml-indentation'),
  file('backslash', 'a: "b\\\n\n  c"\n', '[{"a":"bc"}]'),
  file('null-key', 'dict: {null: a}\n', '[{"dict":{"null":"a"}}]'),
  file('binary-sign', 'a: -0b-01\n', '[{"a":"-0b-01"}]'),
];

/** The text, the documents as JSON, or the code of the first error. */
export function answerHere(asked: Question): string {
  if ('template' in asked) {
    const found = substitute(asked.template, new Map(Object.entries(asked.variables)));
    return 'text' in found ? found.text : found.error.code;
  }
  const { documents, diagnostics } = parseSource(asked.file);
  const problems: Diagnostic[] = [...diagnostics];
  const report = (problem: Diagnostic): number => problems.push(problem);
  const values = documents.map((root) => {
    if (root.kind === 'map') decodeDocument(TYPED, root, report);
    return plain(decodeAny(root, '', report));
  });
  const wrong = problems.find(({ severity }) => severity === 'error');
  return wrong?.code ?? JSON.stringify(values);
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
}
