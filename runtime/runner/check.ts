/** From the text of a pipeline file to the one pipeline of a stage, or why it cannot run. Pure. */
import type { Diagnostic } from '../pipeline/diagnostics.ts';
import { lintPipeline } from '../pipeline/lint.ts';
import {
  byPosition,
  loadFile,
  selectPipeline,
  type Document,
  type PipelineDocument,
  type SecretDocument,
} from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/model.ts';
import { tooLarge } from '../pipeline/source.ts';
import { substitute } from '../pipeline/substitute.ts';
import { diagnosticText, refuse, refuseFile, type StageRefusal } from './prepare-refusal.ts';

export interface CheckOptions {
  /** Of the stage; '' and `default` are the same name. */
  readonly name: string;
  /** Whether the repository is trusted. */
  readonly trusted: boolean;
  /** What `${…}` stands for. */
  readonly variables: ReadonlyMap<string, string>;
}

export type CheckedPipeline =
  | {
      readonly pipeline: Pipeline;
      /** The secrets that stand in the file, or that it says where to find. */
      readonly secrets: readonly SecretDocument[];
      readonly warnings: readonly string[];
    }
  | { readonly refusal: StageRefusal };

/** The whole file has to be readable; the rules are those of the one pipeline. */
export function checkPipeline(source: string, options: CheckOptions): CheckedPipeline {
  const large = tooLarge(source);
  if (large !== undefined) return { refusal: refuseFile([large]) };
  const substituted = substitute(source, options.variables);
  if ('error' in substituted) return { refusal: refuseFile([substituted.error]) };
  const { documents, diagnostics } = loadFile(substituted.text);
  const unreadable = refusalOf(diagnostics);
  if (unreadable !== undefined) return { refusal: unreadable };

  const document = selectPipeline(documents, options.name);
  if (document === undefined) return { refusal: refuse(notFound(documents, options.name)) };
  const { pipeline } = document;
  const linted = [...lintPipeline(pipeline, options)].sort(byPosition);
  const refusal = refusalOf(linted);
  if (refusal !== undefined) return { refusal };
  return {
    pipeline,
    secrets: documents.filter((each): each is SecretDocument => each.kind === 'secret'),
    warnings: [...ofDocument(document, documents, diagnostics), ...linted]
      .sort(byPosition)
      .map(diagnosticText),
  };
}

function refusalOf(diagnostics: readonly Diagnostic[]): StageRefusal | undefined {
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
  return first === undefined ? undefined : refuseFile([first, ...others]);
}

/** Other pipelines of the file are other stages, which tell what is wrong with them. */
function ofDocument(
  { pipeline }: PipelineDocument,
  documents: readonly Document[],
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  const start = pipeline.position.line;
  const next = Math.min(
    ...pipelinesOf(documents)
      .map(({ position }) => position.line)
      .filter((line) => line > start),
  );
  return diagnostics.filter(({ position: { line } }) => line >= start && line < next);
}

function notFound(documents: readonly Document[], name: string) {
  const names = pipelinesOf(documents).map((pipeline) => `"${pipeline.name || 'default'}"`);
  const rule = 'begin a document with `kind: pipeline`, `type: kubernetes` and this name';
  return {
    code: 'pipeline-missing',
    message: `the file has no pipeline of type kubernetes with the name "${name || 'default'}"`,
    fix: names.length === 0 ? rule : `${rule}; it has ${names.join(', ')}`,
  };
}

const pipelinesOf = (documents: readonly Document[]): readonly Pipeline[] =>
  documents.flatMap((document) => (document.kind === 'pipeline' ? [document.pipeline] : []));
