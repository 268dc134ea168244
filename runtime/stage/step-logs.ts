/** The logs of the steps of one stage, masked, line by line. */
import type { PlanStep } from '../compile/plan.ts';
import { createMasker } from '../compile/mask.ts';
import { followLog } from '../kube/logs.ts';
import type { Transport } from '../kube/transport.ts';

export interface StepLine {
  /** Without its newline. */
  readonly text: string;
  /** False for a part of a line that goes on, and for an end without a newline. */
  readonly ended: boolean;
  /** When the container wrote the beginning of the line, in unix milliseconds. */
  readonly time: number;
}

export interface StepLogsOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly pod: string;
  readonly masks: readonly string[];
  /** A longer line comes in parts of at least so many characters. */
  readonly longest: number;
  readonly onLine: (step: PlanStep, line: StepLine) => void | Promise<void>;
  /** What a step wrote could not all be read. */
  readonly onHole: (step: PlanStep) => void | Promise<void>;
  /** The log of a step was read to its end, or as far as it will be. */
  readonly onEnd: (step: PlanStep) => void;
  readonly isRunning: (container: string) => boolean;
}

export class StepLogs {
  readonly #options: StepLogsOptions;
  readonly #stopped = new AbortController();
  readonly #followed = new Map<number, Promise<void>>();

  constructor(options: StepLogsOptions) {
    this.#options = options;
  }

  /** Follows the log of a step from its beginning; a second call for the same step does nothing. */
  follow(step: PlanStep, container: string): void {
    if (this.#followed.has(step.number)) return;
    const following = this.#follow(step, container);
    // Failures are reported by `drain`; until then they are not unhandled.
    following.catch(() => undefined);
    this.#followed.set(step.number, following);
  }

  /** Everything that the given steps wrote has been handed over. Rejects where it could not be. */
  async drain(numbers: Iterable<number>): Promise<void> {
    await Promise.all([...numbers].map(async (number) => this.#followed.get(number)));
  }

  /** Reads no further; what was read is handed over, to the last half line. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.allSettled(this.#followed.values());
  }

  async #follow(step: PlanStep, container: string): Promise<void> {
    const { transport, namespace, pod, masks, longest, isRunning } = this.#options;
    const { signal } = this.#stopped;
    const { onLine, onHole } = this.#options;
    const masker = createMasker(masks);
    let open = '';
    let began = 0;
    const { complete } = await followLog(transport, {
      namespace,
      pod,
      container,
      signal,
      isRunning: () => isRunning(container),
      onLine: (line) => {
        if (open === '') began = Number(line.time / 1000n) / 1000;
        const shown = masker.write(line.continues ? line.text : `${line.text}\n`);
        // A masker may hold back the end of what it got until it knows that it is no secret.
        open += shown;
        const ended = open.endsWith('\n');
        if (!ended && open.length < longest) return undefined;
        const text = ended ? open.slice(0, -1) : open;
        open = '';
        return onLine(step, { text, ended, time: began });
      },
    });
    open += masker.flush();
    if (open !== '') {
      const ended = open.endsWith('\n');
      await onLine(step, { text: ended ? open.slice(0, -1) : open, ended, time: began });
    }
    if (!complete && !signal.aborted) await onHole(step);
    this.#options.onEnd(step);
  }
}
