/** Diagnostics for other programs: JSON, and the commands of a GitHub workflow. */
import type { Diagnostic } from './diagnostics.ts';
import { byPosition } from './load.ts';
import { printable } from './render.ts';

export interface LintedFile {
  /** As the user named it; `-` is standard input. */
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
}

interface Placed extends Diagnostic {
  readonly file: string;
}

/** All diagnostics, file after file, each file from its beginning. */
export const inOrder = (files: readonly LintedFile[]): readonly Placed[] =>
  files.flatMap(({ file, diagnostics }) =>
    diagnostics.toSorted(byPosition).map((diagnostic) => ({ file, ...diagnostic })),
  );

/**
 * A list of `{file, line, column, length, severity, code, message, fix}`. Lines and columns count
 * from 1; columns and length count UTF-16 units.
 */
export function renderJson(files: readonly LintedFile[]): string {
  const list = inOrder(files).map(({ file, position, severity, code, message, fix }) => ({
    file,
    ...position,
    severity,
    code,
    message,
    fix,
  }));
  return `${JSON.stringify(list, null, 2)}\n`;
}

/** One `::error …` or `::warning …` line each; GitHub shows them beside the changed lines. */
export function renderGithub(files: readonly LintedFile[]): string {
  const lines = inOrder(files).map(({ file, position, severity, code, message, fix }) => {
    const { line, column, length } = position;
    const properties = { file, line, col: column, endColumn: column + length, title: code };
    const list = Object.entries(properties).map(
      ([name, value]) =>
        `${name}=${escapeData(String(value)).replace(/[:,]/g, encodeURIComponent)}`,
    );
    return `::${severity} ${list.join()}::${escapeData(printable(`${message}; fix: ${fix}`))}\n`;
  });
  return lines.join('');
}

/** What would end the line or begin an escape of its own. */
const escapeData = (text: string): string => text.replace(/[%\r\n]/g, encodeURIComponent);
