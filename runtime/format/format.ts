/** A pipeline file in one layout: its meaning, its comments and its texts stay as they are. */
import { warning } from '../pipeline/codes.ts';
import { hasErrors, type Diagnostic } from '../pipeline/diagnostics.ts';
import { PIPELINE_SCHEMA, SECRET_SCHEMA } from '../pipeline/pipeline-schema.ts';
import { withoutMark } from '../pipeline/position.ts';
import type { Schema } from '../pipeline/schema.ts';
import { parseSource } from '../pipeline/source.ts';
import type { ConcreteDocument } from './concrete.ts';
import { isBareMarker, splitDocuments, type DocumentText } from './documents.ts';
import { orderMap } from './order.ts';
import { printDocument } from './print.ts';
import { readDocument } from './read.ts';
import { isSame } from './same.ts';

export interface Formatted {
  /** The text that was given, where nothing could be done. */
  readonly text: string;
  /** Errors where the file cannot be read; warnings about what was left as it is. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Formats the pipelines of type `kubernetes` and the secrets of a file; other documents stay as
 * they are, and so does whatever cannot be written anew safely. Never throws. Formatting what has
 * been formatted changes nothing.
 */
export function formatFile(input: string): Formatted {
  const { diagnostics } = parseSource(input);
  if (hasErrors(diagnostics)) return { text: input, diagnostics };
  const text = withoutMark(input);
  const crlf = /^[^\n]*\r\n/.test(text);
  const plain = crlf ? text.replaceAll('\r\n', '\n') : text;
  if (plain.includes('\r')) {
    const message = 'the file has line breaks of several kinds and is left as it is';
    return left(input, 1, message, 'write the same line breaks everywhere');
  }
  if (plain.includes('\uFFFD')) {
    const message = 'the file has bytes that are not UTF-8 and is left as it is';
    return left(input, 1, message, 'write the file as UTF-8');
  }
  const read = splitDocuments(plain).map(readPart);
  const signature = read.find(({ kind }) => kind === 'signature');
  if (signature !== undefined) {
    const message = 'the file is signed and left as it is: any change would break the signature';
    const fix = 'remove the signature, format the file, and sign it again with `drone sign`';
    return left(input, signature.part.line, message, fix);
  }
  const formatted = read.map((part) => ({ part, text: formatPart(part) }));
  const whole = formatted.map((each) => each.text ?? sourceOf(each.part.part)).join('');
  const result = (input === text ? '' : '\uFEFF') + (crlf ? whole.replaceAll('\n', '\r\n') : whole);
  if (!isSame(input, result)) return left(input, 1, UNSAFE, REPORT);
  const notes = formatted.flatMap(({ part, text: done }) =>
    part.schema !== undefined && done === undefined ? note(part.part.line, UNUSUAL, REWRITE) : [],
  );
  return { text: result, diagnostics: notes };
}

const UNSAFE =
  'the file is left as it is: it could not be formatted without a change of its meaning';
const REPORT = 'report the file as a defect of `drone-kube format`';
const UNUSUAL = 'the document is left as it is: it has YAML that is not formatted';
const REWRITE = 'write its keys on lines of their own, without `? key`, `...` and `%` lines';

const note = (line: number, message: string, fix: string): Diagnostic =>
  warning('format-left', { line, column: 1, length: 1 }, message, fix);

const left = (text: string, line: number, message: string, fix: string): Formatted => ({
  text,
  diagnostics: [note(line, message, fix)],
});

interface Part {
  readonly part: DocumentText;
  readonly kind: string;
  /** undefined for a document that is none of ours. */
  readonly schema: Schema | undefined;
  /** undefined for one that is not understood. */
  readonly document: ConcreteDocument | undefined;
}

function readPart(part: DocumentText): Part {
  const root = parseSource(part.text).documents[0];
  const textOf = (name: string): string => {
    const entries = root?.kind === 'map' ? root.entries : [];
    const value = entries.findLast(({ key }) => key.text === name)?.value;
    return value?.kind === 'scalar' ? value.text : '';
  };
  const kind = textOf('kind');
  const schema =
    kind === 'pipeline' && textOf('type') === 'kubernetes'
      ? PIPELINE_SCHEMA
      : kind === 'secret'
        ? SECRET_SCHEMA
        : undefined;
  const readable = schema !== undefined && isBareMarker(part.marker);
  return { part, kind, schema, document: readable ? readDocument(part.text) : undefined };
}

/** undefined where the document is left as it is. */
function formatPart({ part, schema, document }: Part): string | undefined {
  const bare = isBareMarker(part.marker) ? printComments(part.text) : undefined;
  if (bare !== undefined) return markerLine(part) + bare;
  if (schema === undefined || document === undefined) return undefined;
  const { ordered, comments, root } = document;
  const sorted = ordered ? document : { ...document, root: orderMap(root, schema) };
  const text = printDocument(sorted)
    .map((line) => `${line}\n`)
    .join('');
  const again = readDocument(text)?.comments ?? [];
  const kept = again.toSorted().join('\n') === comments.toSorted().join('\n');
  return kept ? markerLine(part) + text : undefined;
}

/** The text of a document without content; undefined for any other. */
function printComments(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  if (lines.some((line) => line !== '' && !line.startsWith('#'))) return undefined;
  const single = lines.filter((line, index) => line !== '' || lines[index - 1] !== '');
  const whole = single.join('\n').trim();
  return whole === '' ? '' : `${whole}\n`;
}

const sourceOf = (part: DocumentText): string => markerLine(part) + part.text;

const markerLine = ({ marker }: DocumentText): string => (marker === '' ? '' : `${marker}\n`);
