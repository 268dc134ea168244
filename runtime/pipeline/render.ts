/** Diagnostics as text for a terminal. */
import type { Diagnostic, Severity } from './diagnostics.ts';
import { byPosition } from './load.ts';
import { splitLines, withoutMark } from './position.ts';

export interface RenderOptions {
  /** Name of the file, as the user gave it. */
  readonly file: string;
  /** The text that the positions refer to. */
  readonly text: string;
  readonly color: boolean;
}

/**
 * For each diagnostic, in the order of the file: `file:line:column: error: message [code]`, the
 * line with the place underlined, and what to write instead. Ends with a line break unless there
 * are none.
 */
export function renderDiagnostics(
  diagnostics: readonly Diagnostic[],
  options: RenderOptions,
): string {
  const lines = splitLines(withoutMark(options.text));
  return [...diagnostics]
    .sort(byPosition)
    .map((diagnostic) => renderDiagnostic(diagnostic, lines, options))
    .join('');
}

const COLORS: Readonly<Record<Severity | 'strong', string>> = {
  error: '\u001B[31m',
  warning: '\u001B[33m',
  strong: '\u001B[1m',
};
const RESET = '\u001B[0m';

function renderDiagnostic(
  { code, severity, message, fix, position }: Diagnostic,
  lines: readonly string[],
  { file, color }: RenderOptions,
): string {
  const paint = (style: keyof typeof COLORS, text: string): string =>
    color ? `${COLORS[style]}${text}${RESET}` : text;
  const place = paint('strong', `${file}:${position.line}:${position.column}:`);
  const head = `${place} ${paint(severity, severity)}: ${printable(message)} [${code}]\n`;
  const tail = `  fix: ${printable(fix)}\n`;
  const line = lines[position.line - 1];
  if (line === undefined || line.trim() === '') return head + tail;

  const { before, marked, after } = cut(line, position.column - 1, position.length);
  const indent = before.replace(/[^\t]/gu, (character) => ' '.repeat(widthOf(character)));
  const carets = '^'.repeat(
    Math.max(
      1,
      Array.from(marked).reduce((sum, c) => sum + widthOf(c), 0),
    ),
  );
  return `${head}  ${before}${marked}${after}\n  ${indent}${paint(severity, carets)}\n${tail}`;
}

/** Longest excerpt of a line; the underlined part stands in it. */
const MAX_WIDTH = 120;
const CONTEXT = 40;

function cut(
  line: string,
  start: number,
  length: number,
): { readonly before: string; readonly marked: string; readonly after: string } {
  const from = line.length > MAX_WIDTH && start > CONTEXT ? start - CONTEXT : 0;
  const to = Math.min(line.length, from + MAX_WIDTH);
  const end = Math.min(start + length, to);
  return {
    before: (from > 0 ? '…' : '') + printable(line.slice(from, start)),
    marked: printable(line.slice(start, end)),
    after: printable(line.slice(end, to)) + (to < line.length ? '…' : ''),
  };
}

/** Control characters could move the cursor or change colours; a tab is kept. */
export const printable = (text: string): string => text.replace(/(?!\t)\p{C}/gu, '\uFFFD');

/** Terminals draw characters of East Asia and pictures two columns wide. */
const widthOf = (character: string): number =>
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
    character,
  )
    ? 2
    : 1;
