/** What the runner counts, as one object: callers know no library and no names of metrics. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EndReason } from '../stage/conclude.ts';
import { addProcessMetrics, type ProcessReadings } from './process-metrics.ts';

/** Why a stage ended; `invalid pipeline` is one that never ran. */
export type StageEnd = EndReason | 'invalid pipeline';

/** The three clocks of a stage that waits. */
export type WaitPhase = 'queued' | 'unschedulable' | 'starting';

/** A record, so that a new reason is not forgotten. */
const STAGE_ENDS: Readonly<Record<StageEnd, true>> = {
  succeeded: true,
  failed: true,
  killed: true,
  timeout: true,
  OOMKilled: true,
  'image pull': true,
  evicted: true,
  preempted: true,
  'node lost': true,
  'deleted by somebody': true,
  deadline: true,
  unschedulable: true,
  quota: true,
  'invalid pipeline': true,
  internal: true,
};

const PICKUP_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const WAIT_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const STEP_SECONDS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];

export interface MetricsOptions {
  /** The version of the runner. */
  readonly version: string;
  readonly process: ProcessReadings;
}

/** All durations are seconds. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #own = { registers: [this.#registry] };

  readonly #stagesEnded = new Counter({
    ...this.#own,
    name: 'drone_kube_stages_ended_total',
    help: 'Stages that ended, by why they ended.',
    labelNames: ['reason'],
  });
  readonly #stages = new Gauge({
    ...this.#own,
    name: 'drone_kube_stages',
    help: 'Stages that this replica has: running have a step that started, waiting have not.',
    labelNames: ['state'],
  });
  readonly #pickup = new Histogram({
    ...this.#own,
    name: 'drone_kube_stage_pickup_seconds',
    help: 'From the moment the Drone server queued a stage until this runner had it.',
    buckets: PICKUP_SECONDS,
  });
  readonly #wait = new Histogram({
    ...this.#own,
    name: 'drone_kube_stage_wait_seconds',
    help: 'How long stages waited, by what for: queued, unschedulable (a node), starting (images, volumes, containers).',
    labelNames: ['phase'],
    buckets: WAIT_SECONDS,
  });
  readonly #steps = new Histogram({
    ...this.#own,
    name: 'drone_kube_step_seconds',
    help: 'How long steps ran, by their status.',
    labelNames: ['status'],
    buckets: STEP_SECONDS,
  });
  readonly #logBytes = new Counter({
    ...this.#own,
    name: 'drone_kube_log_bytes_total',
    help: 'Bytes of the logs of steps that the Drone server has taken.',
  });
  readonly #adoptions = new Counter({
    ...this.#own,
    name: 'drone_kube_adoptions_total',
    help: 'Stages taken over from another replica that is gone.',
  });
  readonly #kubeRequests = new Counter({
    ...this.#own,
    name: 'drone_kube_api_requests_total',
    help: 'Requests to the Kubernetes API server, retries included; the code is `none` where no answer came.',
    labelNames: ['verb', 'resource', 'code'],
  });
  readonly #droneRequests = new Counter({
    ...this.#own,
    name: 'drone_kube_server_requests_total',
    help: 'Requests to the Drone server, retries included; the code is `none` where no answer came.',
    labelNames: ['call', 'code'],
  });
  readonly #loopLag: Histogram;

  constructor(options: MetricsOptions) {
    this.#loopLag = addProcessMetrics(this.#registry, options.process);
    new Gauge({
      ...this.#own,
      name: 'drone_kube_info',
      help: 'Always 1; the version of the runner.',
      labelNames: ['version'],
    }).set({ version: options.version }, 1);
    // Zero from the beginning: `increase()` does not see a series that starts with 1.
    for (const reason of Object.keys(STAGE_ENDS)) this.#stagesEnded.inc({ reason }, 0);
    this.stages({ running: 0, waiting: 0 });
  }

  stageEnded(reason: StageEnd): void {
    this.#stagesEnded.inc({ reason });
  }

  /** What this replica has at this moment. */
  stages(count: { readonly running: number; readonly waiting: number }): void {
    this.#stages.set({ state: 'running' }, count.running);
    this.#stages.set({ state: 'waiting' }, count.waiting);
  }

  pickedUp(seconds: number): void {
    this.#pickup.observe(Math.max(0, seconds));
  }

  /** Once for each phase that a stage left, whether it went on or gave up. */
  waited(phase: WaitPhase, seconds: number): void {
    this.#wait.observe({ phase }, Math.max(0, seconds));
  }

  stepEnded(status: 'success' | 'failure' | 'error' | 'killed', seconds: number): void {
    this.#steps.observe({ status }, Math.max(0, seconds));
  }

  logDelivered(bytes: number): void {
    this.#logBytes.inc(bytes);
  }

  adopted(): void {
    this.#adoptions.inc();
  }

  /** `what` is verb and resource as the transport names them, such as `POST pods` or `GET pods/log`. */
  kubeRequest(what: string, code: number | undefined): void {
    const [verb = '', ...resource] = what.split(' ');
    this.#kubeRequests.inc({ verb, resource: resource.join(' '), code: code ?? 'none' });
  }

  /** `call` is the name of the method of DroneServer, such as `putStage`. */
  droneRequest(call: string, code: number | undefined): void {
    this.#droneRequests.inc({ call, code: code ?? 'none' });
  }

  /** How much later than asked the event loop came round. */
  loopLag(seconds: number): void {
    this.#loopLag.observe(Math.max(0, seconds));
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }
}
