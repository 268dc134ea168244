/**
 * What has to be known of a stage to run it on once its objects were made: plain data, small enough
 * for the stage's record, without the value of any secret. Pure.
 */
import type { EphemeralContainer } from '../compile/objects.ts';
import type { Plan, PlanStep } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';

export interface StageSpec {
  readonly namespace: string;
  /** Of the Pod, of the ConfigMap that owns everything, and of the Secret where there is one. */
  readonly name: string;
  readonly plan: Plan;
  /** The container of each step that has one, by number. */
  readonly containers: ReadonlyMap<number, string>;
  readonly ephemerals: ReadonlyMap<number, EphemeralContainer>;
  /** Whether there is a Secret, whose values no log may show. */
  readonly hasSecret: boolean;
}

export const specOf = (stage: CompiledStage): StageSpec => ({
  namespace: stage.pod.metadata.namespace,
  name: stage.pod.metadata.name,
  plan: { steps: stage.plan.steps, skipped: stage.plan.skipped },
  containers: stage.containers,
  ephemerals: stage.ephemerals,
  hasSecret: stage.secret !== undefined,
});

/** The same as JSON; only what is declared here, whatever the objects hold beyond it. */
export interface StoredSpec {
  readonly namespace: string;
  readonly name: string;
  readonly plan: Plan;
  readonly containers: readonly (readonly [number, string])[];
  readonly ephemerals: readonly (readonly [number, EphemeralContainer])[];
  readonly hasSecret: boolean;
}

export const storedSpec = (spec: StageSpec): StoredSpec => ({
  ...spec,
  plan: {
    steps: spec.plan.steps.map(bareStep),
    skipped: spec.plan.skipped.map(({ name, why }) => ({ name, why })),
  },
  containers: [...spec.containers],
  ephemerals: [...spec.ephemerals],
});

export const loadedSpec = (stored: StoredSpec): StageSpec => ({
  ...stored,
  containers: new Map(stored.containers),
  ephemerals: new Map(stored.ephemerals),
});

const bareStep = (step: PlanStep): PlanStep => ({
  number: step.number,
  name: step.name,
  kind: step.kind,
  detached: step.detached,
  when: step.when,
  failure: step.failure,
  waitsFor: step.waitsFor,
  memoryLimit: step.memoryLimit,
});
