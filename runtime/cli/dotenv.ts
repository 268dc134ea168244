/** Files of variables: `NAME=VALUE` lines, as `--env-file` and `--secret-file` read them. Pure. */
import { UsageError } from './usage.ts';

/**
 * Comments (`#`), blank lines and a leading `export` are allowed. A value in double quotes may
 * hold `\n`, `\"` and `\\` and go over several lines; one in single quotes is taken as it is.
 * Throws a UsageError that names the line, never its value.
 */
export function parseVariables(text: string, file: string): Map<string, string> {
  const variables = new Map<string, string>();
  const pattern =
    /[ \t]*(?:export[ \t]+)?([^\s=#"']+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|([^\n]*?))[ \t]*(?:\r?\n|$)/y;
  const blank = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;
  let at = 0;
  while (at < text.length) {
    blank.lastIndex = at;
    pattern.lastIndex = at;
    const empty = blank.exec(text);
    if (empty !== null && empty[0] !== '') {
      at += empty[0].length;
      continue;
    }
    const match = pattern.exec(text);
    if (match === null) {
      const line = text.slice(0, at).split('\n').length;
      throw new UsageError(`${file}:${line}: not a variable`, 'write NAME=VALUE');
    }
    const [whole, name = '', double, single, plain = ''] = match;
    variables.set(name, double === undefined ? (single ?? plain) : unescape(double));
    at += whole.length;
  }
  return variables;
}

const unescape = (text: string): string =>
  text.replaceAll(/\\([\s\S])/g, (_, char: string) => (char === 'n' ? '\n' : char));
