/** Files of variables: `NAME=VALUE` lines, as `--env-file` and `--secret-file` read them. Pure. */
import { UsageError } from './usage.ts';

/**
 * Comments (`#`), blank lines, a leading `export` and `NAME: VALUE` are allowed. A value in double
 * quotes may hold `\n`, `\r`, `\"` and `\\` and go over several lines; one in single quotes is taken as
 * it is. A value without quotes ends before a `#` that follows a blank. But in single quotes, `$NAME` and
 * `${NAME}` in capitals stand for a variable that is given above, and `\$` for the sign; any other `$`
 * stays, so that no password loses a part of it. Nothing but a comment may follow the closing quote.
 * Throws a UsageError that names the line, never its value.
 */
export function parseVariables(text: string, file: string): Map<string, string> {
  const variables = new Map<string, string>();
  const blank = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
  const start = /[ \t]*(?:export[ \t]+)?([^\s=:#"']+)[ \t]*[=:][ \t]*/y;
  const plain = /[^\n]*/y;
  const double = /"([^"\\]*(?:\\[^][^"\\]*)*)"/y;
  const single = /'([^']*)'/y;
  const end = /[ \t]*(?:\r?\n|$)|[ \t]+#[^\n]*/y;
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
      const isComment = quote === '#' && /[ \t]/.test(text[at - 1] ?? '');
      const rest = read(plain)?.[0] ?? '';
      const value = isComment ? '' : withoutBlankEnd(withoutComment(rest));
      variables.set(name, expand(value, variables));
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
    variables.set(name, quote === '"' ? expandQuoted(value, variables) : value);
  }
  return variables;
}

/** A `#` in double quotes, as JSON may have it, begins no comment. */
function withoutComment(line: string): string {
  let isQuoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '"') isQuoted = !isQuoted;
    else if (line[at] === '#' && !isQuoted && /[ \t]/.test(line[at - 1] ?? '')) {
      return line.slice(0, at);
    }
  }
  return line;
}

/** A loop, because a pattern would look at each of many blanks inside a value again and again. */
function withoutBlankEnd(line: string): string {
  let end = line.length;
  while (end > 0 && /[ \t\r]/.test(line[end - 1] ?? '')) end -= 1;
  return line.slice(0, end);
}

const REFERENCE = String.raw`\$(?:([A-Z_][A-Z0-9_]*)|\{([A-Z_][A-Z0-9_]*)\})`;

const expand = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replaceAll(
    new RegExp(String.raw`\\\$|${REFERENCE}`, 'g'),
    (found, bare?: string, braced?: string) =>
      found === String.raw`\$` ? '$' : (variables.get(bare ?? braced ?? '') ?? found),
  );

const expandQuoted = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replaceAll(
    new RegExp(String.raw`\\([^])|${REFERENCE}`, 'g'),
    (found, escaped?: string, bare?: string, braced?: string) =>
      escaped === undefined
        ? (variables.get(bare ?? braced ?? '') ?? found)
        : (LINE_BREAKS.get(escaped) ?? escaped),
  );

const LINE_BREAKS: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
]);
