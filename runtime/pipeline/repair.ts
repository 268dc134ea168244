/**
 * Bridges to what go-yaml reads and the parser here refuses, so that every file that Drone takes
 * is taken. Each repair changes the text without changing any value:
 * - in brackets and quotes, go-yaml does not care how far a line is indented;
 * - a tab may separate a key from what follows;
 * - in double quotes, `\'` is an apostrophe;
 * - a comment may follow a bracket, a closing quote, a comma, or `|` and `>`, at once.
 */
import { YAMLException, parseEvents, type Event } from 'js-yaml';
import { LIMITS } from './tree.ts';

interface Edit {
  /** Offset in the repaired text. */
  readonly at: number;
  readonly removed: number;
  readonly inserted: number;
}

export interface Parsed {
  readonly events: readonly Event[];
  /** What the offsets of the events refer to. */
  readonly text: string;
  /** From an offset in `text` to the same place in the text that was given. */
  readonly original: (offset: number) => number;
}

export interface Refused {
  readonly reason: string;
  /** In the text that was given. */
  readonly offset: number;
}

/** Repairs in one file, and characters parsed for them; each repair parses the file again. */
const MAX_REPAIRS = 500;
const MAX_PARSED = 16 * 1024 * 1024;

/** Never throws: a text that cannot be repaired is refused. */
export function parseRepaired(input: string): Parsed | Refused {
  let text = input;
  let parsed = 0;
  const edits: Edit[] = [];
  const original = (offset: number): number => toOriginal(offset, edits);
  for (;;) {
    parsed += text.length;
    try {
      return { events: parseEvents(text, { maxDepth: LIMITS.depth }), text, original };
    } catch (thrown) {
      if (!(thrown instanceof YAMLException) || thrown.mark === undefined) throw thrown;
      const { reason } = thrown;
      const { position } = thrown.mark;
      const edit = findEdit(text, reason, position);
      if (edit === undefined || edits.length >= MAX_REPAIRS || parsed > MAX_PARSED) {
        return { reason, offset: original(position) };
      }
      const { at, removed, insert } = edit;
      text = text.slice(0, at) + insert + text.slice(at + removed);
      edits.push({ at, removed, inserted: insert.length });
    }
  }
}

/** Edits are undone last one first. */
function toOriginal(offset: number, edits: readonly Edit[]): number {
  let place = offset;
  for (let index = edits.length - 1; index >= 0; index -= 1) {
    const { at, removed, inserted } = edits[index]!;
    if (place >= at + inserted) place += removed - inserted;
    else if (place > at) place = at;
  }
  return place;
}

interface Insertion {
  readonly at: number;
  readonly removed: number;
  readonly insert: string;
}

function findEdit(text: string, reason: string, position: number): Insertion | undefined {
  if (reason === 'unknown escape sequence') {
    return text[position] === "'" ? { at: position, removed: 1, insert: 'x27' } : undefined;
  }
  if (text[position] === '#' && /["'[\]{},|>+-]/.test(text[position - 1] ?? '')) {
    return { at: position, removed: 0, insert: ' ' };
  }
  if (reason !== 'deficient indentation') return undefined;
  const start = text.lastIndexOf('\n', position - 1) + 1;
  const separator = /^[^\t]*?(?:[:,[\]{}-] *|(?:^|[\s,[{:-])[&!]\S* *)\t/.exec(
    text.slice(start, position),
  );
  if (separator !== null) {
    return { at: start + separator[0].length - 1, removed: 1, insert: ' ' };
  }
  const wanted = indentationOf(lineBefore(text, start)) + 2;
  const present = /^ */.exec(text.slice(start, position))![0].length;
  return present >= wanted
    ? undefined
    : { at: start, removed: 0, insert: ' '.repeat(wanted - present) };
}

/** The last line before the offset that is not blank. */
function lineBefore(text: string, offset: number): string {
  let end = offset - 1;
  while (end > 0) {
    const start = text.lastIndexOf('\n', end - 1) + 1;
    const line = text.slice(start, end);
    if (line.trim() !== '') return line;
    end = start - 1;
  }
  return '';
}

/** How deep a key on the line stands: `- - a` counts its dashes. */
const indentationOf = (line: string): number => /^(?: |-(?= ))*/.exec(line)![0].length;
