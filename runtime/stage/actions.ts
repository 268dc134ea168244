/** What the runner does to a Pod that is under way: give verdicts, add ephemeral containers. */
import { withLateVariables } from '../compile/container.ts';
import { ANNOTATION_VERDICT } from '../contract.ts';
import type { Clock } from '../kube/clock.ts';
import { insist } from '../kube/insist.ts';
import { addEphemeralContainer, patchObject } from '../kube/objects.ts';
import { PODS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import { lateVariables } from './late.ts';
import type { Observation } from './observation.ts';
import type { StageSpec } from './spec.ts';
import type { Tasks } from './tasks.ts';
import { ephemeralTurns } from './turns.ts';
import { verdictAnnotation, verdicts, type Verdict, type VerdictInput } from './verdicts.ts';

/** An answer of a step reaches the journal within this time after its container ended. */
const SILENCE_MS = 2_000;

export interface StageActionsOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly spec: StageSpec;
  readonly tasks: Tasks;
}

/** Each verdict is given once, each container added once, however often they are found due. */
export class StageActions {
  readonly #options: StageActionsOptions;
  readonly #given: Verdict[] = [];
  readonly #added = new Set<number>();

  constructor(options: StageActionsOptions) {
    this.#options = options;
  }

  /** All verdicts so far. */
  get given(): readonly Verdict[] {
    return this.#given;
  }

  /** `now` is in milliseconds of the clock of `seen.ended`. */
  giveVerdicts(
    { ended, journal, pod }: Observation,
    now: number,
    isOverdue: VerdictInput['isOverdue'],
  ): void {
    if (pod === undefined || journal.done !== undefined) return;
    const { transport, clock, spec, tasks } = this.#options;
    const { plan, containers, namespace, name } = spec;
    const isSilent = (container: string): boolean =>
      now - (ended.get(container) ?? now) > SILENCE_MS;
    const fresh = verdicts({ plan, containers, journal, pod, isSilent, isOverdue }).filter(
      ({ step }) => !this.#given.some((earlier) => earlier.step === step),
    );
    if (fresh.length === 0) return;
    this.#given.push(...fresh);
    const annotations = { [ANNOTATION_VERDICT]: verdictAnnotation(this.#given) };
    const patch = { metadata: { annotations } };
    const reference = { resource: PODS, namespace, name };
    tasks.run(
      insist(() => patchObject(transport, reference, patch, { lane: 'urgent' }), {
        clock,
        signal: tasks.signal,
      }),
    );
  }

  /** `wall` is unix milliseconds. */
  addContainers({ journal, pod }: Observation, wall: number): void {
    const { transport, clock, spec, tasks } = this.#options;
    const { ephemerals, plan, namespace, name } = spec;
    const present = new Set(pod?.spec?.ephemeralContainers?.map((container) => container.name));
    for (const step of ephemeralTurns(plan, journal)) {
      const planned = ephemerals.get(step.number);
      if (planned === undefined || this.#added.has(step.number)) continue;
      this.#added.add(step.number);
      // Whoever watched this stage before may have added it.
      if (present.has(planned.name)) continue;
      const container = withLateVariables(planned, lateVariables(step, plan, journal, wall));
      tasks.run(
        insist(() => addEphemeralContainer(transport, namespace, name, { ...container }), {
          clock,
          signal: tasks.signal,
        }),
      );
    }
  }
}
