/** What has become of objects between two looks. Pure. */
import type { KubeObject } from './world.ts';

/**
 * What was made, what went, and what was written to between two looks. A status is written by
 * others, and moves the resourceVersion; without that it must stay the same.
 */
export const written = (
  before: readonly KubeObject[],
  after: readonly KubeObject[],
): readonly string[] =>
  differences(before, after, (one, other) => {
    const isStatus = JSON.stringify(one.status) !== JSON.stringify(other.status);
    const isVersion = one.metadata.resourceVersion !== other.metadata.resourceVersion;
    return (isStatus || !isVersion) && contents(one, 'exact') === contents(other, 'exact');
  });

/** Which objects are not what they were, whoever has made or written them again in between. */
export const changed = (
  before: readonly KubeObject[],
  after: readonly KubeObject[],
): readonly string[] =>
  differences(
    before,
    after,
    (one, other) => contents(one, 'of manifest') === contents(other, 'of manifest'),
  );

function differences(
  before: readonly KubeObject[],
  after: readonly KubeObject[],
  isSame: (one: KubeObject, other: KubeObject) => boolean,
): readonly string[] {
  const then = new Map(before.map((object) => [nameOf(object), object]));
  const now = new Map(after.map((object) => [nameOf(object), object]));
  return [
    ...[...then.keys()].filter((name) => !now.has(name)).map((name) => `${name} is gone`),
    ...[...now].flatMap(([name, object]) => {
      const old = then.get(name);
      if (old === undefined) return [`${name} is new`];
      return isSame(old, object) ? [] : [`${name} is another`];
    }),
  ];
}

/** `Kind namespace/name`. */
export const nameOf = ({ kind, metadata: { namespace, name } }: KubeObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

function contents(object: KubeObject, how: 'exact' | 'of manifest'): string {
  const { status: _status, metadata, ...rest } = object;
  const { managedFields: _fields, resourceVersion: _version, ...exact } = metadata;
  if (how === 'exact') return JSON.stringify({ ...rest, metadata: exact });
  const { name, namespace, labels } = metadata;
  return JSON.stringify({ ...rest, metadata: { name, namespace, labels } });
}
