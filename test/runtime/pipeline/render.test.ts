import { describe, expect, test } from '@jest/globals';
import type { Diagnostic, Position } from '../../../runtime/pipeline/diagnostics.ts';
import { renderDiagnostics } from '../../../runtime/pipeline/render.ts';

const diagnostic = (position: Position, more: Partial<Diagnostic> = {}): Diagnostic => ({
  code: 'some-code',
  severity: 'error',
  message: 'it is wrong',
  fix: 'write it right',
  position,
  ...more,
});

const render = (text: string, ...diagnostics: readonly Diagnostic[]): string =>
  renderDiagnostics(diagnostics, { file: 'f.yml', text, color: false });

const at = (line: number, column: number, length = 1): Position => ({ line, column, length });

describe('diagnostics as text', () => {
  test('the place is underlined and the fix told', () => {
    expect(render('a: 1\nb: two\n', diagnostic(at(2, 4, 3)))).toBe(
      'f.yml:2:4: error: it is wrong [some-code]\n  b: two\n     ^^^\n  fix: write it right\n',
    );
  });

  test('they come in the order of the file', () => {
    const text = 'a\nb\n';
    const out = render(
      text,
      diagnostic(at(2, 1)),
      diagnostic(at(1, 2), { severity: 'warning' }),
      diagnostic(at(1, 1)),
    );
    expect(out.match(/^f\.yml.*?:(?= \w)/gm)).toEqual(['f.yml:1:1:', 'f.yml:1:2:', 'f.yml:2:1:']);
    expect(out).toContain('f.yml:1:2: warning: ');
  });

  test('none are nothing', () => {
    expect(render('a')).toBe('');
  });

  test('tabs stay above the underlining', () => {
    expect(render('\ta\tbc', diagnostic(at(1, 4, 2)))).toContain('  \ta\tbc\n  \t \t^^\n');
  });

  test('wide characters take two columns', () => {
    expect(render('日本: x', diagnostic(at(1, 5)))).toContain('  日本: x\n        ^\n');
  });

  test('a byte order mark does not shift the place', () => {
    expect(render('\uFEFFab', diagnostic(at(1, 2)))).toContain('  ab\n   ^\n');
  });

  test('a long line is cut around the place', () => {
    const out = render(`${'a'.repeat(500)}XYZ${'b'.repeat(500)}`, diagnostic(at(1, 501, 3)));
    const [, line = '', carets = ''] = out.split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line).toMatch(/^ {2}…a+XYZb+…$/);
    expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('XYZ');
  });

  test('the underlining ends with what is shown', () => {
    const [, line = '', carets = ''] = render('x'.repeat(1_000), diagnostic(at(1, 1, 1_000))).split(
      '\n',
    );
    expect(carets.length).toBeLessThanOrEqual(line.length);
  });

  test('control characters do not reach the terminal', () => {
    const out = render('a\u001B[31m\u0007', diagnostic(at(1, 1), { message: 'bad \u001B[0m' }));
    expect(out).not.toMatch(/[\u0000-\u0008\u000B-\u001F]/);
  });

  test.each([
    ['an empty line', 'a\n\nb', at(2, 1)],
    ['behind the end of the file', 'a', at(9, 1)],
  ])('no excerpt of %s', (_, text, position) => {
    expect(render(text, diagnostic(position)).split('\n')).toHaveLength(3);
  });

  test('colours', () => {
    const options = { file: 'f.yml', text: 'a', color: true };
    const out = renderDiagnostics([diagnostic(at(1, 1))], options);
    expect(out).toContain('\u001B[31merror\u001B[0m');
    expect(out.replace(/\u001B\[\d+m/g, '')).toBe(render('a', diagnostic(at(1, 1))));
  });
});
