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
  /** By which test/fixtures/parity/rules.yml says what it is, and why it stays. */
  readonly id: string;
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
      id: 'template-offset',
      holds: (difference) => difference.what === 'taken' && /:[^\x00-\x7F]/.test(difference.text),
    },
    {
      id: 'template-negative-length',
      holds: ({ theirs }) => theirs.error?.startsWith('panic') === true,
    },
    {
      id: 'template-half-letters',
      holds: ({ what, theirs }) => what === 'different' && theirs.text?.includes('\uFFFD') === true,
    },
    { id: 'template-byte-order-mark', holds: has(/^\uFEFF/) },
    { id: 'template-nul', holds: has(/\0/) },
    {
      id: 'template-iota',
      holds: ({ what, theirs: { text = '' } }) =>
        what === 'different' && /[\u1F80-\u1FFC]/.test(text),
    },
  ],
  files: [
    {
      id: 'binary-sign',
      holds: has(/0b[-+]/),
    },
    {
      id: 'error-of-drone',
      holds: ({ what }) => what === 'taken',
    },
    {
      id: 'after-first-node',
      holds: ({ what, theirs: { documents = [] } }) =>
        documents.some(({ rest }) => rest === true) ||
        (what === 'refused' && documents.length === 0),
    },
    {
      id: 'byte-order-mark',
      holds: has(/\uFEFF/),
    },
    {
      id: 'line-breaks',
      holds: has(/\r(?!\n)|[\u0085\u2028\u2029]/),
    },
    {
      id: 'indented-separator',
      holds: has(/(?:^|\n)[ \t]+---/),
    },
    {
      id: 'large-number',
      holds: has(/-\.[iI]nf|\d{16}/),
    },
    {
      id: 'odd-tag',
      holds: has(/![^\s!]*[!,[\]{}'"|>&*#%@`\\?:-]/),
    },
    {
      id: 'colon-in-brackets',
      holds: has(/[{[,]\s*[^{}[\],"']*:[,\]}]|[[{,] *(?:&\w+ )?:\S/),
    },
    {
      id: 'anchor-sign',
      holds: has(/[*&][^\s,[\]{}]*[^\w\s,[\]{}-]/),
    },
    {
      id: 'lone-sign',
      holds: has(/[[{,:\s][-?](?=[,\]}])|[[{,]\s*\?\S/),
    },
    {
      id: 'anchor-above-value',
      holds: (difference) => difference.what === 'refused' && /&\w+ *\r?\n/.test(difference.text),
    },
    {
      id: 'backslash',
      holds: has(/\\\r?\n\s*\n/),
    },
    {
      id: 'block-below-blanks',
      holds: (difference) =>
        difference.what === 'refused' &&
        /[|>][-+]?[ \t]*(?:#.*)?\r?\n +\r?\n/.test(difference.text),
    },
    {
      id: 'block-at-margin',
      holds: (difference) => difference.what === 'refused' && /\n[|>]/.test(difference.text),
    },
    {
      id: 'null-key',
      holds: has(/(?:null|Null|NULL|~) *:/),
    },
    {
      id: 'single-text',
      holds: ({ theirs }) =>
        theirs.documents?.some(
          ({ error = '' }) => error.includes('!!str') && error.includes('main.typed'),
        ) === true,
    },
    {
      id: 'tabs-around-colon',
      holds: ({ what, text }) => what === 'refused' && /\t[^\n:]*:[ \t]*\t[ \t]*[[{]/.test(text),
    },
  ],
};
