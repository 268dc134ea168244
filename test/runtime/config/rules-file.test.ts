import { describe, expect, test } from '@jest/globals';
import { parseRules } from '../../../runtime/config/rules-file.ts';
import { brief } from '../pipeline/helpers.ts';

describe('the file of namespace rules', () => {
  test.each<[string, Record<string, readonly string[]>]>([
    ['', {}],
    ['a: [octocat/*, x/y]\nb:\n- z/*\n', { a: ['octocat/*', 'x/y'], b: ['z/*'] }],
    ['a: []\n', { a: [] }],
    ['a: octocat/*\n', { a: ['octocat/*'] }],
    ['10: [1]\n', { 10: ['1'] }],
  ])('%j', (text, expected) => {
    const { diagnostics, rules } = parseRules(text);
    expect(diagnostics).toEqual([]);
    expect(Object.fromEntries(rules)).toEqual(expected);
  });

  test.each([
    ['- a\n', ['1:1 error type-map']],
    ['a:\nb: [x/*]\n', ['1:1 error rules-empty']],
    ['a: {b: c}\n', ['1:4 error type-string']],
    ['a: [[b]]\n', ['1:5 error type-string']],
    ['a: [b]\n---\nc: [d]\n', ['3:1 error rules-documents']],
    ['a: [b\n', ['1:4 error yaml-unclosed']],
  ])('%j', (text, expected) => {
    expect(parseRules(text).diagnostics.map(brief)).toEqual(expected);
  });
});
