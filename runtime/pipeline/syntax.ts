/** The complaints of the YAML parser in plain words, with what to write instead. */
import { error, type ErrorCode } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Locate } from './position.ts';

interface Explanation {
  readonly reason: RegExp;
  readonly code: ErrorCode;
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
    // What is in quotes or brackets may stand anywhere; only so much of it is read.
    reason: /deficient indentation/,
    code: 'yaml-unclosed',
    message: 'a quote or a bracket is opened and not closed',
    fix: 'close it on the line where it is opened',
  },
  {
    reason: /bad indentation/,
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
  const place = Math.max(0, offset < text.length ? offset : text.trimEnd().length - 1);
  const next = text[offset] ?? '';
  if (SPECIAL.test(next) && /[\s[{,:-]/.test(text[offset - 1] ?? ' ')) {
    const message = `a text without quotes cannot start with ${next === '`' ? 'a backtick' : `\`${next}\``}`;
    return error('yaml-character', locate(place), message, 'put quotes around the text');
  }
  const { code, message, fix } =
    EXPLANATIONS.find((candidate) => candidate.reason.test(reason)) ?? UNKNOWN;
  if (MISPLACED.has(code)) {
    const slip = missingSpace(text, place, locate) ?? strayColon(text, place, locate);
    if (slip !== undefined) return slip;
  }
  const opened = code === 'yaml-unclosed' ? opening(reason, text.slice(0, offset)) : -1;
  return error(code, locate(opened < 0 ? place : opened), message, fix);
}

/** Where the quote or bracket stands that is not closed; -1 where it cannot be told. */
function opening(reason: string, before: string): number {
  const quotes = /"(?:[^"\\]|\\[^])*$/.exec(before)?.index ?? -1;
  const apostrophe = /(?<!')'(?:[^']|'')*$/.exec(before)?.index ?? -1;
  if (reason.includes('double')) return quotes;
  if (reason.includes('single')) return apostrophe;
  const bracket = openBracket(before);
  return reason.includes('flow') ? bracket : Math.max(quotes, apostrophe, bracket);
}

/** -1 where every bracket is closed. */
function openBracket(before: string): number {
  let closed = 0;
  for (let at = before.length - 1; at >= 0; at -= 1) {
    const character = before[at]!;
    if (character === ']' || character === '}') closed += 1;
    else if (character === '[' || character === '{') {
      if (closed === 0) return at;
      closed -= 1;
    }
  }
  return -1;
}

/** A second `: ` on a line, or a key on a line that is indented without need. */
function strayColon(text: string, place: number, locate: Locate): Diagnostic | undefined {
  if (text[place] !== ':') return undefined;
  const line = text.slice(text.lastIndexOf('\n', place) + 1, place);
  if (/:\s/.test(line)) {
    const message = 'a text without quotes contains `: `';
    const fix = 'put quotes around the text, or write it behind `|` on lines of its own';
    return error('yaml-colon', locate(place), message, fix);
  }
  const key = line.trimStart();
  const message = `\`${key}:\` is indented deeper than the line above allows`;
  const fix = 'align the key with those above it';
  return error('yaml-indentation', locate(place - key.length, place), message, fix);
}

const MISPLACED: ReadonlySet<ErrorCode> = new Set([
  'yaml-colon',
  'yaml-document',
  'yaml-indentation',
]);

/** A line such as `image:golang` or `-name: x` is a text to the parser, which only then stumbles. */
function missingSpace(text: string, place: number, locate: Locate): Diagnostic | undefined {
  const lineStart = text.lastIndexOf('\n', place - 1) + 1;
  const lineEnd = text.indexOf('\n', place);
  const line = text.slice(lineStart, lineEnd < 0 ? text.length : lineEnd);
  const previousStart = text.lastIndexOf('\n', lineStart - 2) + 1;
  for (const [start, content] of [
    [lineStart, line],
    [previousStart, text.slice(previousStart, Math.max(previousStart, lineStart - 1))],
  ] as const) {
    const key = /^(\s*(?:- )?)([A-Za-z_]+:)(?=[^\s:/])/.exec(content);
    if (key !== null) {
      const from = start + key[1]!.length;
      const message = `\`${key[2]}\` is not followed by a space`;
      const fix = `write \`${key[2]} …\`, with a space behind the colon`;
      return error('yaml-colon', locate(from, from + key[2]!.length), message, fix);
    }
    const dash = /^(\s*)-[^\s-]/.exec(content);
    if (dash !== null) {
      const message = 'the `-` of a list is not followed by a space';
      const fix = 'write `- ` before the entry';
      return error('yaml-indentation', locate(start + dash[1]!.length), message, fix);
    }
  }
  return undefined;
}
