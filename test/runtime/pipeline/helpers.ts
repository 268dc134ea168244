import { lintPipeline } from '../../../runtime/pipeline/lint.ts';
import { loadFile, selectPipeline } from '../../../runtime/pipeline/load.ts';
import type { Diagnostic } from '../../../runtime/pipeline/diagnostics.ts';
import type { Pipeline, Step } from '../../../runtime/pipeline/model.ts';

/** `line:column severity code`, which is what a user sees first. */
export const brief = ({ position, severity, code }: Diagnostic): string =>
  `${position.line}:${position.column} ${severity} ${code}`;

export const loadBrief = (text: string): readonly string[] => loadFile(text).diagnostics.map(brief);

export const HEAD = 'kind: pipeline\ntype: kubernetes\n';

/** The only pipeline of the file; throws if there is none or the file has errors. */
export function pipelineOf(text: string): Pipeline {
  const { documents, diagnostics } = loadFile(text);
  const bad = diagnostics.find(({ severity }) => severity === 'error');
  if (bad !== undefined) throw new Error(`${brief(bad)}: ${bad.message}`);
  const document = documents.find(({ kind }) => kind === 'pipeline');
  const found = selectPipeline(documents, document?.name ?? '');
  if (found === undefined) throw new Error('no pipeline');
  return found.pipeline;
}

/** A pipeline with one step that has these lines beside its name and image. */
export const withStep = (lines: string): string =>
  `${HEAD}steps:\n- name: a\n  image: b\n${lines.replace(/^/gm, '  ')}\n`;

export function stepOf(lines: string): Step {
  const [step] = pipelineOf(withStep(lines)).steps;
  if (step === undefined) throw new Error('no step');
  return step;
}

/** Codes of the linter alone, in the order of the file. */
export function lintCodes(text: string, trusted = false): readonly string[] {
  return lint(text, trusted).map(({ code }) => code);
}

export const lint = (text: string, trusted = false): readonly Diagnostic[] =>
  [...lintPipeline(pipelineOf(text), { trusted })].sort(
    (a, b) => a.position.line - b.position.line || a.position.column - b.position.column,
  );
