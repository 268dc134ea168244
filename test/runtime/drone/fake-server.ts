/**
 * A Drone server in memory, with the traps of a real one: dispatching reserves nothing, accept can
 * not be repeated and wakes cancelled stages, a cancel reaches only who listens, writes of a stage
 * are not atomic. Concurrency limits and the reaper are left out.
 */
import { systemClock, type Clock } from '../../../runtime/kube/clock.ts';
import { DroneError, errorFromAnswer } from '../../../runtime/drone/errors.ts';
import type {
  Details,
  DroneServer,
  Filter,
  Line,
  ServerStage,
  ServerStep,
} from '../../../runtime/drone/rpc.ts';
import { contextOf } from '../support.ts';
import { Polls, unlessAborted, type PollEvent } from './fake-polls.ts';

export interface FakeCall {
  readonly call: keyof DroneServer;
  /** Of the stage, step or build; 0 where there is none. */
  readonly id: number;
  readonly body?: unknown;
}

/**
 * Runs before or after a call did what it does. A DroneError is what the caller gets (over HTTP its
 * status); over HTTP any other error breaks the connection. A promise that does not end is a hang.
 */
export interface Faults {
  readonly before?: (call: FakeCall) => void | Promise<void>;
  readonly after?: (call: FakeCall) => void | Promise<void>;
}

export interface FakeStage {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
  readonly on_success?: boolean;
  readonly on_failure?: boolean;
}

export interface FakeBuild extends Partial<
  Pick<Details, 'config' | 'secrets' | 'netrc' | 'repoSecret'>
> {
  readonly repo?: Partial<Details['repo']>;
  readonly build?: Partial<Details['build']>;
  readonly stages?: readonly FakeStage[];
}

interface BuildRow extends Pick<Details, 'repo' | 'config' | 'secrets' | 'netrc' | 'repoSecret'> {
  build: Details['build'];
}

/** What a caller of the real client sees when the answer to a write was lost: its retry conflicts. */
export const lostAnswer = (): DroneError =>
  new DroneError('drone-conflict', 'the answer was lost', { status: 409, afterRetry: true });

const LIVE_LINES = 5_000;
const OPEN = new Set(['pending', 'running', 'waiting_on_dependencies', 'blocked', 'declined']);
const STARTS = new Set(['pending', 'running']);

export class FakeDrone implements DroneServer {
  readonly #polls: Polls;
  readonly #builds = new Map<number, BuildRow>();
  readonly #stages = new Map<number, ServerStage>();
  readonly #steps = new Map<number, ServerStep>();
  readonly #streams = new Map<number, Line[]>();
  readonly #logs = new Map<number, readonly Line[]>();
  readonly #cards = new Map<number, unknown>();
  /** Every call that came in, in order. */
  readonly calls: FakeCall[] = [];
  faults: Faults = {};

  constructor(clock: Clock = systemClock) {
    this.#polls = new Polls(clock);
  }

  /** A build of which all stages without dependencies wait in the queue. Ids count from 1. */
  addBuild(fake: FakeBuild = {}): {
    readonly build: number;
    readonly stages: readonly number[];
  } {
    const id = this.#builds.size + 1;
    const base = contextOf();
    const build = { ...base.build, id, number: id, status: 'pending', started: 0, ...fake.build };
    this.#builds.set(id, {
      repo: { ...base.repo, ...fake.repo },
      build,
      config: fake.config ?? '',
      secrets: fake.secrets ?? [],
      netrc: fake.netrc,
      repoSecret: fake.repoSecret ?? '',
    });
    const stages = (fake.stages ?? [{}]).map((stage, index) => {
      const stageId = this.#stages.size + 1;
      const waits = (stage.depends_on ?? []).length > 0;
      this.#stages.set(stageId, {
        ...base.stage,
        build_id: id,
        name: 'default',
        depends_on: [],
        on_success: true,
        on_failure: false,
        labels: {},
        ...stage,
        id: stageId,
        number: index + 1,
        status: waits ? 'waiting_on_dependencies' : 'pending',
        machine: '',
        started: 0,
      });
      return stageId;
    });
    this.#polls.tell('queue');
    return { build: id, stages };
  }

  build(id: number): Details['build'] {
    const row = this.#builds.get(id) ?? refuse(500, 'sql: no rows in result set');
    return { ...row.build, stages: this.#stagesOf(id) };
  }

  stage(id: number): ServerStage {
    return this.#stages.get(id) ?? refuse(500, 'sql: no rows in result set');
  }

  steps(stage: number): readonly ServerStep[] {
    return [...this.#steps.values()].filter((step) => step.step_id === stage);
  }

  liveLog(step: number): readonly Line[] | undefined {
    return this.#streams.get(step);
  }

  log(step: number): readonly Line[] | undefined {
    return this.#logs.get(step);
  }

  cardOf(step: number): unknown {
    return this.#cards.get(step);
  }

  /** As a user does it: rows become final with a new version, and who listens right now hears it. */
  cancel(id: number): void {
    this.#update(id, { status: 'killed' });
    for (const stage of this.#stagesOf(id)) {
      if (!OPEN.has(stage.status)) continue;
      for (const step of this.steps(stage.id)) {
        if (!STARTS.has(step.status)) continue;
        const version = step.version + 1;
        this.#steps.set(step.id, { ...step, status: 'killed', exit_code: 130, version });
      }
      this.#stages.set(stage.id, { ...stage, status: 'killed', version: stage.version + 1 });
    }
    this.#polls.tell({ cancelled: id });
  }

  /** All polls break off and all live logs are gone. */
  restart(): void {
    this.#streams.clear();
    this.#polls.tell('restart');
  }

  async ping(signal: AbortSignal): Promise<void> {
    return this.#serve({ call: 'ping', id: 0 }, signal, () => undefined);
  }

  async request(filter: Filter, signal: AbortSignal): Promise<ServerStage | undefined> {
    const find = (): ServerStage | undefined =>
      [...this.#stages.values()].find((stage) => isEligible(stage, filter));
    return this.#serve(
      { call: 'request', id: 0, body: filter },
      signal,
      async () =>
        find() ?? this.#polls.wait(signal, (event) => (event === 'queue' ? find() : undefined)),
    );
  }

  async accept(id: number, machine: string, signal: AbortSignal): Promise<ServerStage> {
    return this.#serve({ call: 'accept', id, body: machine }, signal, () => {
      const row = this.stage(id);
      if (row.machine !== '') refuse(409, '');
      const accepted = { ...row, machine, status: 'pending', version: row.version + 1 };
      this.#stages.set(id, accepted);
      return accepted;
    });
  }

  async details(id: number, signal: AbortSignal): Promise<Details> {
    return this.#serve({ call: 'details', id }, signal, () => {
      const stage = this.stage(id);
      const row = this.#builds.get(stage.build_id) ?? refuse(500, 'sql: no rows in result set');
      return { ...row, build: this.build(stage.build_id), stage, system: contextOf().system };
    });
  }

  async putStage(stage: ServerStage, steps: readonly ServerStep[], signal: AbortSignal) {
    return this.#serve({ call: 'putStage', id: stage.id, body: { ...stage, steps } }, signal, () =>
      STARTS.has(stage.status) ? this.#beforeAll(stage, steps) : this.#afterAll(stage, steps),
    );
  }

  async putStep(step: ServerStep, signal: AbortSignal): Promise<ServerStep> {
    return this.#serve({ call: 'putStep', id: step.id, body: step }, signal, () => {
      // Even where the write conflicts: the live log of a step that runs already is emptied.
      if (STARTS.has(step.status)) this.#streams.set(step.id, []);
      else this.#streams.delete(step.id);
      const isStale = this.#steps.get(step.id)?.version !== step.version;
      if (isStale && !STARTS.has(step.status)) {
        refuse(500, '1 error occurred:\n\t* Optimistic Lock Error\n\n');
      }
      return this.#writeStep(step);
    });
  }

  async watch(id: number, signal: AbortSignal): Promise<boolean> {
    return this.#serve({ call: 'watch', id }, signal, async () => {
      const hear = (event: PollEvent): true | undefined =>
        typeof event === 'object' && event.cancelled === id ? true : undefined;
      return (await this.#polls.wait(signal, hear)) ?? false;
    });
  }

  async batch(id: number, lines: readonly Line[], signal: AbortSignal): Promise<void> {
    return this.#serve({ call: 'batch', id, body: lines }, signal, () => {
      const stream = this.#streams.get(id) ?? refuse(500, 'stream: not found');
      this.#streams.set(id, [...stream, ...lines].slice(-LIVE_LINES));
    });
  }

  async upload(id: number, lines: readonly Line[], signal: AbortSignal): Promise<void> {
    return this.#serve({ call: 'upload', id, body: lines }, signal, () => {
      if (this.#logs.has(id)) refuse(500, 'UNIQUE constraint failed: logs.log_id');
      this.#logs.set(id, structuredClone(lines));
    });
  }

  async card(
    id: number,
    card: { readonly schema: string; readonly data: unknown },
    signal: AbortSignal,
  ): Promise<void> {
    return this.#serve({ call: 'card', id, body: card }, signal, () => {
      this.#cards.set(id, card);
    });
  }

  async #serve<T>(call: FakeCall, signal: AbortSignal, act: () => T | Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.calls.push(structuredClone(call));
    await unlessAborted(this.faults.before?.(call), signal);
    const result = structuredClone(await act());
    await unlessAborted(this.faults.after?.(call), signal);
    return result;
  }

  #beforeAll(stage: ServerStage, steps: readonly ServerStep[]) {
    const written = this.#writeStage(stage);
    const build = this.build(written.build_id);
    if (build.status === 'pending' && stage.status === 'running') {
      this.#update(build.id, { status: 'running', started: stage.started });
    }
    const inserted = steps.map((step) => {
      if (this.steps(step.step_id).some(({ number }) => number === step.number)) {
        refuse(500, 'UNIQUE constraint failed: steps.step_stage_id, steps.step_number');
      }
      const row = { ...step, id: this.#steps.size + 1, version: 1 };
      this.#steps.set(row.id, row);
      return row;
    });
    return { stage: written, steps: inserted };
  }

  #afterAll(stage: ServerStage, steps: readonly ServerStep[]) {
    const writtenSteps = steps.map((step) => this.#writeStep(step));
    const written = this.#writeStage(stage);
    for (const step of steps) this.#streams.delete(step.id);
    this.#scheduleDownstream(written.build_id);
    const stages = this.#stagesOf(written.build_id);
    if (!stages.some(({ status }) => OPEN.has(status))) {
      const bad = stages.find(isFailed);
      this.#update(written.build_id, { status: bad?.status ?? 'success', finished: stage.stopped });
    }
    return { stage: written, steps: writtenSteps };
  }

  /** A stage that waits is skipped when any stage of the build failed, not only one that it depends on. */
  #scheduleDownstream(build: number): void {
    const hasFailed = this.#stagesOf(build).some(isFailed);
    const move = (status: string, moves: (stage: ServerStage) => boolean): void => {
      for (const { id } of this.#stagesOf(build)) {
        const stage = this.stage(id);
        const before = this.#stagesOf(build).filter(({ name }) => stage.depends_on.includes(name));
        if (stage.status !== 'waiting_on_dependencies' || !moves(stage)) continue;
        if (before.some((one) => OPEN.has(one.status))) continue;
        this.#stages.set(id, { ...stage, status, version: stage.version + 1 });
      }
    };
    move('skipped', (stage) => stage[hasFailed ? 'on_failure' : 'on_success'] !== true);
    move('pending', () => true);
    this.#polls.tell('queue');
  }

  /** Overwrites what a body can change, with the zero value of what it leaves out. */
  #writeStage(body: ServerStage): ServerStage {
    const row = this.stage(body.id);
    if (row.version !== body.version) refuse(409, 'Optimistic Lock Error');
    const { build_id, name, kind, type, number } = row;
    const version = row.version + 1;
    const error = truncate(body['error']);
    const written = { ...body, build_id, name, kind, type, number, error, version };
    this.#stages.set(row.id, written);
    return written;
  }

  #writeStep(body: ServerStep): ServerStep {
    const row = this.#steps.get(body.id) ?? refuse(500, 'sql: no rows in result set');
    if (row.version !== body.version) refuse(409, 'Optimistic Lock Error');
    const { step_id, number, name } = row;
    const version = row.version + 1;
    const written = { ...body, step_id, number, name, error: truncate(body.error), version };
    this.#steps.set(row.id, written);
    return written;
  }

  #stagesOf(build: number): ServerStage[] {
    return [...this.#stages.values()].filter((stage) => stage.build_id === build);
  }

  #update(id: number, change: Partial<Details['build']>): void {
    const row = this.#builds.get(id);
    if (row !== undefined) row.build = { ...row.build, ...change };
  }
}

const isFailed = ({ status }: ServerStage): boolean =>
  status === 'killed' || status === 'failure' || status === 'error';

function isEligible(stage: ServerStage, filter: Filter): boolean {
  const labels = Object.entries(stage['labels'] ?? {});
  return (
    stage.status === 'pending' &&
    stage.machine === '' &&
    stage.kind === filter.kind &&
    stage.type === filter.type &&
    labels.length === Object.keys(filter.labels).length &&
    labels.every(([key, value]) => filter.labels[key] === value)
  );
}

function refuse(status: number, text: string): never {
  throw errorFromAnswer('fake', status, text);
}

const truncate = (error: unknown): string =>
  Buffer.from(typeof error === 'string' ? error : '')
    .subarray(0, 500)
    .toString('utf8');
