/** What an Application and the objects that it made say. Pure. */
import { at } from '../../cluster/json.ts';
import { nameOf } from '../objects.ts';
import type { KubeObject } from '../world.ts';

export interface Application extends KubeObject {
  /** One that is still to begin or under way. */
  readonly operation?: unknown;
  readonly status?: {
    readonly sync?: { readonly status: string; readonly revision?: string };
    readonly health?: { readonly status: string };
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    /** The last one. */
    readonly operationState?: {
      readonly phase: string;
      readonly message?: string;
      readonly startedAt: string;
      readonly operation?: { readonly sync?: { readonly revision?: string } };
      readonly retryCount?: number;
    };
    readonly resources?: readonly Resource[];
  };
}

/** What it says of one of its objects. */
interface Resource {
  readonly group?: string;
  readonly version: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly status?: string;
  readonly health?: { readonly status: string; readonly message?: string };
}

/** Asks for a look; whoever has looked takes it away. */
export const REFRESH = 'argocd.argoproj.io/refresh';

/** On each object that an Application has applied: its name, a colon, and which object it is. */
const TRACKED = 'argocd.argoproj.io/tracking-id';

const WAVE = 'argocd.argoproj.io/sync-wave';

/** Who is said to have written what it applies. */
const MANAGER = 'argocd-controller';

/** Why the commit is not deployed, in lines; none where it is, and all of it is healthy. */
export function problems(application: Application, commit: string): readonly string[] {
  const { metadata, operation, status } = application;
  const { sync, health, conditions = [], operationState, resources = [] } = status ?? {};
  const isAsked = metadata.annotations?.[REFRESH] !== undefined;
  const isOver = operation === undefined && operationState?.phase === 'Succeeded';
  const isSynced = sync?.status === 'Synced' && sync.revision === commit;
  const found = [
    ...(isAsked ? ['it has not looked yet'] : []),
    ...(isOver
      ? []
      : [`sync: ${operationState?.phase ?? 'none'} ${operationState?.message ?? ''}`]),
    ...(isSynced ? [] : [`it is ${sync?.status ?? 'unknown'} at ${sync?.revision ?? 'nothing'}`]),
    ...(health?.status === 'Healthy' ? [] : [`it is ${health?.status ?? 'of unknown health'}`]),
  ];
  if (found.length === 0) return [];
  return [
    ...found.map((line) => line.trim()),
    ...conditions.map(({ type, message }) => `${type}: ${message}`),
    ...resources.flatMap(({ kind, name, status: state, health: own }) =>
      state === 'OutOfSync' || (own !== undefined && own.status !== 'Healthy')
        ? [`${kind} ${name}: ${state} ${own?.status ?? ''} ${own?.message ?? ''}`.trim()]
        : [],
    ),
  ];
}

/** Whether its last sync, to this commit, asked for more than the project allows. */
export function isRefused({ status }: Application, commit: string): boolean {
  const { operation, message } = status?.operationState ?? {};
  return (
    operation?.sync?.revision === commit && message?.includes('not permitted in project') === true
  );
}

/** `kind.version.group` of all its objects. */
export const kindsOf = ({ status }: Application): readonly string[] =>
  (status?.resources ?? []).map(
    ({ kind, version, group = '' }) => `${kind.toLowerCase()}.${version}.${group}`,
  );

/** Whether the Application of this name has applied it. */
export const isOf =
  (application: string) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.annotations?.[TRACKED]?.startsWith(`${application}:`) === true;

/**
 * Where objects were not applied one wave after the other, or before a Deployment of the wave before
 * was available. Times of the API server have whole seconds. Argo CD rests longer between two waves, but
 * not after a Deployment is available.
 * @param made all that was applied, once
 */
export function orderProblems(made: readonly KubeObject[]): readonly string[] {
  const waves = new Map<number, { object: KubeObject; applied: string; ready: string }[]>();
  for (const object of made) {
    const wave = Number(object.metadata.annotations?.[WAVE] ?? Number.NaN);
    const applied = appliedAt(object);
    const ready = [applied, availableAt(object)].toSorted().at(-1) ?? '';
    waves.set(wave, [...(waves.get(wave) ?? []), { object, applied, ready }]);
  }
  const inOrder = [...waves].toSorted(([a], [b]) => a - b).map(([, objects]) => objects);
  if (inOrder.length < 2) return ['there are no waves'];
  return inOrder.flatMap((objects, index) => {
    const last = (inOrder[index - 1] ?? []).toSorted((a, b) => (a.ready < b.ready ? 1 : -1))[0];
    if (last === undefined) return [];
    return objects
      .filter(({ applied }) => applied < last.ready || applied === last.applied)
      .map(
        ({ object, applied }) =>
          `${nameOf(object)} was applied at ${applied}, ` +
          `and ${nameOf(last.object)} of the wave before was ready at ${last.ready}`,
      );
  });
}

/** Some objects are there before, such as the ServiceAccount that every namespace has. */
const appliedAt = ({ metadata }: KubeObject): string =>
  metadata.managedFields?.find(({ manager }) => manager === MANAGER)?.time ?? '';

function availableAt({ kind, status }: KubeObject): string {
  if (kind !== 'Deployment') return '';
  const conditions = at(status, 'conditions');
  const available = (Array.isArray(conditions) ? conditions : []).find(
    (condition) => at(condition, 'type') === 'Available',
  );
  const time = at(available, 'lastTransitionTime');
  return typeof time === 'string' ? time : '';
}
