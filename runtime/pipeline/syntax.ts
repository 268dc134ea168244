/** The complaints of the YAML parser in plain words, with what to write instead. */
import { error, type Code } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Locate } from './position.ts';

interface Explanation {
  readonly reason: RegExp;
  readonly code: Code;
  readonly message: string;
  readonly fix: string;
}

/** The first whose `reason` matches the words of the parser explains them. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    reason: /^nesting exceeded/,
    code: 'yaml-too-deep',
    message: 'lists and maps are nested too deep',
    fix: 'nest less',
  },
  {
    reason: /tab characters/,
    code: 'yaml-tab',
    message: 'a tab is used for indentation',
    fix: 'write spaces instead of the tab',
  },
  {
    reason: /within a (?:single|double) quoted scalar/,
    code: 'yaml-unclosed',
    message: 'a quote is opened and never closed',
    fix: 'close the quote at the end of the text',
  },
  {
    reason: /within a flow collection/,
    code: 'yaml-unclosed',
    message: 'a bracket is opened and never closed',
    fix: 'close the list with `]`, or the map with `}`',
  },
  {
    reason: /escape sequence|hexadecimal/,
    code: 'yaml-escape',
    message: 'a text in double quotes has a backslash sequence that YAML does not know',
    fix: 'write `\\\\` for a backslash, or use single quotes',
  },
  {
    reason: /missed comma|found ','/,
    code: 'yaml-comma',
    message: 'a list or map in brackets lacks a comma, or has one too many',
    fix: 'write exactly one `,` between two entries',
  },
  {
    reason: /whitespace character is expected after the key-value separator/,
    code: 'yaml-colon',
    message: 'a colon is not followed by a space',
    fix: 'write `key: value`, with a space behind the colon',
  },
  {
    reason: /expected ':'|multiline key|can not read a block mapping entry|implicit key/,
    code: 'yaml-colon',
    message: 'a key and a colon are expected here',
    fix: 'write `key: value`, or indent the line to make it part of the value above',
  },
  {
    reason: /bad indentation of a sequence entry/,
    code: 'yaml-indentation',
    message: 'an entry of a list is indented differently from those above it',
    fix: 'align the `-` with those above it',
  },
  {
    reason: /bad indentation|deficient indentation/,
    code: 'yaml-indentation',
    message: 'the text does not fit here: wrong indentation, or quotes are missing',
    fix: 'align the key with those above it; put quotes around a text that contains `: ` or starts with a special character',
  },
  {
    reason: /printable|null byte|JSON character|Unicode|surrogate/i,
    code: 'yaml-character',
    message: 'the file has a control character that YAML does not allow',
    fix: 'remove the character, or write it as `\\xNN` in double quotes',
  },
  {
    reason: /anchor|alias/,
    code: 'yaml-anchor',
    message: 'an anchor `&…` or an alias `*…` is not well formed',
    fix: 'write `&name` before a value and `*name` in its place; put quotes around a text that starts with `&` or `*`',
  },
  {
    reason: /chomping|indentation width|line break is expected/,
    code: 'yaml-block',
    message: 'the first line of a block text is not well formed',
    fix: 'write `|` or `>` alone on the line, and the text below it',
  },
  {
    reason: /directive|YAML version|TAG/,
    code: 'yaml-directive',
    message: 'a line that starts with `%` is not a directive of YAML',
    fix: 'remove the line, or put quotes around the text',
  },
  {
    reason: /\btag\b/,
    code: 'yaml-tag',
    message: 'a tag `!…` is not well formed',
    fix: 'put quotes around a text that starts with `!`',
  },
  {
    reason: /document separator/,
    code: 'yaml-document',
    message: 'this does not belong to anything above it',
    fix: 'align it with the keys above it, or write `---` on a line of its own to start a document',
  },
];

const UNKNOWN = {
  code: 'yaml-syntax',
  message: 'the file is not YAML from here on',
  fix: 'put quotes around a text with special characters, and check the indentation',
} as const satisfies Omit<Explanation, 'reason'>;

/** Characters that may not begin a text without quotes. */
const SPECIAL = /[@`%]/;

/** `offset` is where the parser gave up; the end of a file is shown at its last character. */
export function explainSyntax(
  reason: string,
  offset: number,
  text: string,
  locate: Locate,
): Diagnostic {
  const place = offset < text.length ? offset : text.trimEnd().length - 1;
  const position = locate(Math.max(0, place));
  if (SPECIAL.test(text[offset] ?? '') && /[\s[{,:-]/.test(text[offset - 1] ?? ' ')) {
    const message = `a text without quotes cannot start with \`${text[offset]}\``;
    return error('yaml-character', position, message, 'put quotes around the text');
  }
  const { code, message, fix } =
    EXPLANATIONS.find((candidate) => candidate.reason.test(reason)) ?? UNKNOWN;
  return error(code, position, message, fix);
}
