/**
 * Replicas of the built program between the Drone server of the stack and the cluster of the tests:
 * each caller with a namespace and a queue of its own, so that files can run at the same time.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../runtime/kube/config.ts';
import { listObjects } from '../../runtime/kube/objects.ts';
import { objectPath, PODS } from '../../runtime/kube/request.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import { stackApi, type ApiBuild, type StackApi } from '../stack/drone-api.ts';
import { imageStart } from '../cluster/images/dockerfile.ts';
import { contentKey } from '../cluster/keys.ts';
import { freePorts } from '../cluster/ports.ts';
import { mirrorsOf } from '../cluster/state.ts';
import { readStack, type Stack } from '../stack/state.ts';
import { Repo } from './daemon-repo.ts';
import { openWorld, waitFor, type World } from './drone.ts';

const PROGRAM = new URL('../../build/drone-kube.js', import.meta.url).pathname;

export interface Replica {
  readonly child: ChildProcess;
  /** Everything that it has written. */
  log(): Promise<string>;
  /** Waits until it has written the text. */
  said(text: string): Promise<void>;
  metrics(): Promise<readonly Sample[]>;
  /** Sends the signal and waits for the end; milliseconds that it took. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number>;
}

/** One line of the metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReplicaOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Of the Drone server, where it is not asked directly. */
  readonly drone?: string;
}

export class Daemons {
  readonly stack: Stack;
  readonly api: StackApi;
  readonly world: World;
  /** The value of the label `only`, which pipelines need to run here. */
  readonly label = randomBytes(4).toString('hex');
  readonly #folder: string;
  readonly #replicas: Replica[] = [];
  readonly #repos: Repo[] = [];
  #transport: Promise<Transport> | undefined;

  constructor(stack: Stack, world: World, folder: string) {
    this.stack = stack;
    this.api = stackApi(stack);
    this.world = world;
    this.#folder = folder;
  }

  get namespace(): string {
    return this.world.namespace;
  }

  /** Resolves when the replica waits for stages. */
  async start({
    environment = {},
    drone = this.stack.drone,
  }: ReplicaOptions = {}): Promise<Replica> {
    const name = `replica-${this.#replicas.length + 1}`;
    const file = join(this.#folder, `${name}.log`);
    const [port = 0] = await freePorts(1);
    const out = openSync(file, 'w');
    const image = imageStart();
    const child = spawn(process.execPath, [...image.entrypoint.slice(1, -1), PROGRAM, 'daemon'], {
      stdio: ['ignore', out, out],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...image.environment,
        HOME: this.#folder,
        DRONE_RPC_PROTO: 'http',
        DRONE_RPC_HOST: new URL(drone).host,
        DRONE_RPC_SECRET: this.stack.rpcSecret,
        DRONE_RUNNER_NAME: name,
        DRONE_RUNNER_LABELS: `only:${this.label}`,
        DRONE_KUBERNETES_CONFIG: this.world.cluster.kubeconfig,
        DRONE_KUBE_NAMESPACE: this.namespace,
        DRONE_KUBE_REGISTRY_MIRRORS: mirrorsOf(this.world.cluster),
        DRONE_NAMESPACE_DEFAULT: this.namespace,
        DRONE_SERVER_PORT: `127.0.0.1:${port}`,
        DRONE_DEBUG: 'true',
        ...environment,
      },
    });
    closeSync(out);
    const exited = once(child, 'exit');
    const log = async (): Promise<string> => readFile(file, 'utf8');
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const replica: Replica = {
      child,
      log,
      said: async (text) =>
        waitFor(`"${text}" in ${file}`, async () => {
          if ((await log()).includes(text)) return true;
          if (isOver()) throw new Error(`${name} has ended:\n${await log()}`);
          return false;
        }),
      metrics: async () =>
        parseMetrics(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
      end: async (signal = 'SIGTERM') => {
        const began = performance.now();
        if (!isOver()) child.kill(signal);
        await exited;
        return performance.now() - began;
      },
    };
    this.#replicas.push(replica);
    await replica.said('the replica is ready');
    return replica;
  }

  async repo(options: { readonly private?: boolean } = {}): Promise<Repo> {
    const made = await this.api.createRepo(`e2e-${randomBytes(4).toString('hex')}`, options);
    const repo = new Repo(made, this.stack, this.api, this.label, this.#folder);
    this.#repos.push(repo);
    return repo;
  }

  /** A repository with one build of these documents that is over. */
  async build(pipeline: string, limitMs = 60_000): Promise<{ repo: Repo; build: ApiBuild }> {
    const repo = await this.repo();
    return { repo, build: await repo.run(pipeline, limitMs) };
  }

  /**
   * Names of the Pods of the builds of a repository. Fast enough to measure with. `isWanted`: only
   * those that nobody has deleted yet.
   */
  async podsOf(repo: Repo, isWanted = false): Promise<readonly string[]> {
    this.#transport ??= loadConfig({ kubeconfig: this.world.cluster.kubeconfig }).then(
      (access) => new Transport(access),
    );
    const labelSelector = `io.drone.repo.name=${repo.name}`;
    const path = objectPath(PODS, this.namespace);
    const { items } = await listObjects(await this.#transport, path, { labelSelector });
    return items
      .filter(({ metadata }) => !isWanted || metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
  }

  /** Objects of stages in the namespace, as `kind/name`; Leases of replicas are none. */
  async leftovers(): Promise<readonly string[]> {
    const kinds = 'pods,configmaps,secrets';
    const text = await this.world.kubectl('-n', this.namespace, 'get', kinds, '-o', 'name');
    return text.split('\n').filter((line) => line !== '' && line !== 'configmap/kube-root-ca.crt');
  }

  async clean(): Promise<void> {
    await waitFor('an empty namespace', async () => (await this.leftovers()).length === 0).catch(
      async (error: unknown) => {
        throw new Error(`left over: ${(await this.leftovers()).join(' ')}`, { cause: error });
      },
    );
  }

  /**
   * Ends what was started; rejects where a stage has left something behind. The logs of the replicas
   * stay until the next run.
   */
  async close(): Promise<void> {
    try {
      await this.clean();
    } finally {
      await Promise.all(this.#replicas.map(async (replica) => replica.end()));
      for (const { slug } of this.#repos) {
        // A test may have done so.
        await this.api.deleteRepo(slug).catch(() => undefined);
      }
      await this.world.close();
      await (await this.#transport)?.close();
    }
  }
}

/** In a new namespace `e2e-NAME-…`, without a replica yet. */
export async function openDaemons(name: string): Promise<Daemons> {
  const stack = readStack();
  if (stack === undefined) throw new Error('no stack: npm run stack -- up');
  // Another clone of the repository may run the same test at the same time.
  const folder = join(tmpdir(), `drone-kube-e2e-${contentKey([import.meta.dirname])}-${name}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return new Daemons(stack, await openWorld(name), folder);
}

/** A daemon with these variables alone, which ends by itself. */
export async function runDaemon(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly err: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'daemon'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment,
    timeout: 20_000,
  });
  const exited = once(child, 'exit');
  const err = await textOf(child.stderr);
  await exited;
  return { code: child.exitCode, err };
}

/** The sum of the samples with this name and these labels. */
export const total = (
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number =>
  samples
    .filter((sample) => sample.name === name)
    .filter((sample) =>
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);

/** Requests to the API server by verb and resource between two looks, those that are zero left out. */
export function requestsBetween(
  before: readonly Sample[],
  after: readonly Sample[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  const add = (samples: readonly Sample[], sign: number): void => {
    for (const { name, labels, value } of samples) {
      if (name !== 'drone_kube_api_requests_total') continue;
      const what = `${labels['verb']} ${labels['resource']}`;
      counts[what] = (counts[what] ?? 0) + sign * value;
    }
  };
  add(after, 1);
  add(before, -1);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (match === null) return [];
    const labels = [...(match[2] ?? '').matchAll(/(\w+)="([^"]*)"/g)];
    return [
      {
        name: match[1] ?? '',
        labels: Object.fromEntries(labels.map((label) => [label[1] ?? '', label[2] ?? ''])),
        value: Number(match[3]),
      },
    ];
  });
}

/** Milliseconds until the condition holds; looked at every 20 ms. */
export async function timeUntil(
  what: string,
  condition: () => Promise<boolean>,
  limitMs = 30_000,
): Promise<number> {
  const began = performance.now();
  while (!(await condition())) {
    if (performance.now() - began > limitMs) throw new Error(`waited ${limitMs} ms for ${what}`);
    await delay(20);
  }
  return performance.now() - began;
}
