/**
 * What is wrong with a pipeline file, where, and what to write instead.
 * Plain data: the parser, the decoder and the linter produce it, the command line prints it.
 */

/** A place in a source file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
  /** Characters to underline from `column` on, on that one line. At least 1. */
  readonly length: number;
}

export type Severity = 'error' | 'warning';

export interface Diagnostic {
  /** Stable: a code keeps its meaning for ever and is never used again for another rule. */
  readonly code: string;
  readonly severity: Severity;
  /** What is wrong, one sentence without a full stop. Never contains a secret. */
  readonly message: string;
  /** What to write instead, one sentence without a full stop. */
  readonly fix: string;
  readonly position: Position;
}

export const hasErrors = (diagnostics: readonly Diagnostic[]): boolean =>
  diagnostics.some((diagnostic) => diagnostic.severity === 'error');
