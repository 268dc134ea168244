/** The replicas of a run, each a row of processes: killed as planned, and begun again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stopText, type ClockJump, type Life } from './plan.ts';

/** How a process ended; times are unix milliseconds. */
export interface Death {
  readonly replica: number;
  readonly at: number;
  /** Its own stop, a kill from here, or nothing that was planned. */
  readonly how: string;
  readonly isPlanned: boolean;
}

export interface ReplicasOptions {
  /** Of all replicas; each adds its own name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where their logs go. */
  readonly folder: string;
  readonly jumps: boolean;
  readonly onDeath: (death: Death) => void;
}

const REPLICA = join(import.meta.dirname, 'replica.ts');
const REPLICAS = [0, 1] as const;
/** What may pass between SIGTERM and the end on a machine that has much else to do. */
const GOODBYE_MS = 5_000;

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #running = new Map<number, ChildProcess>();
  #isOver = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all lives are lived; the last process of each replica then still runs, until
   * `end`.
   */
  async live(lives: readonly Life[]): Promise<void> {
    await Promise.all(
      REPLICAS.map(async (replica) => {
        const own = lives.filter((_life, index) => index % REPLICAS.length === replica);
        for (const life of own) await this.#liveOne(replica, life);
        if (!this.#isOver) void this.#keep(replica);
      }),
    );
  }

  /** Ends them in good order. Returns what was wrong about it. */
  async end(): Promise<readonly string[]> {
    this.#isOver = true;
    const odd = await Promise.all(
      [...this.#running].map(async ([replica, child]) => {
        const began = performance.now();
        const closed = once(child, 'close');
        child.kill('SIGTERM');
        const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
        await closed;
        clearTimeout(hard);
        this.#running.delete(replica);
        const ms = performance.now() - began;
        return [
          ...(child.exitCode === 0 ? [] : [`replica ${replica}: SIGTERM: code ${child.exitCode}`]),
          ...(ms < GOODBYE_MS ? [] : [`replica ${replica}: SIGTERM: over after ${ms} ms`]),
        ];
      }),
    );
    return odd.flat();
  }

  async #liveOne(replica: number, life: Life): Promise<void> {
    if (this.#isOver) return;
    const { stop, killAfter, pause, clock } = life;
    const child = this.#start(replica, life.stop === undefined ? '' : JSON.stringify(stop), clock);
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = child.kill('SIGKILL');
    }, killAfter);
    await once(child, 'close');
    clearTimeout(timer);
    this.#running.delete(replica);
    const isPlanned = child.signalCode === 'SIGKILL';
    const how = isKilled
      ? `killed after ${killAfter} ms${stop === undefined ? '' : `, never ${stopText(stop)}`}`
      : isPlanned && stop !== undefined
        ? stopText(stop)
        : `ended by itself: ${child.exitCode ?? child.signalCode}`;
    this.#options.onDeath({ replica, at: Date.now(), how, isPlanned });
    await delay(pause);
  }

  /** One process without an end; it must not end by itself. */
  async #keep(replica: number): Promise<void> {
    const child = this.#start(replica, '', undefined);
    await once(child, 'close');
    if (this.#isOver) return;
    this.#running.delete(replica);
    const how = `ended by itself: ${child.exitCode ?? child.signalCode}`;
    this.#options.onDeath({ replica, at: Date.now(), how, isPlanned: false });
  }

  #start(replica: number, stop: string, clock: ClockJump | undefined): ChildProcess {
    const { environment, folder, jumps } = this.#options;
    const log = openSync(join(folder, `replica-${replica}.log`), 'a');
    const child = spawn(process.execPath, [REPLICA], {
      stdio: ['ignore', log, log],
      env: {
        ...environment,
        DRONE_RUNNER_NAME: `chaos-${replica}`,
        DRONE_SERVER_PORT: '127.0.0.1:0',
        CHAOS_STOP: stop,
        CHAOS_CLOCK: jumps && clock !== undefined ? JSON.stringify(clock) : '',
      },
    });
    closeSync(log);
    this.#running.set(replica, child);
    return child;
  }
}
