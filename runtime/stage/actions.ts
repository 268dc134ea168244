/** What the runner does to a Pod that is under way: give verdicts, add ephemeral containers. */
import { ANNOTATION_VERDICT } from '../contract.ts';
import type { CompiledStage } from '../compile/types.ts';
import { addEphemeralContainer, patchObject } from '../kube/objects.ts';
import { PODS } from '../kube/request.ts';
import type { Transport } from '../kube/transport.ts';
import { lateVariables } from './late.ts';
import type { Observation } from './observation.ts';
import type { Tasks } from './tasks.ts';
import { ephemeralTurns } from './turns.ts';
import { verdictAnnotation, verdicts, type Verdict, type VerdictInput } from './verdicts.ts';

/** An answer of a step reaches the journal within this time after its container ended. */
const SILENCE_MS = 2_000;

/** Each verdict is given once, each container added once, however often they are found due. */
export class StageActions {
  readonly #transport: Transport;
  readonly #stage: CompiledStage;
  readonly #tasks: Tasks;
  readonly #given: Verdict[] = [];
  readonly #added = new Set<number>();

  constructor(transport: Transport, stage: CompiledStage, tasks: Tasks) {
    this.#transport = transport;
    this.#stage = stage;
    this.#tasks = tasks;
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
    const { plan, containers } = this.#stage;
    const isSilent = (container: string): boolean =>
      now - (ended.get(container) ?? now) > SILENCE_MS;
    const fresh = verdicts({ plan, containers, journal, pod, isSilent, isOverdue }).filter(
      ({ step }) => !this.#given.some((earlier) => earlier.step === step),
    );
    if (fresh.length === 0) return;
    this.#given.push(...fresh);
    const { namespace, name } = this.#stage.pod.metadata;
    const annotations = { [ANNOTATION_VERDICT]: verdictAnnotation(this.#given) };
    this.#tasks.run(
      patchObject(
        this.#transport,
        { resource: PODS, namespace, name },
        { metadata: { annotations } },
        { lane: 'urgent' },
      ),
    );
  }

  /** `wall` is unix milliseconds. */
  addContainers({ journal }: Observation, wall: number): void {
    const { ephemeral, plan, pod } = this.#stage;
    const { namespace, name } = pod.metadata;
    for (const step of ephemeralTurns(plan, journal)) {
      if (this.#added.has(step.number)) continue;
      this.#added.add(step.number);
      const container = ephemeral(step, lateVariables(step, plan, journal, wall));
      this.#tasks.run(addEphemeralContainer(this.#transport, namespace, name, { ...container }));
    }
  }
}
