/** What is wrong with the configuration, in words for the people who deploy the runner. */
import type { Diagnostic } from '../pipeline/diagnostics.ts';

export interface Problem {
  /** Stable, begins with the area: `config-` for variables, `policy-`, `rules-`, `yaml-` for files. */
  readonly code: string;
  /** The variable as it was set (an alias where that was used), or the file of variables. */
  readonly variable: string;
  /** What is wrong and where, one sentence without a full stop. Never contains a secret. */
  readonly message: string;
  /** What to write instead. */
  readonly fix: string;
}

/** A diagnostic of the file that the variable names, with its place: `/etc/policy.yml:3:5: …`. */
export const problemInFile = (variable: string, file: string, diagnostic: Diagnostic): Problem => {
  const { code, fix, message, position } = diagnostic;
  const place = `${file}:${position.line}:${position.column}`;
  return { code, variable, message: `${place}: ${message}`, fix };
};

/** Two lines for each problem; ends with a line break unless there are none. */
export const renderProblems = (problems: readonly Problem[]): string =>
  problems
    .map(({ code, message, fix, variable }) => `${variable}: ${message} [${code}]\n  fix: ${fix}\n`)
    .join('');
