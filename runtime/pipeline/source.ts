/** From the text of a file to the trees of its documents. */
import { buildTrees } from './build-trees.ts';
import { error } from './codes.ts';
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
  const text = plainSeparators(withoutMark(input));
  const large = tooLarge(text);
  if (large !== undefined) return failed(large);
  const locate = createLocate(text);
  const parsed = parseRepaired(text);
  if ('reason' in parsed) {
    return failed(explainSyntax(parsed.reason, parsed.offset, text, locate));
  }
  const { original } = parsed;
  return buildTrees(parsed.events, parsed.text, (start, end = start + 1) =>
    locate(original(start), original(end)),
  );
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

/** Drone takes any line that starts with `---` for a separator; a longer row of dashes is none in YAML. */
const plainSeparators = (text: string): string =>
  text.replace(/^----+[ \t]*$/gm, (dashes) => '---'.padEnd(dashes.length));
