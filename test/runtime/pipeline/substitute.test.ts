import { describe, expect, test } from '@jest/globals';
import { substitute } from '../../../runtime/pipeline/substitute.ts';

const VARIABLES = new Map([
  ['v', 'hello'],
  ['upper', 'HELLO World'],
  ['empty', ''],
  ['path', 'a/b/c.tar.gz'],
  ['lines', 'a\n"b"\t\u0000é\u200B'],
  ['wide', 'héé'],
  ['sharp', 'straße'],
  ['dotted', 'İstanbul'],
  ['three', '3'],
  ['minus', '-1'],
  ['dots', 'aXbXc'],
  ['brace', 'a}b'],
  ['back', 'a\\b'],
]);

const replaced = (text: string): unknown => {
  const result = substitute(text, VARIABLES);
  return 'error' in result ? result.error.code : result.text;
};

/** What drone/envsubst 1.0.3 makes of the same texts. */
describe('substitution', () => {
  test.each<[string, string]>([
    // Plain text.
    ['$v', '$v'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$$', '$'],
    ['$$$', '$$'],
    ['$$v', '$v'],
    ['$${v}', '${v}'],
    ['$$${v}', '$hello'],
    ['$ {v}', '$ {v}'],
    ['}', '}'],
    ['\\/', '/'],
    ['\\\\', '\\'],
    ['\\\\\\', '\\\\'],
    ['\\n', '\\n'],
    ['\\$', '\\$'],
    ['\\${v}', '\\hello'],
    ['\\\\$${v}', '\\${v}'],
    // Values.
    ['${v}', 'hello'],
    ['${v}}', 'hello}'],
    ['{{${v}}}', '{{hello}}'],
    ['${unknown}', ''],
    ['${_}', ''],
    ['${lines}', '"a\\n\\"b\\"\\t\\x00é\\u200b"'],
    ['${#v}', '5'],
    ['${#wide}', '5'],
    ['${#unknown}', '0'],
    // Defaults.
    ['${v:-d}', 'hello'],
    ['${x:-d}', 'd'],
    ['${empty:-d}', 'd'],
    ['${x:-}', ''],
    ['${x=d}', 'd'],
    ['${x==}', '='],
    ['${x:=d}', 'd'],
    ['${x:?d}', 'd'],
    ['${x:+d}', 'd'],
    ['${v:+d}', 'hello'],
    ['${x:-a b\n"c"}', 'a b\n"c"'],
    ['${x:-${v}}', 'hello'],
    ['${x:-a${v}b${y:-z}}', 'ahellobz'],
    ['${x:-$v}', '$v'],
    ['${x:-$$}', '$$'],
    ['${x:-$${v}}', '$hello'],
    ['${x:-\\/}', '\\/'],
    ['${x:-a\\}b}', 'a\\b}'],
    ['${x:-{a}}', '{a}'],
    // Case.
    ['${v^}', 'Hello'],
    ['${v^^}', 'HELLO'],
    ['${upper,}', 'hELLO World'],
    ['${upper,,}', 'hello world'],
    ['${v,^}', 'hello'],
    ['${sharp^^}', 'STRAßE'],
    ['${dotted,,}${dotted,}', 'istanbulistanbul'],
    // Parts, by bytes.
    ['${v:1}', 'ello'],
    ['${v:1:2}', 'el'],
    ['${v:03}', 'lo'],
    ['${v:0:+2}', 'he'],
    ['${v:9}', ''],
    ['${v:0:9}', 'hello'],
    ['${wide:3}', 'é'],
    ['${v:${three}}', 'lo'],
    ['${v:${minus}}', 'o'],
    ['${v:1:${three}}', 'ell'],
    ['${v:a}', 'hello'],
    ['${v: 1}', 'hello'],
    ['${v:1:a}', 'hello'],
    ['${v:1:2:3}', 'hello'],
    ['${v:1::2}', 'el'],
    // Removal.
    ['${path#*/}', 'b/c.tar.gz'],
    ['${path##*/}', 'c.tar.gz'],
    ['${path%.*}', 'a/b/c.tar'],
    ['${path%%.*}', 'a/b/c'],
    ['${path#[a-c]}', '/b/c.tar.gz'],
    ['${path#[^a]}', 'a/b/c.tar.gz'],
    ['${path#a\\/}', 'b/c.tar.gz'],
    ['${v#*}', 'ello'],
    ['${v##*}', ''],
    ['${v%*}', 'hell'],
    ['${v#h?l}', 'lo'],
    ['${v#[}', 'hello'],
    ['${v#${three}}', 'hello'],
    // Replacement.
    ['${v/l/L}', 'heLlo'],
    ['${v//l/L}', 'heLLo'],
    ['${v/l/}', 'helo'],
    ['${v/l/a/b}', 'hea/blo'],
    ['${v/l//}', 'helo'],
    ['${v/#h/H}', 'Hello'],
    ['${v/#e/H}', 'hello'],
    ['${v/%o/O}', 'hellO'],
    ['${v/%l/O}', 'hello'],
    ['${v/#he/}', 'hello'],
    ['${v/#he/${empty}}', 'llo'],
    ['${v/l*/x}', 'hello'],
    ['${path//\\//-}', 'a-b-c.tar.gz'],
    ['${back/\\\\/x}', 'axb'],
    ['${v/l/\\/}', 'he/lo'],
    ['${v/l/$$}', 'he$lo'],
    ['${v//l/${three}}', 'he33o'],
    ['${v//${empty}/x}', 'xhxexlxlxox'],
    ['${brace/}/x}', 'axb'],
  ])('%j becomes %j', (text, expected) => {
    expect(replaced(text)).toBe(expected);
  });

  test.each([
    '${',
    '${}',
    '${v',
    '${ v}',
    '${v }',
    '${v-d}',
    '${v?d}',
    '${v+d}',
    '${!v}',
    '${arr[@]}',
    '${v@Q}',
    '${a.b}',
    '${$v}',
    '${#}',
    '${#v:-a}',
    '${##v}',
    '${v^^x}',
    '${v^^^}',
    '${v:}',
    '${v::2}',
    '${v:1:}',
    '${v:1:-1}',
    '${v#}',
    '${v%}',
    '${v/l}',
    '${v/}',
    '${v///x}',
    '${v/#/x}',
    '${v:-d',
    '${v:-${v}',
    '${v#a${v}}',
    '${v/a${v}/b}',
    '# ${v-d}',
  ])('%j is refused', (text) => {
    expect(replaced(text)).toBe('substitution-syntax');
  });

  test('the place and a way out are told', () => {
    expect(substitute('a: b\nc: é ${TAG-latest} d', VARIABLES)).toEqual({
      error: {
        code: 'substitution-syntax',
        severity: 'error',
        message: '`${TAG-latest}` is not a form that Drone replaces',
        fix: 'write `$${TAG-latest}` to leave it to the shell, or `${TAG:-latest}`',
        position: { line: 2, column: 6, length: 13 },
      },
    });
  });

  test.each([
    ['deep nesting', '${x:-'.repeat(100_000)],
    ['results that grow', `\${long//a/${'${long//a/'.repeat(5)}x${'}'.repeat(6)}`],
    ['results that add up', '${long}'.repeat(2_000)],
  ])('%s is refused quickly', (_, text) => {
    const started = performance.now();
    const result = substitute(text, new Map([['long', 'a'.repeat(100_000)]]));
    expect(performance.now() - started).toBeLessThan(1_000);
    expect('error' in result && result.error.code).toBe('substitution-syntax');
  });

  test('values never show up in errors', () => {
    const result = substitute('${secret:1:-1}', new Map([['secret', 'hunter2']]));
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect('error' in result).toBe(true);
  });
});
