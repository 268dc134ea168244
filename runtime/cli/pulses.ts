/** When things last happened: what the probes of Kubernetes judge a replica by. */
import type { Check, Pulse } from '../telemetry/health.ts';
import { checkPulse } from '../telemetry/health.ts';

/** Milliseconds that may pass: a long poll lasts 30 s, a watch is silent for a minute. */
const CONTACT_LIMIT_MS = 120_000;
const TURN_LIMIT_MS = 180_000;

export class Pulses {
  readonly #wall: () => number;
  readonly #contacts = new Map<string, { last: number | undefined; error: string | undefined }>();
  readonly #turns = new Map<string, number>();

  constructor(
    wall: () => number,
    names: { readonly servers: readonly string[]; readonly loops: readonly string[] },
  ) {
    this.#wall = wall;
    // A loop that never turns is late from the beginning on.
    for (const name of names.loops) this.#turns.set(name, wall());
    for (const name of names.servers)
      this.#contacts.set(name, { last: undefined, error: undefined });
  }

  /** A server answered, or it did not. */
  beat(server: string, isWell: boolean, error?: string): void {
    const before = this.#contacts.get(server);
    this.#contacts.set(
      server,
      isWell ? { last: this.#wall(), error: undefined } : { last: before?.last, error },
    );
  }

  turn(loop: string): void {
    this.#turns.set(loop, this.#wall());
  }

  contacts(): readonly Pulse[] {
    return [...this.#contacts].map(([name, { last, error }]) => ({
      name,
      last,
      error,
      limit: CONTACT_LIMIT_MS,
    }));
  }

  turns(): readonly Check[] {
    return [...this.#turns].map(([name, last]) =>
      checkPulse({ name, last, limit: TURN_LIMIT_MS }, this.#wall()),
    );
  }
}
