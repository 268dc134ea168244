/** Why a stage is not run, in words for whoever pushed the commit. Pure. */
import type { Refusal } from '../config/refusal.ts';
import type { Diagnostic } from '../pipeline/diagnostics.ts';

export interface StageRefusal {
  /** Stable; of several errors the one of the first. */
  readonly code: string;
  /** What is wrong, where, and what to write instead; fits into what the server keeps of an error. */
  readonly message: string;
  readonly reason: 'invalid pipeline';
}

export const refuse = ({ code, message, fix }: Refusal): StageRefusal => ({
  code,
  message: `${message}; ${fix}`,
  reason: 'invalid pipeline',
});

/** Bytes: the server cuts an error off there. */
const LONGEST = 500;
const MOST_ERRORS = 3;

/** `errors` in the order of the file, at least one: the first three, as far as there is room for them. */
export function refuseFile(errors: readonly [Diagnostic, ...Diagnostic[]]): StageRefusal {
  const [first, ...others] = errors;
  const message = (shown: readonly Diagnostic[]): string => {
    const rest = errors.length - shown.length;
    const more = rest === 0 ? '' : `\nand ${rest} more ${rest === 1 ? 'error' : 'errors'}`;
    return `${shown.map(diagnosticText).join('\n')}${more}`;
  };
  let shown: readonly Diagnostic[] = [first];
  for (const other of others.slice(0, MOST_ERRORS - 1)) {
    const longer = [...shown, other];
    if (Buffer.byteLength(message(longer)) > LONGEST) break;
    shown = longer;
  }
  return { code: first.code, message: message(shown), reason: 'invalid pipeline' };
}

/** `12:3: what is wrong; what to write instead`: line and column of the pipeline file. */
export const diagnosticText = ({ position, message, fix }: Diagnostic): string =>
  `${position.line}:${position.column}: ${message}; ${fix}`;
