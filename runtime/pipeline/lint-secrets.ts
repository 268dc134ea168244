/** Secrets that stand in the file, and those that its pipelines use. */
import { warning } from './codes.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { Document, SecretDocument } from './load.ts';
import type { Pipeline } from './model.ts';
import { nearest } from './nearest.ts';

/**
 * A name that is in no document is no mistake by itself: most secrets are kept by the server. It is
 * one, most likely, where a document has almost the same name.
 */
export function lintSecrets(documents: readonly Document[]): readonly Diagnostic[] {
  const secrets = documents.filter(
    (document): document is SecretDocument => document.kind === 'secret',
  );
  if (secrets.length === 0) return [];
  const uses = documents.flatMap((document) =>
    document.kind === 'pipeline' ? [...usesOf(document.pipeline)] : [],
  );
  const names = new Map(secrets.map(({ name }) => [name.toLowerCase(), name]));
  const used = new Set(uses.map(({ name }) => name.toLowerCase()));
  const unknown = uses.flatMap(({ name, position }) => {
    const near = names.has(name.toLowerCase()) ? undefined : nearest(name, names.values());
    if (near === undefined) return [];
    const message = `there is no secret \`${name}\` in the file, but \`${near}\``;
    return [warning('secret-unknown', position, message, `did you mean \`${near}\`?`)];
  });
  // Pipelines of other types are not read: they may use it.
  if (documents.some(({ kind }) => kind === 'other')) return unknown;
  const unused = secrets.flatMap(({ name, position }) => {
    if (name === '' || position === undefined || used.has(name.toLowerCase())) return [];
    const message = `no pipeline of the file uses the secret \`${name}\``;
    const fix = `remove it, or use it with \`from_secret: ${name}\``;
    return [warning('secret-unused', position, message, fix)];
  });
  return [...unknown, ...unused];
}

interface Use {
  readonly name: string;
  readonly position: Position;
}

function* usesOf(pipeline: Pipeline): Iterable<Use> {
  for (const step of [...pipeline.services, ...pipeline.steps]) {
    for (const key of ['environment', 'settings'] as const) {
      for (const [name, value] of step[key]) {
        if (!('fromSecret' in value)) continue;
        const position = step.places?.get(`${key}.${name}`) ?? step.position;
        yield { name: value.fromSecret, position };
      }
    }
  }
  const position = pipeline.places?.get('image_pull_secrets') ?? pipeline.position;
  for (const name of pipeline.imagePullSecrets) yield { name, position };
}
