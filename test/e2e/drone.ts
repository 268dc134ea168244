/** The built program against the real cluster, each caller in a namespace of its own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readCluster, type Cluster } from '../cluster/state.ts';

const run = promisify(execFile);
const PROGRAM = new URL('../../build/drone-kube.js', import.meta.url).pathname;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

export interface Running {
  readonly child: ChildProcess;
  /** Waits until output (either stream) contains the text. */
  seen(text: string): Promise<void>;
  end(): Promise<Ran>;
}

export interface World {
  readonly cluster: Cluster;
  readonly namespace: string;
  kubectl(...args: string[]): Promise<string>;
  apply(object: object): Promise<void>;
  /** Runs a verb in a folder that holds the files. */
  drone(args: readonly string[], files: Readonly<Record<string, string>>): Promise<Ran>;
  start(args: readonly string[], files: Readonly<Record<string, string>>): Promise<Running>;
  /** `exec` of one pipeline in the namespace. */
  exec(
    pipeline: string,
    args?: readonly string[],
    files?: Readonly<Record<string, string>>,
  ): Promise<Ran>;
  startExec(pipeline: string, args?: readonly string[]): Promise<Running>;
  /** Objects that a stage makes, as `kind/name`; empty when nothing was left behind. */
  leftovers(): Promise<string[]>;
  /** Waits until nothing is left; the garbage collector of the cluster takes a moment. */
  clean(): Promise<void>;
  close(): Promise<void>;
}

/** A new namespace; `labels` such as the Pod Security level. */
export async function openWorld(
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<World> {
  const cluster = readCluster();
  if (cluster === undefined) throw new Error('no cluster: npm run cluster -- up');
  const folders: string[] = [];
  const namespace = `e2e-${name}-${process.pid}`;
  const environment = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const kubectl = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(cluster.kubectl, args, { env: environment, maxBuffer: 1 << 26 });
    return stdout;
  };
  const apply = async (object: object): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'drone-kube-e2e-'));
    folders.push(folder);
    await writeFile(join(folder, 'object.json'), JSON.stringify(object));
    await kubectl('apply', '-f', join(folder, 'object.json'));
  };
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
  await waitFor('the default ServiceAccount', async () => {
    const found = await kubectl('-n', namespace, 'get', 'serviceaccounts', '-o', 'name');
    return found.includes('serviceaccount/default');
  });

  const start = async (
    args: readonly string[],
    files: Readonly<Record<string, string>>,
  ): Promise<Running> => {
    const folder = await mkdtemp(join(tmpdir(), 'drone-kube-e2e-'));
    folders.push(folder);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    return observe(spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: environment }));
  };
  const execArgs = (args: readonly string[]): string[] => [
    'exec',
    '--namespace',
    namespace,
    ...args,
  ];
  const leftovers = async (): Promise<string[]> => {
    const kinds = 'pods,configmaps,secrets';
    const selector = 'drone-kube.io/stage';
    const text = await kubectl('-n', namespace, 'get', kinds, '-l', selector, '-o', 'name');
    return text.split('\n').filter((line) => line !== '');
  };
  return {
    cluster,
    namespace,
    kubectl,
    apply,
    start,
    drone: async (args, files) => (await start(args, files)).end(),
    exec: async (pipeline, args = [], files = {}) =>
      (await start(execArgs(args), { '.drone.yml': pipeline, ...files })).end(),
    startExec: async (pipeline, args = []) => start(execArgs(args), { '.drone.yml': pipeline }),
    leftovers,
    clean: async () => waitFor('an empty namespace', async () => (await leftovers()).length === 0),
    close: async () => {
      await kubectl('delete', 'namespace', namespace, '--wait=false');
      await Promise.all(
        folders.map(async (folder) => rm(folder, { recursive: true, force: true })),
      );
    },
  };
}

function observe(child: ChildProcess): Running {
  const began = performance.now();
  let out = '';
  let err = '';
  const checks = new Set<() => void>();
  const add = (chunk: string, to: 'out' | 'err'): void => {
    if (to === 'out') out += chunk;
    else err += chunk;
    for (const check of checks) check();
  };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => add(chunk, 'out'));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => add(chunk, 'err'));
  const closed = once(child, 'close');
  return {
    child,
    seen: async (text) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = (): void => {
        if (out.includes(text) || err.includes(text)) resolve();
      };
      checks.add(check);
      check();
      const fail = (why: string): void =>
        reject(new Error(`${why}: no "${text}" in\n${out}\n${err}`));
      const limit = setTimeout(() => fail('after 60 s'), 60_000);
      void closed.then(() => fail('at the end'));
      await promise.finally(() => {
        clearTimeout(limit);
        checks.delete(check);
      });
    },
    end: async () => {
      await closed;
      return { code: child.exitCode, out, err, ms: performance.now() - began };
    },
  };
}

/** Until the condition holds, 30 s at most. */
export async function waitFor(what: string, condition: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited 30 s for ${what}`);
    await delay(100);
  }
}

/** A pipeline of type kubernetes without a clone step; `body` starts with `steps:` or other keys. */
export const pipelineOf = (body: string): string =>
  `kind: pipeline\ntype: kubernetes\nname: default\n\nclone:\n  disable: true\n\n${body}`;

/** The rows of the summary: step → [status, exit code]. */
export function rows(out: string): Record<string, string> {
  const table = out.slice(out.lastIndexOf('STEP '));
  return Object.fromEntries(
    table
      .split('\n')
      .slice(1)
      .map((line) => /^(.+?) {2,}(success|failure|error|killed|skipped)\s*(\d+)?/.exec(line))
      .flatMap((match) =>
        match === null ? [] : [[match[1] ?? '', `${match[2]} ${match[3] ?? ''}`.trim()]],
      ),
  );
}

/** What one step wrote, without the prefix. */
export const logOf = (out: string, step: string): string[] =>
  out
    .split('\n')
    .filter((line) => line.startsWith(`[${step}] `))
    .map((line) => line.slice(step.length + 3));
