/** What cdk8s lets pass and must not: looked at while the manifests are made. */
import type { ApiObject } from 'cdk8s';
import type { Part } from './part.ts';

/** Objects of a chart that would land in the same file: cdk8s keeps the last one and says nothing. */
export function overwritten({ node, objects }: Pick<Part, 'node' | 'objects'>): string[] {
  return repeated(objects.map(({ kind, name }) => `${kind}.${name}`)).map(
    (file) => `two objects of chart ${node.id} would be written to ${file}.k8s.yaml`,
  );
}

/** The same object in two charts: whichever is applied last would win. */
export const twice = (parts: readonly Pick<Part, 'objects'>[]): string[] =>
  repeated(parts.flatMap(({ objects }) => objects).map(identity)).map(
    (object) => `${object} is made twice`,
  );

/** Secrets with anything in them, which nobody may ever commit. */
export const bareSecrets = ({ objects }: Pick<Part, 'objects'>): string[] =>
  objects
    .filter(isBareSecret)
    .map(
      (object) =>
        `${identity(object)} has data, which would be committed; name the Secret and let something else make it`,
    );

function isBareSecret(object: ApiObject): boolean {
  if (object.kind !== 'Secret' || object.apiGroup !== 'core') return false;
  const manifest: Readonly<Record<string, unknown>> = object.toJson();
  return manifest['data'] !== undefined || manifest['stringData'] !== undefined;
}

const identity = ({ apiGroup, kind, name, metadata }: ApiObject): string =>
  `${apiGroup} ${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${name}`;

const repeated = (names: readonly string[]): string[] =>
  names.filter((name, index) => names.indexOf(name) < index);
