/** From the text of a pipeline file to its documents. */
import { buildPipeline } from './build-pipeline.ts';
import { warning } from './codes.ts';
import { decodeDocument } from './decode.ts';
import { quoted, typeError, type Report } from './decode-report.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { Pipeline } from './model.ts';
import { nearest } from './nearest.ts';
import { PIPELINE_SCHEMA, SECRET_SCHEMA, SIGNATURE_SCHEMA } from './pipeline-schema.ts';
import { parseSource } from './source.ts';
import type { MapNode, Node } from './tree.ts';

/** A pipeline of type `kubernetes`; not to be run if the file has errors. */
export interface PipelineDocument {
  readonly kind: 'pipeline';
  readonly type: 'kubernetes';
  readonly name: string;
  readonly pipeline: Pipeline;
}

export interface SecretDocument {
  readonly kind: 'secret';
  readonly name: string;
  /** The encrypted value; '' where the secret is external. */
  readonly data: string;
  /** Where the secret plug-in finds it. */
  readonly get: { readonly path: string; readonly name: string } | undefined;
  /** Absent where it does not come from a file. */
  readonly position?: Position;
}

export interface SignatureDocument {
  readonly kind: 'signature';
  readonly name: string;
  readonly hmac: string;
}

/** A document that this runner leaves alone, a pipeline of another type for instance. */
export interface OtherDocument {
  readonly kind: 'other';
  readonly name: string;
  readonly kindName: string;
  readonly type: string;
}

export type Document = PipelineDocument | SecretDocument | SignatureDocument | OtherDocument;

export interface LoadedFile {
  readonly documents: readonly Document[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a pipeline file after substitution. Never throws. All that is wrong with it is in
 * `diagnostics`, in the order of the file; `lintPipeline` finds what is wrong beyond its form.
 */
export function loadFile(text: string): LoadedFile {
  const source = parseSource(text);
  const diagnostics = [...source.diagnostics];
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  const documents = source.documents.flatMap((root) => loadDocument(root, report) ?? []);
  return { documents, diagnostics: diagnostics.sort(byPosition) };
}

/** The pipeline of this name; '' and `default` are the same name. */
export function selectPipeline(
  documents: readonly Document[],
  name: string,
): PipelineDocument | undefined {
  return documents.find(
    (document): document is PipelineDocument =>
      document.kind === 'pipeline' && (document.name || 'default') === (name || 'default'),
  );
}

export const byPosition = (a: Diagnostic, b: Diagnostic): number =>
  a.position.line - b.position.line || a.position.column - b.position.column;

function loadDocument(root: Node, report: Report): Document | undefined {
  if (root.kind !== 'map') {
    const fix = 'begin the document with `kind: pipeline` and `type: kubernetes`';
    report(typeError('type-document', 'a document', 'a map', root, fix));
    return undefined;
  }
  const kind = scalarOf(root, 'kind');
  const type = scalarOf(root, 'type').text;
  switch (kind.text) {
    case 'pipeline':
      if (type === 'kubernetes') return loadPipeline(root, report);
      if (!TYPES.includes(type)) report(typeUnknown(type, scalarOf(root, 'type').position));
      return other(root, kind.text, type);
    case 'secret':
      return loadSecret(root, report);
    case 'signature': {
      const signature = decodeDocument(SIGNATURE_SCHEMA, root, report);
      return { kind: 'signature', name: '', hmac: signature?.fields.hmac ?? '' };
    }
    case '':
      report(kindMissing(root));
      return other(root, '', type);
    default:
      if (!KINDS.includes(kind.text)) report(kindUnknown(kind.text, kind.position));
      return other(root, kind.text, type);
  }
}

/** Kinds of the server and its tools; the runner looks at the first three. */
export const KINDS: readonly string[] = [
  'pipeline',
  'secret',
  'signature',
  'template',
  'cron',
  'registry',
];

/** Types of pipelines that Drone has runners for; without one it is `docker`. */
export const TYPES: readonly string[] = [
  '',
  'kubernetes',
  'docker',
  'exec',
  'ssh',
  'digitalocean',
  'aws',
  'macstadium',
  'vm',
];

function loadPipeline(root: Node, report: Report): PipelineDocument | undefined {
  const decoded = decodeDocument(PIPELINE_SCHEMA, root, report);
  if (decoded === undefined) return undefined;
  const pipeline = buildPipeline(decoded);
  return { kind: 'pipeline', type: 'kubernetes', name: pipeline.name, pipeline };
}

function loadSecret(root: Node, report: Report): SecretDocument {
  const decoded = decodeDocument(SECRET_SCHEMA, root, report);
  const fields = decoded?.fields;
  const get = fields?.get?.fields;
  return {
    kind: 'secret',
    name: fields?.name ?? '',
    data: fields?.data ?? '',
    get: get === undefined ? undefined : { path: get.path ?? '', name: get.name ?? '' },
    position: decoded?.places.get('name') ?? root.position,
  };
}

const other = (root: MapNode, kindName: string, type: string): OtherDocument => ({
  kind: 'other',
  name: scalarOf(root, 'name').text,
  kindName,
  type,
});

function scalarOf(root: MapNode, name: string): { text: string; position: Position } {
  const value = root.entries.findLast(({ key }) => key.text === name)?.value;
  return value?.kind === 'scalar' ? value : { text: '', position: root.position };
}

function kindMissing(root: MapNode): Diagnostic {
  const message = 'the document does not say what kind it is and is ignored';
  const fix = 'add `kind: pipeline` and `type: kubernetes`';
  return warning('kind-missing', root.position, message, fix);
}

function kindUnknown(kind: string, position: Position): Diagnostic {
  const near = nearest(kind, KINDS);
  const message = `${quoted(kind)} is not a kind of document and is ignored`;
  const fix = near === undefined ? 'write `kind: pipeline`' : `did you mean \`${near}\`?`;
  return warning('kind-unknown', position, message, fix);
}

function typeUnknown(type: string, position: Position): Diagnostic {
  const near = nearest(type, TYPES);
  const message = `${quoted(type)} is not a type of pipeline, so this runner ignores it`;
  const fix =
    near === undefined || near === '' ? 'write `type: kubernetes`' : `did you mean \`${near}\`?`;
  return warning('kind-type', position, message, fix);
}
