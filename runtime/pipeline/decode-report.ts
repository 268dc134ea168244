/** What the decoders of single values share. */
import { error, type ErrorCode } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import { resolveScalar } from './scalars.ts';
import type { Node } from './tree.ts';

export type Report = (diagnostic: Diagnostic) => void;

export const isNull = (node: Node): boolean =>
  node.kind === 'scalar' && resolveScalar(node)?.kind === 'null';

/** A text of the file in a message: on one line and not too long. */
export function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return `\`${line.length > 40 ? `${line.slice(0, 40)}…` : line}\``;
}

export function typeError(
  code: ErrorCode,
  what: string,
  expected: string,
  node: Node,
  fix: string,
): Diagnostic {
  return error(code, node.position, `${what} has to be ${expected}, not ${describe(node)}`, fix);
}

function describe(node: Node): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a map';
  const value = resolveScalar(node);
  switch (value?.kind) {
    case 'bool':
      return `the truth value ${quoted(node.text)}`;
    case 'int':
    case 'float':
      return `the number ${quoted(node.text)}`;
    case 'binary':
      return 'binary data';
    case 'null':
      return 'nothing';
    case 'string':
    case undefined:
      return `the text ${quoted(node.text)}`;
  }
}
