/** Reading back the names that the runner gives. Pure. */
import { recordName, serverKey, stageObjectName } from '../runner/record.ts';
import type { Thing } from './types.ts';

/** On a record: when a reaper first saw that its owner has no Lease, as an ISO time. Any write of a replica drops it. */
export const ANNOTATION_UNOWNED = 'drone-kube.io/unowned-since';

/** The stage of the record with this name; undefined for a name that is none of this server. */
export function stageOfRecord(server: string, name: string): number | undefined {
  const stage = lastNumber(name, 1);
  return stage !== undefined && recordName(server, stage) === name ? stage : undefined;
}

/** The stage whose objects share this name, which is also the one of a namespace made for it. */
export function stageOfObjects(server: string, name: string): number | undefined {
  const stage = lastNumber(name, 2);
  const attempt = lastNumber(name, 1);
  if (stage === undefined || attempt === undefined) return undefined;
  return stageObjectName({ server, stage, attempt }) === name ? stage : undefined;
}

/** What every name of a namespace for one stage begins with. */
export const namespacePrefix = (server: string): string => `drone-${serverKey(server)}-`;

/** For people: `pod/builds/drone-…`. */
export const nameOf = ({ kind, name, namespace }: Thing): string =>
  [kind.toLowerCase(), namespace, name].filter((part) => part !== '').join('/');

/** The number that stands so many parts from the end. */
function lastNumber(name: string, fromEnd: number): number | undefined {
  const part = name.split('-').at(-fromEnd) ?? '';
  return /^[1-9]\d{0,14}$/.test(part) ? Number(part) : undefined;
}
