/** From a file on disk to a pipeline that may run, or to everything that is wrong with it. */
import { readFile, stat } from 'node:fs/promises';
import { text as readText } from 'node:stream/consumers';
import type { Diagnostic } from '../pipeline/diagnostics.ts';
import { hasErrors } from '../pipeline/diagnostics.ts';
import { lintPipeline } from '../pipeline/lint.ts';
import { loadFile, type Document } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/model.ts';
import { renderDiagnostics } from '../pipeline/render.ts';
import { MAX_BYTES, tooLarge } from '../pipeline/source.ts';
import { substitute } from '../pipeline/substitute.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';

export interface Checked {
  readonly text: string;
  readonly documents: readonly Document[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The text of a pipeline file; `-` is standard input. Throws a UsageError where there is none. */
export async function readPipelineFile(path: string): Promise<string> {
  try {
    if (path === '-') return await readText(process.stdin);
    const { size } = await stat(path);
    // Far beyond the limit there is no need to read it to say so.
    if (size > 4 * MAX_BYTES) return ' '.repeat(MAX_BYTES + 1);
    return await readFile(path, 'utf8');
  } catch (error) {
    const known = typeof error === 'object' && error !== null && 'code' in error;
    const code = known ? String(error.code) : '';
    const reason =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code;
    throw new UsageError(
      `cannot read ${path}: ${reason}`,
      'name the pipeline file, .drone.yml for instance',
    );
  }
}

/** Substitutes (where variables are given), parses and lints. Pure. */
export function check(
  source: string,
  options: { readonly trusted: boolean; readonly variables?: ReadonlyMap<string, string> },
): Checked {
  const large = tooLarge(source);
  if (large !== undefined) return { text: '', documents: [], diagnostics: [large] };
  const substituted =
    options.variables === undefined ? { text: source } : substitute(source, options.variables);
  if ('error' in substituted) {
    return { text: source, documents: [], diagnostics: [substituted.error] };
  }
  const { text } = substituted;
  const { documents, diagnostics } = loadFile(text);
  const linted = documents.flatMap((document) =>
    document.kind === 'pipeline' && document.pipeline !== undefined
      ? lintPipeline(document.pipeline, { trusted: options.trusted })
      : [],
  );
  return { text, documents, diagnostics: [...diagnostics, ...linted] };
}

/** Prints what was found. Returns the exit code where the file cannot be used. */
export function report(
  checked: Checked,
  file: string,
  terminal: Terminal,
): typeof EXIT.invalid | undefined {
  if (checked.diagnostics.length > 0) {
    const { text } = checked;
    terminal.err(renderDiagnostics(checked.diagnostics, { file, text, color: terminal.color }));
  }
  return hasErrors(checked.diagnostics) ? EXIT.invalid : undefined;
}

/** The pipeline of this name; without a name the only one, or the one called `default`. */
export function choose(documents: readonly Document[], name: string | undefined): Pipeline {
  const pipelines = documents.flatMap((document) =>
    document.kind === 'pipeline' && document.pipeline !== undefined ? [document.pipeline] : [],
  );
  const names = pipelines.map((pipeline) => pipeline.name || 'default');
  if (name === undefined && pipelines.length === 1 && pipelines[0] !== undefined)
    return pipelines[0];
  const chosen = pipelines[names.indexOf(name ?? 'default')];
  if (chosen !== undefined) return chosen;
  if (pipelines.length === 0) {
    throw new UsageError(
      'the file has no pipeline of type kubernetes',
      'begin a document with `kind: pipeline` and `type: kubernetes`',
    );
  }
  throw new UsageError(
    name === undefined ? 'the file has several pipelines' : `the file has no pipeline "${name}"`,
    `choose one with --pipeline: ${names.join(', ')}`,
  );
}
