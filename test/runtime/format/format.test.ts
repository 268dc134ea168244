import { readFileSync } from 'node:fs';
import { format as prettier } from 'prettier';
import { describe, expect, test } from '@jest/globals';
import { formatFile } from '../../../runtime/format/format.ts';

const HEAD = 'kind: pipeline\ntype: kubernetes\n';
const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** The formatted text; nothing of the file was left as it is. */
function formatted(text: string): string {
  const result = formatFile(text);
  expect(result.diagnostics).toEqual([]);
  expect(formatFile(result.text)).toEqual(result);
  return result.text;
}

const body = (text: string): string => formatted(HEAD + text).slice(HEAD.length);

describe('layout', () => {
  test.each<[string, string, string]>([
    ['lists are indented', 'steps:\n- name: a', 'steps:\n  - name: a\n'],
    ['two spaces a level', 'clone:\n      depth: 1\n', 'clone:\n  depth: 1\n'],
    ['a list in a list', 'steps:\n-   - a\n    - b\n', 'steps:\n  - - a\n    - b\n'],
    [
      'one space behind keys and dashes',
      'name :   a\nsteps:\n-    name:  b',
      'name: a\nsteps:\n  - name: b\n',
    ],
    ['no blanks at the end of a line', 'name: a   \n', 'name: a\n'],
    [
      'one blank line at most',
      'name: a\n\n\n\nclone:\n  depth: 1\n',
      'name: a\n\nclone:\n  depth: 1\n',
    ],
    ['none at the beginning of a list', 'steps:\n\n\n  - name: a\n', 'steps:\n  - name: a\n'],
    ['none at the end of the file', 'name: a\n\n\n', 'name: a\n'],
    ['a line break at the end of the file', 'name: a', 'name: a\n'],
    ['a value goes up to its key', 'name:\n    a\n', 'name: a\n'],
    [
      'a value below a blank line',
      'name:\n\n  a\nclone:\n  depth: 1\n',
      'name: a\nclone:\n  depth: 1\n',
    ],
    ['no value', 'environment:\n  A:\n  B: ~\n', 'environment:\n  A:\n  B: ~\n'],
    [
      'brackets',
      'trigger:\n  branch: [a,b ,  c ]\n  event: {exclude: [  ]}',
      'trigger:\n  branch: [a, b, c]\n  event: { exclude: [] }\n',
    ],
    ['brackets over several lines', 'depends_on: [\n  a,\n  b,\n  ]\n', 'depends_on: [a, b]\n'],
    [
      'brackets that do not fit',
      `depends_on: [${'x'.repeat(40)}, ${'y'.repeat(40)}] # c\n`,
      `depends_on: # c\n  - ${'x'.repeat(40)}\n  - ${'y'.repeat(40)}\n`,
    ],
    [
      'a map in brackets that does not fit',
      `steps:\n- {image: ${'y'.repeat(40)}, name: ${'x'.repeat(40)}, when: {event: tag}}\n`,
      `steps:\n  - name: ${'x'.repeat(40)}\n    image: ${'y'.repeat(40)}\n    when: { event: tag }\n`,
    ],
    [
      'what a variable stands for may have a comma',
      `depends_on: ["\${A}", ${'x'.repeat(90)}]\n`,
      `depends_on: ["\${A}", ${'x'.repeat(90)}]\n`,
    ],
  ])('%s', (_, before, after) => {
    expect(body(before)).toBe(after);
  });
});

describe('texts stay as they are written', () => {
  test.each([
    '1.10',
    'yes',
    '0644',
    '"a"',
    "'it''s'",
    '"\\u00e9\\n"',
    '${DRONE_TAG}',
    'a # no',
    'é 😀',
    '1e3',
    '!!str 1',
  ])('%s', (value) => {
    expect(body(`version:    ${value}\n`)).toBe(`version: ${value}\n`);
  });

  test.each<[string, string, string]>([
    [
      'a block',
      'version: |\n      a\n\n        b\n\n\nname: c\n',
      'version: |\n  a\n\n    b\n\nname: c\n',
    ],
    ['a folded block', 'version: >-\n a\n b', 'version: >-\n  a\n  b\n'],
    [
      'a block with its indentation',
      'version: |4-\n      a\n    b\n',
      'version: |2-\n    a\n  b\n',
    ],
    ['a block with a comment', 'version: |  # c\n a\n', 'version: | # c\n  a\n'],
    ['a block that ends with the file', 'version: |\n a', 'version: |\n  a\n'],
    ['blank lines that count', 'version: |+\n a\n\n\nname: b\n', 'version: |+\n  a\n\n\nname: b\n'],
    ['a text of nothing', 'version: |+\nname: b\n', 'version: |+\nname: b\n'],
    ['unusual spaces', 'version: a\n  \uFEFFb\u2028\n', 'version: a\n  \uFEFFb\u2028\n'],
    ['several lines', 'version: a\n     b\n\n       c\n', 'version: a\n  b\n\n  c\n'],
    ['several lines below the key', 'version:\n     a\n     b\n', 'version:\n  a\n  b\n'],
    ['several lines in quotes', 'version: "a\n     b \\\n  c"\n', 'version: "a\n  b \\\n  c"\n'],
  ])('%s', (_, before, after) => {
    expect(body(before)).toBe(after);
  });
});

describe('comments stay', () => {
  test.each<[string, string, string]>([
    ['behind a value', 'name: a     # c\n', 'name: a # c\n'],
    ['behind a key', 'clone:    # c\n  depth: 1\n', 'clone: # c\n  depth: 1\n'],
    ['behind a dash', 'steps:\n-   # c\n  name: a\n', 'steps:\n  - # c\n    name: a\n'],
    ['between a key and its value', 'name: # b\n  # c\n  a\n', 'name: # b\n  # c\n  a\n'],
    [
      'with their entry',
      'steps:\n- name: a\n# b\n- name: b\n',
      'steps:\n  - name: a\n  # b\n  - name: b\n',
    ],
    [
      'below the last key',
      'clone:\n  depth: 1\n   # c\nname: a\n',
      'name: a\nclone:\n  depth: 1\n  # c\n',
    ],
    [
      'above the next key',
      'name: a\n# c\nclone:\n  depth: 1\n',
      'name: a\n# c\nclone:\n  depth: 1\n',
    ],
    ['at the end of the file', 'steps:\n- name: a\n\n# c\n', 'steps:\n  - name: a\n\n# c\n'],
    ['instead of values', 'environment:\n  # A: b\nname: a\n', 'name: a\nenvironment:\n  # A: b\n'],
    [
      'above the first key of an item',
      'steps:\n-\n  # c\n  name: a\n',
      'steps:\n  # c\n  - name: a\n',
    ],
    [
      'with their key',
      'steps:\n- image: b # i\n  # n\n  name: a\n',
      'steps:\n  # n\n  - name: a\n    image: b # i\n',
    ],
    [
      'in brackets, which stay as they are',
      'steps:\n- settings: {a: 1, # c\n      b: 2}\n',
      'steps:\n  - settings: {a: 1, # c\n        b: 2}\n',
    ],
  ])('%s', (_, before, after) => {
    expect(body(before)).toBe(after);
  });

  test('at the top, whatever becomes the first key', () => {
    expect(formatted('# licence\n\n# a\nname: a\n\ntype: kubernetes\nkind: pipeline\n')).toBe(
      '# licence\n\n# a\nkind: pipeline\n\ntype: kubernetes\nname: a\n',
    );
    expect(formatted('# c\n\nname: a\ntype: kubernetes\nkind: pipeline\n')).toBe(
      '# c\n\nkind: pipeline\ntype: kubernetes\nname: a\n',
    );
  });
});

describe('the order of keys', () => {
  test('is that of the documentation', () => {
    const text = formatted(
      [
        'depends_on: [x]',
        'trigger: {status: [success], branch: {exclude: [b], include: [a]}}',
        'volumes: [{temp: {}, name: v}]',
        'steps:',
        '- when: {event: tag}',
        '  commands: [make]',
        '  settings: {z: 1, a: 2}',
        '  pull: always',
        '  image: b',
        '  volumes: [{path: /a, name: v}]',
        '  name: a',
        'clone: {trace: true, depth: 1}',
        'platform: {arch: arm64, os: linux}',
        'name: n',
        'type: kubernetes',
        'kind: pipeline',
      ].join('\n'),
    );
    expect(text).toBe(
      [
        'kind: pipeline',
        'type: kubernetes',
        'name: n',
        'platform: { os: linux, arch: arm64 }',
        'clone: { depth: 1, trace: true }',
        'steps:',
        '  - name: a',
        '    image: b',
        '    pull: always',
        '    settings: { z: 1, a: 2 }',
        '    commands: [make]',
        '    volumes: [{ name: v, path: /a }]',
        '    when: { event: tag }',
        'volumes: [{ name: v, temp: {} }]',
        'trigger: { branch: { include: [a], exclude: [b] }, status: [success] }',
        'depends_on: [x]',
        '',
      ].join('\n'),
    );
  });

  test.each<[string, string]>([
    ['variables are in the order of their author', 'environment:\n  Z: 1\n  A: 2\n'],
    ['unknown keys come last', 'name: a\nzzz: 1\naaa: 2\n'],
    [
      'an anchor stays above its aliases',
      'trigger: &a { branch: main }\nsteps: [{ when: *a }]\nname: a\n',
    ],
    [
      'of a key given twice the later one counts',
      'trigger:\n  event: a\n  branch: b\n  event: c\n',
    ],
    [
      'blank lines that count stay where they are',
      'version: |+\n  a\n\nclone:\n  trace: true\n  depth: 1\n',
    ],
  ])('%s', (_, text) => {
    const { text: after } = formatFile(HEAD + text);
    expect(after).toBe(HEAD + text);
  });
});

describe('documents', () => {
  test('of ours are formatted, others are left alone', () => {
    const other = '--- # d\nkind:   pipeline\ntype: docker\nsteps:\n-   name: x\n\n\n';
    expect(
      formatted(
        `# c\n\n---\n${HEAD}steps:\n- name: a\n\n${other}---\nname: s\nkind: secret\ndata: x\n`,
      ),
    ).toBe(`# c\n---\n${HEAD}steps:\n  - name: a\n${other}---\nkind: secret\nname: s\ndata: x\n`);
  });

  test.each(['', '\n\n', '# c\n', 'kind:   template\n'])('%j has nothing to format', (text) => {
    expect(formatted(text)).toBe(text.trimStart());
  });

  test.each(['---', '------', '--- # c'])('%s begins a document', (marker) => {
    expect(formatted(`${marker}  \n${HEAD}clone:\n    depth: 1\n`)).toBe(
      `${marker}\n${HEAD}clone:\n  depth: 1\n`,
    );
  });

  test('line breaks and the byte order mark are those of the file', () => {
    expect(formatted('\uFEFFkind:  pipeline\r\ntype: kubernetes\r\n\r\n\r\nname: a')).toBe(
      '\uFEFFkind: pipeline\r\ntype: kubernetes\r\n\r\nname: a\r\n',
    );
  });
});

describe('left as it is, and told', () => {
  test.each<[string, string, string]>([
    ['a signed file', `${HEAD}name:  a\n---\nkind: signature\nhmac: x\n`, '4:1 the file is signed'],
    ['a key with `?`', `${HEAD}? name\n: a\nversion:   1\n`, '1:1 the document is left'],
    ['a document that ends with dots', `${HEAD}name:   a\n...\n`, '1:1 the document is left'],
    [
      'several kinds of line breaks',
      `${HEAD}name:  a\rversion: 1\n`,
      '1:1 the file has line breaks',
    ],
    ['bytes that are no UTF-8', `${HEAD}name:   "\uFFFD"\n`, '1:1 the file has bytes'],
  ])('%s', (_, text, told) => {
    const result = formatFile(text);
    const [first] = result.diagnostics;
    expect(result.text).toBe(text);
    expect(`${first?.position.line}:${first?.position.column} ${first?.message}`).toContain(told);
  });

  test.each([
    ['what is no YAML', `${HEAD}name: "a\n`, 'yaml-unclosed'],
    ['a tab as indentation', `${HEAD}steps:\n-\tname:   a\n\timage: b`, 'yaml-tab'],
    ['an alias of nothing', `${HEAD}name: *a\n`, 'yaml-alias-unknown'],
    ['a file that is too large', ' '.repeat(2_000_000), 'yaml-too-large'],
  ])('%s is an error', (_, text, code) => {
    const result = formatFile(text);
    expect(result.text).toBe(text);
    expect(result.diagnostics).toMatchObject([{ severity: 'error', code }]);
  });

  test('a wrong value is nothing to stop at', () => {
    expect(body('steps:\n- name:   [a]\n')).toBe('steps:\n  - name: [a]\n');
  });
});

test.each(['examples/.drone.yml', 'test/fixtures/pipelines/everything.yml'])(
  'prettier would leave %s as it is then',
  async (path) => {
    const text = formatted(read(path));
    expect(await prettier(text, { parser: 'yaml' })).toBe(text);
  },
);
