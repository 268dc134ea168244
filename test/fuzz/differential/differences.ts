/** What the two sides may differ in, and which of it is meant. */
import type { Answer } from './reference.ts';

export interface Difference {
  /**
   * - refused: Drone takes what is an error here;
   * - taken: an error of Drone is none here;
   * - different: both take it, as different things.
   */
  readonly what: 'refused' | 'taken' | 'different';
  /** The template, or the file. */
  readonly text: string;
  readonly ours: unknown;
  readonly theirs: Answer;
}

/** A difference that stays. */
export interface Kept {
  readonly rule: string;
  readonly reason: string;
  readonly holds: (difference: Difference) => boolean;
}

const has =
  (pattern: RegExp) =>
  ({ text }: Difference): boolean =>
    pattern.test(text);

/** The first one that holds explains a difference. */
export const KEPT: Readonly<Record<'templates' | 'files', readonly Kept[]>> = {
  templates: [
    {
      rule: 'an offset that begins with a letter beyond ASCII',
      reason:
        'Drone loses count of its bytes and refuses the file; it is no number, so nothing is cut',
      holds: (difference) => difference.what === 'taken' && /:[^\x00-\x7F]/.test(difference.text),
    },
    {
      rule: 'a negative length of a value that ends before it',
      reason: 'Drone fails with a fault of its own; nothing is left to be cut',
      holds: ({ theirs }) => theirs.error?.startsWith('panic') === true,
    },
    {
      rule: '`#` and `%` take away whole letters',
      reason: 'Drone takes away bytes and leaves half a letter, which is no text',
      holds: ({ what, theirs }) => what === 'different' && theirs.text?.includes('\uFFFD') === true,
    },
  ],
  files: [
    {
      rule: 'a sign within a binary number: `-0b-01`',
      reason: 'an accident of Go; it is a text, as in any other YAML',
      holds: has(/0b[-+]/),
    },
    {
      rule: 'a tab within a key, and another one behind its colon',
      reason: 'nobody writes it; the error says where it stands',
      holds: (difference) =>
        difference.what === 'refused' && /\t[^\n:]*:[^\n]*\t/.test(difference.text),
    },
    {
      rule: 'an error of Drone that is none here',
      reason: 'no pipeline that ran relies on it',
      holds: ({ what }) => what === 'taken',
    },
    {
      rule: 'what follows the first thing of a document',
      reason: 'Drone stops reading without a word, and steps are lost; here it is an error',
      holds: ({ what, theirs: { documents = [] } }) =>
        documents.some(({ rest }) => rest === true) ||
        (what === 'refused' && documents.length === 0),
    },
    {
      rule: 'a byte order mark',
      reason: 'Drone does not see a `---` behind it, and reads it as a text elsewhere',
      holds: has(/\uFEFF/),
    },
    {
      rule: 'a line that ends with a carriage return alone, U+0085, U+2028 or U+2029',
      reason: 'Drone sees no separators there; editors and YAML 1.2 see lines differently too',
      holds: has(/\r(?!\n)|[\u0085\u2028\u2029]/),
    },
    {
      rule: 'an indented `---` as the first line of a document',
      reason: 'Drone reads it as a text, so that the document is none of a pipeline',
      holds: has(/(?:^|\n)[ \t]+---/),
    },
    {
      rule: 'a whole number beyond 2^53',
      reason: 'no key of a pipeline needs one; here it is an error instead of another number',
      holds: has(/-\.[iI]nf|\d{16}/),
    },
    {
      rule: 'a tag that is none of YAML',
      reason:
        'nobody can mean it; Drone drops it, and here it is an error or the tag of an empty text',
      holds: has(/![^\s!]*[!,[\]{}'"|>&*#%@`\\?:-]/),
    },
    {
      rule: 'a colon at the begin or end of a word in brackets: `{a:}`',
      reason: 'Drone reads the key `a:`; the key `a` without a value is meant',
      holds: has(/[{[,]\s*[^{}[\],"']*:[,\]}]|[[{,] *(?:&\w+ )?:\S/),
    },
    {
      rule: 'a sign in the name of an anchor or alias: `*a: b`',
      reason: 'YAML 1.2 takes it for a part of the name, Drone for its end',
      holds: has(/[*&][^\s,[\]{}]*[^\w\s,[\]{}-]/),
    },
    {
      rule: 'a lone `-` or `?` in brackets',
      reason: 'YAML 1.2 reads it otherwise, or not at all; quotes say what is meant',
      holds: has(/[[{,:\s][-?](?=[,\]}])|[[{,]\s*\?\S/),
    },
    {
      rule: 'a value at the margin below its anchor, in brackets',
      reason: 'nobody writes it; the error asks for the bracket to be closed',
      holds: (difference) => difference.what === 'refused' && /&\w+ *\r?\n/.test(difference.text),
    },
    {
      rule: 'a `\\` at the end of a line in double quotes, and an empty line below it',
      reason: 'a line break more or less; nobody writes it',
      holds: has(/\\\r?\n\s*\n/),
    },
    {
      rule: 'a block text that begins with blanks and goes on less far to the right',
      reason:
        'Drone ends the text there, without a word where a comment follows; here it is an error',
      holds: (difference) =>
        difference.what === 'refused' &&
        /[|>][-+]?[ \t]*(?:#.*)?\r?\n +\r?\n/.test(difference.text),
    },
    {
      rule: 'a `|` or `>` at the margin, below its key',
      reason: 'nobody writes it; the error says where it stands',
      holds: (difference) => difference.what === 'refused' && /\n[|>]/.test(difference.text),
    },
    {
      rule: 'the key `null` of a map of texts',
      reason: 'Drone makes it the key ``, the name of no variable',
      holds: has(/(?:null|Null|NULL|~) *:/),
    },
    {
      rule: 'a document that is a single text',
      reason: 'it is none of a pipeline, here and at Drone',
      holds: ({ theirs }) =>
        theirs.documents?.some(
          ({ error = '' }) => error.includes('!!str') && error.includes('main.typed'),
        ) === true,
    },
  ],
};
