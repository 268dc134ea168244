/** A repository of the stack, as the tests of the daemon use it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiBuild, ApiLine, Repository, StackApi } from '../stack/drone-api.ts';
import type { Stack } from '../stack/state.ts';

export class Repo {
  readonly slug: string;
  /** Without its owner. */
  readonly name: string;
  readonly cloneUrl: string;
  readonly #stack: Stack;
  readonly #api: StackApi;
  readonly #label: string;
  readonly #logs: string;

  /** `label`: see `Daemons`; `logs`: the folder to name where something does not come. */
  constructor(repo: Repository, stack: Stack, api: StackApi, label: string, logs: string) {
    this.slug = repo.slug;
    this.name = repo.slug.slice(repo.slug.indexOf('/') + 1);
    this.cloneUrl = repo.cloneUrl;
    this.#stack = stack;
    this.#api = api;
    this.#label = label;
    this.#logs = logs;
  }

  /** Pushes the documents, each a body of `pipeline()`; the number of the build that comes of it. */
  async push(pipeline: string, files: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = pipeline.replaceAll('LABEL', this.#label);
    const commit = await this.#api.push(this.slug, { '.drone.yml': text, ...files }, 'a change');
    return (await this.#wait(commit, () => true, 20_000)).number;
  }

  /** A push, and the build of it that is over. */
  async run(pipeline: string, limitMs = 60_000): Promise<ApiBuild> {
    return this.ended(await this.push(pipeline), limitMs);
  }

  async ended(number: number, limitMs = 60_000): Promise<ApiBuild> {
    return this.#wait(number, ({ finished }) => finished > 0, limitMs);
  }

  /** Waits until the build is as wanted. */
  async until(number: number, wanted: (build: ApiBuild) => boolean): Promise<ApiBuild> {
    return this.#wait(number, wanted, 30_000);
  }

  /** Waits until a step of the first stage runs. */
  async stepRuns(number: number, step: string): Promise<void> {
    await this.until(number, (build) => steps(build)[step]?.startsWith('running') ?? false);
  }

  async cancel(number: number): Promise<void> {
    await this.#api.cancel(this.slug, number);
  }

  /** The stored log of a step of the build, by its name, without the last newline. */
  async log(build: ApiBuild, step: string): Promise<string> {
    return (await this.lines(build, step))
      .map(({ out }) => out)
      .join('')
      .replace(/\n$/, '');
  }

  async lines(build: ApiBuild, name: string): Promise<readonly ApiLine[]> {
    for (const stage of build.stages) {
      const step = stage.steps?.find((each) => each.name === name);
      if (step === undefined) continue;
      return (await this.#api.logs(this.slug, build.number, stage.number, step.number)) ?? [];
    }
    return [];
  }

  /** Reads the live log of a step of the first stage until the signal is aborted or it ends. */
  async live(
    number: number,
    step: number,
    onLine: (line: ApiLine) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const url = `${this.#stack.drone}/api/stream/${this.slug}/${number}/1/${step}`;
    const headers = { authorization: `Bearer ${this.#stack.droneToken}` };
    try {
      const response = await fetch(url, { headers, signal });
      let text = '';
      const chunks = response.body?.pipeThrough(new TextDecoderStream());
      for await (const chunk of chunks ?? []) {
        text += chunk;
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('data: {')) continue;
          const parsed: ApiLine = JSON.parse(line.slice('data: '.length));
          onLine(parsed);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Waits for a line of the live log; what was read until then. */
  async liveUntil(number: number, step: number, text: string): Promise<string> {
    const end = new AbortController();
    const limit = setTimeout(() => end.abort(), 20_000);
    let seen = '';
    while (!seen.includes(text) && !end.signal.aborted) {
      seen = '';
      await this.live(
        number,
        step,
        ({ out }) => {
          seen += out;
          if (seen.includes(text)) end.abort();
        },
        end.signal,
      );
      // There is no live log before the step runs.
      await delay(50);
    }
    clearTimeout(limit);
    if (!seen.includes(text)) throw new Error(`no "${text}" in the live log:\n${seen}`);
    return seen;
  }

  async #wait(
    which: number | string,
    wanted: (build: ApiBuild) => boolean,
    limitMs: number,
  ): Promise<ApiBuild> {
    try {
      return await this.#api.waitForBuild(this.slug, which, wanted, limitMs);
    } catch (error) {
      throw new Error(`logs of the replicas: ${this.#logs}`, { cause: error });
    }
  }
}

/** The steps of all stages of a build: name → `status exit-code`. */
export const steps = (build: ApiBuild): Record<string, string> =>
  Object.fromEntries(
    build.stages
      .flatMap((stage) => stage.steps ?? [])
      .map(({ name, status, exit_code }) => [name, `${status} ${exit_code}`]),
  );

export interface PipelineOptions {
  readonly name?: string;
  readonly clone?: boolean;
}

/** A pipeline for the queue of the test; `body` begins with `steps:` or other keys. */
export const pipeline = (body: string, options: PipelineOptions = {}): string =>
  [
    '---',
    'kind: pipeline',
    'type: kubernetes',
    `name: ${options.name ?? 'default'}`,
    'node: {only: "LABEL"}',
    ...(options.clone === true ? [] : ['clone: {disable: true}']),
    body.trim(),
    '',
  ].join('\n');

/** `count` steps one after the other with this command. */
export const serial = (count: number, command: string): string =>
  `steps:\n${Array.from(
    { length: count },
    (_, index) => `  - {name: s${index + 1}, image: busybox, commands: ["${command}"]}`,
  ).join('\n')}`;
