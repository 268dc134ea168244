import { describe, expect, test } from '@jest/globals';
import { checkPipeline, type CheckedPipeline } from '../../../runtime/runner/check.ts';
import { FILE } from './prepare-helpers.ts';

const check = (
  text: string,
  { name = 'default', trusted = false, variables = {} } = {},
): CheckedPipeline =>
  checkPipeline(text, { name, trusted, variables: new Map(Object.entries(variables)) });

const named = (name: string, more = ''): string => `${FILE.replace('default', name)}${more}`;

describe('the pipeline of a stage', () => {
  test.each([
    ['by its name', [named('linux'), named('arm')], 'arm', 'arm'],
    ['without a name', [named('linux'), FILE.replace('name: default\n', '')], 'default', ''],
    ['as default', [FILE], '', 'default'],
    ['after substitution', [named('${NAME}')], 'main', 'main'],
  ])('%s', (_, texts, name, expected) => {
    const checked = check(texts.join('---\n'), { name, variables: { NAME: 'main' } });
    expect(checked).toMatchObject({ pipeline: { name: expected }, warnings: [] });
  });

  test('secrets of the file come with it', () => {
    const secret = 'kind: secret\nname: token\nget: {path: a, name: b}\n';
    expect(check(`${secret}---\n${FILE}`)).toMatchObject({
      secrets: [{ name: 'token', get: { path: 'a', name: 'b' } }],
    });
  });

  test('mistakes of other pipelines are those of other stages', () => {
    const other = named('other', '  privileged: true\n  imagee: x\n');
    const own = named('own', '  commandz: [x]\n');
    const more = named('more', '  failures: x\n');
    expect(check([other, own, more].join('---\n'), { name: 'own' })).toMatchObject({
      pipeline: { name: 'own' },
      warnings: [expect.stringMatching(/^18:3: .*commandz.*; .*commands/)],
    });
  });
});

describe('why it cannot run', () => {
  test.each([
    [
      'no pipeline',
      'kind: secret\nname: x\n',
      {},
      'pipeline-missing',
      /no pipeline .* "default"; /,
    ],
    ['another name', named('linux'), { name: 'arm' }, 'pipeline-missing', /"arm"; .*"linux"$/],
    ['not YAML', 'kind: [', {}, 'yaml-unclosed', /^1:7: /],
    ['a bad substitution', named('${a-b}'), {}, 'substitution-syntax', /^3:7: .*; /],
    ['too large', `# ${'x'.repeat(1_100_000)}`, {}, 'yaml-too-large', /^1:1: .*; /],
    [
      'a type, in any pipeline of the file',
      [FILE, named('other', '  user: root\n')].join('---\n'),
      {},
      'type-int',
      /^16:9: .*; /,
    ],
    ['a rule', named('default', '  privileged: true\n'), {}, 'step-privileged', /^8:15: .*; /],
  ])('%s', (_, text, options, code, message) => {
    expect(check(text, options)).toEqual({
      refusal: { code, message: expect.stringMatching(message), reason: 'invalid pipeline' },
    });
  });

  test('a trusted repository may do more', () => {
    expect(check(named('default', '  privileged: true\n'), { trusted: true })).toMatchObject({
      pipeline: { name: 'default' },
    });
  });

  const broken = (count: number, name = 'step'): string =>
    `${FILE}${Array.from({ length: count }, (_, index) => `- name: ${name}${index}\n`).join('')}`;

  test.each([
    [1, 1, ''],
    [3, 3, ''],
    [4, 3, 'and 1 more error'],
    [9, 3, 'and 6 more errors'],
  ])('of %i errors the first %i are told, in the order of the file', (count, shown, rest) => {
    const checked = check(broken(count));
    const lines = 'refusal' in checked ? checked.refusal.message.split('\n') : [];
    expect(lines.slice(0, shown).map((line) => line.split(':')[0])).toEqual(
      ['8', '9', '10'].slice(0, shown),
    );
    expect(lines.slice(shown)).toEqual(rest === '' ? [] : [rest]);
  });

  test('no more of them than the server keeps', () => {
    const checked = check(broken(9, 'ü'.repeat(80)));
    const message = 'refusal' in checked ? checked.refusal.message : '';
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(500);
    expect(message).toMatch(/^8:.*\n9:.*\nand 7 more errors$/);
  });
});
