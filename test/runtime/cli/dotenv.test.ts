import { describe, expect, test } from '@jest/globals';
import { parseVariables } from '../../../runtime/cli/dotenv.ts';
import { UsageError } from '../../../runtime/cli/usage.ts';

const parse = (text: string): Record<string, string> =>
  Object.fromEntries(parseVariables(text, '.env'));

function refused(text: string): UsageError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('it was taken');
}

describe('a file of variables', () => {
  test.each([
    ['nothing', '', {}],
    ['one line', 'A=1', { A: '1' }],
    ['several', 'A=1\nB=2\n', { A: '1', B: '2' }],
    ['line ends of Windows', 'A=1\r\nB="2"\r\n\r\n# x\r\nC=\r\n', { A: '1', B: '2', C: '' }],
    ['comments and blank lines', '# A=0\n\n  \t\n  # x\nA=1\n#', { A: '1' }],
    ['`export`', 'export A=1\nexport\tB=2', { A: '1', B: '2' }],
    ['spaces around', '  A = a b \t\n', { A: 'a b' }],
    ['an empty value', 'A=\nB=2', { A: '', B: '2' }],
    ['signs that mean nothing here', 'A=a=b#c $D "e" \\n', { A: 'a=b#c $D "e" \\n' }],
    ['double quotes', 'A=" a \\"b\\" \\\\ \\n c "', { A: ' a "b" \\ \n c ' }],
    [
      'several lines in double quotes',
      'A="-----BEGIN\nabc\n-----END"\nB=2',
      {
        A: '-----BEGIN\nabc\n-----END',
        B: '2',
      },
    ],
    ['single quotes', 'A=\' "$x" \\n \'\nB=2', { A: ' "$x" \\n ', B: '2' }],
    ['several lines in single quotes', "A='1\n2'\nB=2", { A: '1\n2', B: '2' }],
    [
      'a comment behind a value',
      'A=1 # one\nB=a b\t#x\nC="c" # "c"\nD=\'d\'\t# d',
      { A: '1', B: 'a b', C: 'c', D: 'd' },
    ],
    ['a comment and no value', 'A= # one\nB=', { A: '', B: '' }],
    ['a `#` in a word', 'A=a#b\nB=#fff\nC="a # b"', { A: 'a#b', B: '#fff', C: 'a # b' }],
    ['a `#` in JSON', 'A={"a": "b # c"} # d', { A: '{"a": "b # c"}' }],
    [
      '`NAME: VALUE`',
      'A: 1\nB : "2"\nC:3\nD=a:b\nE: a=b',
      { A: '1', B: '2', C: '3', D: 'a:b', E: 'a=b' },
    ],
    [
      'variables above',
      'A=1\nB=$A-${A}$\nC="${B} $A"\nD=\'$A\'',
      { A: '1', B: '1-1$', C: '1-1$ 1', D: '$A' },
    ],
    [
      'what is no variable above',
      'A=$B ${B} $b $1 $(B) $$ ${A}\nB=1\nC="$c ${D}"',
      { A: '$B ${B} $b $1 $(B) $$ ${A}', B: '1', C: '$c ${D}' },
    ],
    ['a `$` that is meant', 'A=1\nB=\\$A\nC="\\$A \\${A}"', { A: '1', B: '$A', C: '$A ${A}' }],
    ['a line break in quotes', 'A="1\\n2\\r3\\t"', { A: '1\n2\r3t' }],
    ['the last one wins', 'A=1\nA=2', { A: '2' }],
    [
      'names that a shell would not take',
      'deploy-key=1\na.b=2\nüber=3',
      {
        'deploy-key': '1',
        'a.b': '2',
        über: '3',
      },
    ],
    [
      'a name like a property of every object',
      '__proto__x=1\nconstructor=2',
      {
        __proto__x: '1',
        constructor: '2',
      },
    ],
  ])('%s', (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test.each([
    ['a word', 'hunter2', 1],
    ['no name', '=hunter2', 1],
    ['a name with a space', 'A=1\nB C=hunter2', 2],
    ['a quoted name', 'A=1\n\n"B"=hunter2', 3],
    ['something after lines in quotes', 'A="1\n2"\nhunter2', 3],
  ])('%s is no variable', (_, text, line) => {
    expect(refused(text)).toMatchObject({ message: `.env:${line}: not a variable` });
    expect(JSON.stringify(refused(text))).not.toContain('hunter');
  });

  test.each([
    ['a double quote', 'A="hunter2', 1],
    ['a single quote', "B=1\nA='hunter2\nC=3\n", 2],
    ['an escaped one at the end', 'A="hunter2\\"', 1],
    ['a quote alone', 'B="1\n2"\nA= "', 3],
  ])('%s that is never closed is an error', (_, text, line) => {
    expect(refused(text)).toMatchObject({
      message: `.env:${line}: a quote is opened and never closed`,
    });
    expect(JSON.stringify(refused(text))).not.toContain('hunter');
  });

  test.each([
    ['text', 'A=1\nB="hunter"2', 2],
    ['a `#` without a blank', 'A="hunter2"# x', 1],
    ['what a later quote closes', 'A="hunter2\nB="3"\n', 1],
    ['text behind single quotes', "A='hunter'2''", 1],
  ])('%s behind the closing quote is an error', (_, text, line) => {
    expect(refused(text)).toMatchObject({
      message: `.env:${line}: the value goes on behind its closing quote`,
    });
    expect(JSON.stringify(refused(text))).not.toContain('hunter');
  });

  test.each([
    ['inside a value', (blanks: string) => `A=a${blanks}b`],
    ['behind a name', (blanks: string) => `A${blanks}=1`],
    ['in quotes', (blanks: string) => `A="${blanks}"`],
    ['before a line', (blanks: string) => `${blanks}A=1`],
    ['behind `export`', (blanks: string) => `export${blanks}A=1`],
    ['alone', (blanks: string) => `A=1\n${blanks}`],
  ])('half a million blanks %s are no work', (_, text) => {
    const started = performance.now();
    expect(Object.keys(parse(text(' '.repeat(500_000))))).toEqual(['A']);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
