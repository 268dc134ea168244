/** The logs of the steps of one stage, masked, line by line. */
import type { PlanStep } from '../compile/plan.ts';
import { createMasker } from '../compile/mask.ts';
import { followLog } from '../kube/logs.ts';
import type { Transport } from '../kube/transport.ts';

export interface StepLogsOptions {
  readonly transport: Transport;
  readonly namespace: string;
  readonly pod: string;
  readonly masks: readonly string[];
  readonly signal: AbortSignal;
  /** `time` is when the container wrote the beginning of the line, in unix milliseconds. */
  readonly onLine: (step: PlanStep, text: string, time: number) => void | Promise<void>;
  readonly isRunning: (container: string) => boolean;
}

export class StepLogs {
  readonly #options: StepLogsOptions;
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

  async #follow(step: PlanStep, container: string): Promise<void> {
    const { transport, namespace, pod, signal, masks, onLine, isRunning } = this.#options;
    const masker = createMasker(masks);
    let open = '';
    let began = 0;
    await followLog(transport, {
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
        if (!open.endsWith('\n') && open.length < 65_536) return undefined;
        const text = open.endsWith('\n') ? open.slice(0, -1) : open;
        open = '';
        return onLine(step, text, began);
      },
    });
    open += masker.flush();
    if (open !== '') await onLine(step, open.replace(/\n$/, ''), began);
  }
}
