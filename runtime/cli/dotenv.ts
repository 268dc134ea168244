/** Files of variables: `NAME=VALUE` lines, as `--env-file` and `--secret-file` read them. Pure. */
import { UsageError } from './usage.ts';

/**
 * Comments (`#`), blank lines and a leading `export` are allowed. A value in double quotes may
 * hold `\n`, `\"` and `\\` and go over several lines; one in single quotes is taken as it is.
 * Nothing may follow the closing quote. Throws a UsageError that names the line, never its value.
 */
export function parseVariables(text: string, file: string): Map<string, string> {
  const variables = new Map<string, string>();
  const blank = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
  const start = /[ \t]*(?:export[ \t]+)?([^\s=#"']+)[ \t]*=[ \t]*/y;
  const plain = /[^\n]*/y;
  const double = /"([^"\\]*(?:\\[^][^"\\]*)*)"/y;
  const single = /'([^']*)'/y;
  const end = /[ \t]*(?:\r?\n|$)/y;
  let at = 0;
  const read = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < text.length) {
    if (read(blank) !== null) continue;
    const line = at;
    const refuse = (what: string, fix: string): UsageError =>
      new UsageError(`${file}:${text.slice(0, line).split('\n').length}: ${what}`, fix);

    const name = read(start)?.[1];
    if (name === undefined) throw refuse('not a variable', 'write NAME=VALUE');
    const quote = text[at];
    if (quote !== '"' && quote !== "'") {
      variables.set(name, withoutBlankEnd(read(plain)?.[0] ?? ''));
      continue;
    }
    const value = read(quote === '"' ? double : single)?.[1];
    if (value === undefined) {
      throw refuse('a quote is opened and never closed', 'close it at the end of the value');
    }
    if (read(end) === null) {
      const fix = 'put the whole value in quotes, with \\" for a double quote in it';
      throw refuse('the value goes on behind its closing quote', fix);
    }
    variables.set(name, quote === '"' ? unescape(value) : value);
  }
  return variables;
}

/** A loop, because a pattern would look at each of many blanks inside a value again and again. */
function withoutBlankEnd(line: string): string {
  let end = line.length;
  while (end > 0 && /[ \t\r]/.test(line[end - 1] ?? '')) end -= 1;
  return line.slice(0, end);
}

const unescape = (text: string): string =>
  text.replaceAll(/\\([\s\S])/g, (_, char: string) => (char === 'n' ? '\n' : char));
