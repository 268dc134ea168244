import { describe, expect, test } from '@jest/globals';
import { parseVariables } from '../../../runtime/cli/dotenv.ts';
import { UsageError } from '../../../runtime/cli/usage.ts';

const parse = (text: string): Record<string, string> =>
  Object.fromEntries(parseVariables(text, '.env'));

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
  ])('%s is an error that names the line and never its text', (_, text, line) => {
    let thrown: unknown;
    try {
      parse(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect(thrown).toMatchObject({
      message: `.env:${line}: not a variable`,
      fix: 'write NAME=VALUE',
    });
  });
});
