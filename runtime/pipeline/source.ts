/** From the text of a file to the trees of its documents. */
import { buildTrees } from './build-trees.ts';
import { error, warning } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import { createLocate, withoutMark } from './position.ts';
import { parseRepaired } from './repair.ts';
import { explainSyntax } from './syntax.ts';
import type { Node } from './tree.ts';

export interface Source {
  /** One for each document that is not empty. */
  readonly documents: readonly Node[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads YAML as Drone does: 1.1, many documents, anchors, aliases and merge keys. Never throws:
 * whatever is wrong with the text is told by a diagnostic, and then the documents before it that
 * could be read are given all the same. What a file may cost is bounded by
 * `MAX_BYTES` and `LIMITS`.
 */
export function parseSource(input: string): Source {
  const whole = withoutMark(input);
  const large = tooLarge(whole);
  if (large !== undefined) return failed(large);
  const { text, ignored } = readable(whole);
  const locate = createLocate(whole);
  // Each line that Drone gives to its parser is ended by a line break, the last one too.
  const parsed = parseRepaired(/[^\n]$/.test(text) ? `${text}\n` : text);
  if ('reason' in parsed) {
    return failed(explainSyntax(parsed.reason, parsed.offset, text, locate));
  }
  const original = (offset: number): number => Math.min(parsed.original(offset), text.length);
  const { documents, diagnostics } = buildTrees(
    parsed.events,
    parsed.text,
    (start, end = start + 1) => locate(original(start), original(end)),
  );
  const warnings = ignored.map(({ start, end }) =>
    warning('yaml-ignored', locate(start, end), IGNORED, 'write it on the next line, or remove it'),
  );
  return { documents, diagnostics: [...warnings, ...diagnostics] };
}

/** Largest file, in bytes of UTF-8. */
export const MAX_BYTES = 1024 * 1024;

/** The diagnostic of a file that is too large to be read; undefined for any other. */
export function tooLarge(text: string): Diagnostic | undefined {
  const size = Buffer.byteLength(text);
  if (size <= MAX_BYTES) return undefined;
  const message = `the file has ${size} bytes, more than the limit of ${MAX_BYTES} (1 MiB)`;
  const fix = 'split the file, or move long scripts into files of the repository';
  return error('yaml-too-large', { line: 1, column: 1, length: 1 }, message, fix);
}

const failed = (diagnostic: Diagnostic): Source => ({
  documents: [],
  diagnostics: [diagnostic],
});

interface Range {
  readonly start: number;
  readonly end: number;
}

const IGNORED = 'Drone does not read what follows `---` on its line, nor anything from `...` on';

/**
 * Drone splits a file before it parses it: any line that starts with `---` is a separator and nothing
 * else, and a line that starts with `...` ends the file. All offsets stay.
 */
function readable(text: string): { readonly text: string; readonly ignored: readonly Range[] } {
  const ignored: Range[] = [];
  const end = /(?<![^\n])\.\.\./.exec(text)?.index ?? text.length;
  const separated = text.slice(0, end).replace(/(?<![^\n])---[^\r\n]*/g, (line, start: number) => {
    const rest = /^-+[ \t]*/.exec(line)![0].length;
    if (/[^#]/y.test(line.slice(rest))) {
      ignored.push({ start: start + rest, end: start + line.length });
    }
    return '---'.padEnd(line.length);
  });
  const rest = /(?<![^\n])[ \t]*(?!---)[^\s#]/.exec(text.slice(end).replace(/^.*/, blank));
  if (rest !== null) ignored.push({ start: end, end: end + 3 });
  return { text: separated, ignored };
}

const blank = (line: string): string => ' '.repeat(line.length);
