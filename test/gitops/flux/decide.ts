/** What the objects of Flux and those that it made say. Pure. */
import type { KubeObject } from '../world.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime: string;
}

/** A GitRepository or a Kustomization. */
export interface FluxObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly lastHandledReconcileAt?: string;
    /** Of a Kustomization. */
    readonly lastAppliedRevision?: string;
    /** Every outcome that its tries have had. */
    readonly history?: readonly { readonly lastReconciledStatus: string }[];
    readonly inventory?: {
      readonly entries?: readonly { readonly id: string; readonly v: string }[];
    };
    /** Of a GitRepository. */
    readonly artifact?: { readonly revision?: string };
  };
}

/** What has to have been done. */
export interface Wanted {
  readonly commit: string;
  /** The request that has to have been answered; any other will do where it is left out. */
  readonly request?: string;
}

/** On each object that a Kustomization has applied. */
export const LABEL_NAME = 'kustomize.toolkit.fluxcd.io/name';
export const LABEL_NAMESPACE = 'kustomize.toolkit.fluxcd.io/namespace';

const SUCCEEDED = 'ReconciliationSucceeded';

const readyOf = ({ status }: FluxObject): Condition | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready');

/** Whether one is Ready, of the wanted commit, and has answered the request. */
export function isDone(object: FluxObject, { commit, request }: Wanted): boolean {
  const { status, metadata } = object;
  const revision = status?.lastAppliedRevision ?? status?.artifact?.revision;
  return (
    readyOf(object)?.status === 'True' &&
    status?.observedGeneration === metadata.generation &&
    revision?.endsWith(`:${commit}`) === true &&
    (request === undefined || status.lastHandledReconcileAt === request)
  );
}

/** One line for each that is not done. */
export const undone = (objects: readonly FluxObject[], wanted: Wanted): readonly string[] =>
  objects
    .filter((object) => !isDone(object, wanted))
    .map((object) => {
      const { reason = '', message = 'nothing is said yet' } = readyOf(object) ?? {};
      return `${object.kind} ${object.metadata.name}: ${reason} ${message}`;
    });

/**
 * Where Kustomizations did not go one wave after the other: one has applied something before all of
 * the wave before were ready, or had to try again. Times of the API server have whole seconds.
 * @param waves the names of all Kustomizations
 * @param made everything that they have applied
 */
export function orderProblems(
  waves: readonly (readonly string[])[],
  kustomizations: readonly FluxObject[],
  made: readonly KubeObject[],
): readonly string[] {
  const readyAt = new Map(
    kustomizations.map((each) => [each.metadata.name, readyOf(each)?.lastTransitionTime ?? '']),
  );
  const names = new Set(waves.flat());
  const others = [...readyAt.keys()].filter((name) => !names.has(name));
  const early = waves.flatMap((wave, index) =>
    wave.flatMap((name) => {
      const [first] = made
        .filter(({ metadata }) => metadata.labels?.[LABEL_NAME] === name)
        .flatMap(appliedAt)
        .sort();
      if (first === undefined) return [`${name} has applied nothing`];
      return (waves[index - 1] ?? []).flatMap((before) => {
        const ready = readyAt.get(before) ?? 'no time';
        return first < ready
          ? [`${name} applied something at ${first}, before ${before} was ready at ${ready}`]
          : [];
      });
    }),
  );
  const again = kustomizations.flatMap(({ metadata: { name }, status }) =>
    (status?.history ?? [])
      .filter(({ lastReconciledStatus }) => lastReconciledStatus !== SUCCEEDED)
      .map(
        ({ lastReconciledStatus }) => `${name} did not succeed at once: ${lastReconciledStatus}`,
      ),
  );
  return [...others.map((name) => `${name} is of no wave`), ...early, ...again];
}

/** Some objects are there before, such as the ServiceAccount that every namespace has. */
const appliedAt = ({ metadata }: KubeObject): readonly string[] =>
  (metadata.managedFields ?? []).flatMap(({ manager, time }) =>
    manager === 'kustomize-controller' && time !== undefined ? [time] : [],
  );
