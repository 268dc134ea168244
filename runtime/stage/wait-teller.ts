/** Tells what a stage waits for, where it is something else than before. */
import type { Clock } from '../kube/clock.ts';
import type { Observation } from './observation.ts';
import type { StageObserver } from './run-options.ts';
import type { StageSpec } from './spec.ts';
import {
  advanceWait,
  beginWait,
  blockedTurn,
  containerLabel,
  waitingFor,
  type Wait,
} from './waiting.ts';

export interface WaitTellerOptions {
  readonly clock: Clock;
  readonly spec: Pick<StageSpec, 'plan' | 'containers'>;
  readonly observer: Pick<StageObserver, 'waiting' | 'waited'>;
}

export class WaitTeller {
  readonly #options: WaitTellerOptions;
  #wait: Wait;
  #hasStarted = false;
  /** Said already: a kubelet that tries again tells the same things in turn. */
  readonly #said = new Set<string>();

  constructor(options: WaitTellerOptions) {
    this.#options = options;
    this.#wait = beginWait(options.clock.now());
  }

  /** What is waited for now, and since when. */
  get wait(): Wait {
    return this.#wait;
  }

  /** The quota does not let the Pod be. */
  queued(text: string): void {
    this.#say({ ...this.#wait, phase: 'queued', text });
  }

  /** There is a Pod: its clocks begin. */
  begin(): void {
    const { clock } = this.#options;
    this.#wait = { ...beginWait(clock.now()), text: this.#wait.text };
  }

  look({ events, journal, pod }: Observation, now: number): void {
    const { plan, containers } = this.#options.spec;
    const label = containerLabel(plan, containers);
    if (journal.steps.size === 0) {
      this.#say(advanceWait(this.#wait, waitingFor(pod, [...events.values()], label), now));
      return;
    }
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.#tellWaited(this.#wait);
    }
    for (const [number, container] of containers) {
      if (journal.steps.get(number)?.state !== 'running') continue;
      const text = blockedTurn([container], pod, label);
      if (text !== undefined) this.#say({ ...this.#wait, text }, number);
    }
  }

  #say(wait: Wait, step?: number): void {
    const before = this.#wait;
    this.#wait = wait;
    if (wait.phase !== before.phase) this.#tellWaited(before);
    const key = `${step ?? ''}:${wait.text}`;
    if (wait.text === '' || this.#said.has(key)) return;
    this.#said.add(key);
    this.#options.observer.waiting(wait.text, wait.usual === true, step);
  }

  #tellWaited({ phase, since }: Wait): void {
    const { clock, observer } = this.#options;
    observer.waited?.(phase, clock.now() - since);
  }
}
