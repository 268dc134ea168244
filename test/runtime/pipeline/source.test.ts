import { describe, expect, test } from '@jest/globals';
import { parseSource } from '../../../runtime/pipeline/source.ts';
import type { Node } from '../../../runtime/pipeline/tree.ts';
import { brief } from './helpers.ts';

/** The tree as plain data, scalars as they are written. */
function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, plain(value)]));
}

const read = (text: string): unknown => {
  const { documents, diagnostics } = parseSource(text);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return documents.map(plain);
};

describe('reading YAML', () => {
  test.each<[string, string, unknown]>([
    ['nothing', '', []],
    ['only comments', '# a\n\n# b\n', []],
    ['empty documents', '---\n---\na: 1\n---\n', [{ a: '1' }]],
    ['several documents', 'a: 1\n---\nb: 2\n--- # c\nc: 3', [{ a: '1' }, { b: '2' }, { c: '3' }]],
    ['a long row of dashes', 'a: 1\n-------\nb: 2\n', [{ a: '1' }, { b: '2' }]],
    ['a byte order mark', '\uFEFFa: 1', [{ a: '1' }]],
    ['Windows line ends', 'a: 1\r\nb:\r\n- c\r\n', [{ a: '1', b: ['c'] }]],
    ['block texts', 'a: |\n  x\n   y\nb: >-\n  x\n  y\n', [{ a: 'x\n y\n', b: 'x y' }]],
    ['an alias', 'a: &x [1]\nb: *x', [{ a: ['1'], b: ['1'] }]],
    ['an anchor that is set anew', 'a: &x 1\nb: &x 2\nc: *x', [{ a: '1', b: '2', c: '2' }]],
    [
      'a merged map',
      'a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}',
      [{ a: { k: '1', l: '2' }, b: { k: '3', l: '2' } }],
    ],
    ['merged maps, the first wins', 'a: {<<: [{k: 1}, {k: 2, l: 3}]}', [{ a: { k: '1', l: '3' } }]],
    ['a written key above the merge', 'a: {k: 3, <<: {k: 1, l: 2}}', [{ a: { k: '1', l: '2' } }]],
    [
      'written keys around the merge',
      'a: {k: 3, <<: {k: 1, l: 2}, l: 4}',
      [{ a: { k: '1', l: '4' } }],
    ],
    [
      'merged maps of merged maps',
      'a: &x {k: 1, l: 1}\nb: &y {<<: *x, k: 2}\nc: {k: 3, <<: [{l: 4}, *y]}',
      [{ a: { k: '1', l: '1' }, b: { k: '2', l: '1' }, c: { k: '2', l: '4' } }],
    ],
    [
      'two merges, the later wins',
      'a: {<<: {k: 1, l: 1}, <<: {k: 2}}',
      [{ a: { k: '2', l: '1' } }],
    ],
    ['a key twice, the later wins', 'a: 1\nb: 2\na: 3', [{ a: '3', b: '2' }]],
    [
      'an indented line less in brackets',
      'a: [\n b\n]\nc: {\nd: e\n}',
      [{ a: ['b'], c: { d: 'e' } }],
    ],
    ['tabs in brackets', 'a: [\n\tb\n]\nc:\t[d]', [{ a: ['b'], c: ['d'] }]],
    ['an indented line less in quotes', '- a: "b\n c"\n- \'d\n\n  e\'', [[{ a: 'b c' }, 'd\ne']]],
    ['an escaped apostrophe', 'a: "it\\\'s"', [{ a: "it's" }]],
    ['a block text at the end', 'a: |\n  b', [{ a: 'b\n' }]],
    ['a comment behind a quote or a bracket', 'a: "x"#c\nb: [y]# d\n', [{ a: 'x', b: ['y'] }]],
    [
      'a comment behind an opening bracket or a comma',
      'a: [#c\n  x,#d\n  y]\n',
      [{ a: ['x', 'y'] }],
    ],
    ['a comment behind `|`', 'a: |#c\n  x\n', [{ a: 'x\n' }]],
    ['tabs between brackets', 'a: [{b: c}\t, [d]\t]', [{ a: [{ b: 'c' }, ['d']] }]],
    ['a tab behind an anchor', '- b\n- &a\t[x]\n- *a', [['b', ['x'], ['x']]]],
    ['a tag of the whole name', 'a: !<tag:yaml.org,2002:str> 1', [{ a: '1' }]],
    ['text behind `---`', '--- x: 1\na: b\n---y\nc: d\n', [{ a: 'b' }, { c: 'd' }]],
    ['text below `...`', 'a: b\n...\nc: d\n', [{ a: 'b' }]],
    ['a quoted merge key', 'a: {"<<": {k: 1}}', [{ a: { '<<': { k: '1' } } }]],
  ])('%s', (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test.each<[string, string, readonly string[]]>([
    ['a merge goes over a written key', 'a: {k: 3, <<: {k: 1}}', ['1:11 warning yaml-merge-order']],
    ['a key is given again', 'a: 1\nb: 2\na: 3', ['3:1 warning yaml-duplicate-key']],
    ['there are two merges', 'a: {<<: {k: 1}, <<: {l: 1}}', ['1:17 warning yaml-duplicate-key']],
    [
      'a key is given again, and then merged',
      'a: &x {k: 1, k: 2}\nb: {<<: *x, k: 3}\nc: {<<: *x}',
      ['1:14 warning yaml-duplicate-key'],
    ],
    ['a merged key is written below', 'a: {<<: {k: 1}, k: 2}', []],
    [
      'there is text behind `---`',
      '--- x: 1\na: b\n---- y',
      ['1:5 warning yaml-ignored', '3:6 warning yaml-ignored'],
    ],
    ['there is text below `...`', 'a: b\n...\n# c\n---\nc: d', ['2:1 warning yaml-ignored']],
    ['there is none', '---\na: b\n--- # c\n------\n--- \n... # d\n\n---\n# e', []],
  ])('%s: a warning where one is due', (_, text, expected) => {
    expect(parseSource(text).diagnostics.map(brief)).toEqual(expected);
  });

  test('positions are those of the values', () => {
    const [root] = parseSource('a: "x"\nb:\n  - |\n    y\n  - [1, {c: d}]\n  -\n').documents;
    expect(root?.kind === 'map' && root.entries.map(({ value }) => value.position)).toEqual([
      { line: 1, column: 4, length: 3 },
      { line: 3, column: 3, length: 3 },
    ]);
    const list = root?.kind === 'map' ? root.entries[1]?.value : undefined;
    expect(list?.kind === 'list' && list.items.map(({ position }) => position)).toEqual([
      { line: 3, column: 5, length: 1 },
      { line: 5, column: 5, length: 11 },
      { line: 6, column: 3, length: 1 },
    ]);
  });
});

describe('broken YAML', () => {
  test.each<[string, string, string]>([
    ['tab for indentation', 'a:\n\tb: c', '2:1 error yaml-tab'],
    ['tab in a block text', 'a: |\n x\n\ty\n', '3:1 error yaml-tab'],
    ['no space behind the colon', 'a:b\nc: d', '1:1 error yaml-colon'],
    ['no colon', 'a: b\nc', '2:1 error yaml-colon'],
    ['colon in a text', 'a: echo b: c', '1:10 error yaml-colon'],
    ['deeper than it may be', 'a: 1\n b: 2', '2:2 error yaml-indentation'],
    [
      'less deep than its list',
      'steps:\n- name: a\n  image: b\n commands: [x]',
      '4:2 error yaml-indentation',
    ],
    ['dash not aligned', 'a:\n  - b\n - c', '3:2 error yaml-indentation'],
    ['no space behind the dash', 'a:\n- b\n-c', '3:1 error yaml-indentation'],
    ['double quote not closed', 'a: "b"\nc: "d\ne: f\n', '2:4 error yaml-unclosed'],
    ['single quote not closed', "a: 'it''s'\nc: 'd\ne: f\n", '2:4 error yaml-unclosed'],
    ['bracket not closed', 'a: [b, [c]\n', '1:4 error yaml-unclosed'],
    ['brace not closed', '{a: {b: c}', '1:1 error yaml-unclosed'],
    ['escape', 'a: "\\q"', '1:6 error yaml-escape'],
    ['comma', 'a: [b,,c]', '1:7 error yaml-comma'],
    ['at sign', 'a: @b', '1:4 error yaml-character'],
    ['backtick', 'a: `b`', '1:4 error yaml-character'],
    ['control character', 'a: b\u0007', '1:5 error yaml-character'],
    ['zero byte', 'a: b\u0000', '1:5 error yaml-character'],
    ['block header', 'a: |x\n b', '1:5 error yaml-block'],
    ['directive', '%YAML 3.0\n---\na: b', '2:1 error yaml-directive'],
    ['tag', 'a: !<b', '1:6 error yaml-tag'],
    ['empty alias', 'a: * b', '1:5 error yaml-anchor'],
    ['unknown alias', 'a: &base 1\nb: *bsae', '2:4 error yaml-alias-unknown'],
    ['alias in itself', 'a: &x [*x]', '1:8 error yaml-alias-recursive'],
    ['list as key', '[a]: b', '1:1 error yaml-key-type'],
    ['merged text', 'a: {<<: b}', '1:5 error yaml-merge-type'],
    ['merged list of texts', 'a: {<<: [b]}', '1:5 error yaml-merge-type'],
    ['something behind a document', '[a]\nb', '2:1 error yaml-document'],
  ])('%s', (_, text, expected) => {
    expect(parseSource(text).diagnostics.map(brief)).toEqual([expected]);
  });

  test('positions below a repaired line are those of the file', () => {
    const text = `a: [\n b\n]\nc: "it\\'s"\nd: *e`;
    expect(parseSource(text).diagnostics.map(brief)).toEqual(['5:4 error yaml-alias-unknown']);
  });

  test('a quote that is never closed is found where it is opened, in a long file too', () => {
    const text = `a: 1\nb: "c\n${'d: e\n'.repeat(20_000)}`;
    expect(parseSource(text).diagnostics.map(brief)).toEqual(['2:4 error yaml-unclosed']);
  });

  test('a duplicate key tells both places', () => {
    const [diagnostic] = parseSource('a: 1\nb: 2\na: 3').diagnostics;
    expect(diagnostic?.message).toContain('`a` is given twice, first on line 1, column 1');
    expect(diagnostic?.position).toEqual({ line: 3, column: 1, length: 1 });
  });

  test('an unknown alias gets the nearest anchor', () => {
    const [diagnostic] = parseSource('a: &base 1\nb: *bsae').diagnostics;
    expect(diagnostic?.fix).toBe('did you mean `*base`?');
  });

  test('documents before an unknown alias are kept', () => {
    expect(parseSource('a: 1\n---\nb: *c').documents).toHaveLength(1);
  });
});

describe('limits', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level += 1) {
    const aliases = Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ');
    bomb.push(`a${level}: &a${level} [${aliases}]`);
  }
  const chain = ['a0: &a0 [x]'];
  for (let level = 1; level < 150; level += 1) chain.push(`a${level}: &a${level} [*a${level - 1}]`);
  const merged = ['m0: &m0 {k: 1}'];
  for (let level = 1; level < 60; level += 1) {
    merged.push(`m${level}: &m${level} {<<: [*m${level - 1}, *m${level - 1}]}`);
  }
  const many = Array.from({ length: 900 }, (_, key) => `k${key}: 1`).join(', ');
  const merges = Array.from({ length: 20 }, () => '*m').join(', ');
  const maps = Array.from({ length: 8 }, (_, key) => `b${key}: {<<: [${merges}]}`).join('\n');

  test.each<[string, string, RegExp]>([
    ['size', `a: ${'b'.repeat(10_000_000)}`, /^1:1 error yaml-too-large$/],
    ['size in bytes', `a: ${'é'.repeat(600_000)}`, /^1:1 error yaml-too-large$/],
    ['depth', '['.repeat(5_000), /^1:100 error yaml-too-deep$/],
    ['depth by aliases', chain.join('\n'), /^\d+:\d+ error yaml-too-deep$/],
    ['aliases of aliases', bomb.join('\n'), /^6:\d+ error yaml-alias-bomb$/],
    [
      'number of aliases',
      `a: &a 1\nb: [${'*a, '.repeat(10_001)}]`,
      /^2:\d+ error yaml-too-many-aliases$/,
    ],
    ['number of values', '- a\n'.repeat(100_001), /^\d+:\d+ error yaml-too-many-values$/],
    [
      'merging what is merged',
      merged.join('\n'),
      /^\d+:\d+ error yaml-(?:too-many-values|alias-bomb)$/,
    ],
    ['merging', `m: &m {${many}}\n${maps}`, /^\d:\d+ error yaml-(?:too-many-values|alias-bomb)$/],
  ])('%s', (_, text, expected) => {
    const started = performance.now();
    const { diagnostics } = parseSource(text);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics.map(brief)[0]).toMatch(expected);
  });

  test('what is just within the limits is read', () => {
    const nested = `${'['.repeat(98)}${']'.repeat(98)}`;
    const text = `a: ${'b'.repeat(1024 * 1024 - 500)}\nc: ${nested}`;
    expect(parseSource(text).diagnostics).toEqual([]);
  });
});
