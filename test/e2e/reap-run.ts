/** The command `reap` as its tests call it, and accounts for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import type { Permission } from '../../runtime/contract.ts';
import { imageStart } from '../cluster/images/dockerfile.ts';
import type { Daemons } from './daemon.ts';

const PROGRAM = new URL('../../build/drone-kube.js', import.meta.url).pathname;
export interface Reaped {
  readonly code: number | null;
  readonly err: string;
  readonly report: {
    readonly ok: boolean;
    readonly seconds: number;
    readonly reasons: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly outcomes: Readonly<Record<string, number>>;
    readonly waiting: readonly number[];
    readonly problems: readonly string[];
    readonly actions: readonly { readonly note?: string; readonly outcome: string }[];
    readonly stuck: readonly string[];
    readonly requests: Readonly<Record<string, number>>;
  };
  /** Seconds. */
  readonly cpu: number;
  /** The most of memory that it had, in MB. */
  readonly peak: number;
}

/** Loaded before the program: at its end it tells on stream 3 what it has used. */
const METER = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; process.on('exit', () => writeSync(3, JSON.stringify(process.resourceUsage())));",
)}`;

/** Runs the built program as its image does, against the stack, in the namespace of the caller. */
export async function reap(
  made: Pick<Daemons, 'namespace' | 'stack' | 'world'>,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Reaped> {
  const image = imageStart();
  const flags = [...image.entrypoint.slice(1, -1), '--import', METER];
  const child = spawn(process.execPath, [...flags, PROGRAM, 'reap', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      ...image.environment,
      DRONE_RPC_PROTO: 'http',
      DRONE_RPC_HOST: new URL(made.stack.drone).host,
      DRONE_RPC_SECRET: made.stack.rpcSecret,
      DRONE_KUBERNETES_CONFIG: made.world.cluster.kubeconfig,
      DRONE_KUBE_NAMESPACE: made.namespace,
      DRONE_NAMESPACE_DEFAULT: made.namespace,
      DRONE_KUBE_CLIENT_QPS: '200',
      ...environment,
    },
  });
  const exited = once(child, 'exit');
  const streams = child.stdio.flatMap((stream) =>
    stream instanceof Readable ? [textOf(stream)] : [],
  );
  const [out = '', err = '', used = ''] = await Promise.all(streams);
  await exited;
  if (!out.startsWith('{')) throw new Error(`no report:\n${out}${err}`);
  const usage: NodeJS.ResourceUsage = JSON.parse(used);
  return {
    code: child.exitCode,
    err,
    report: JSON.parse(out),
    cpu: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
    peak: usage.maxRSS / 1024,
  };
}

const RBAC = 'rbac.authorization.k8s.io';

/** A Role with the permissions in the namespace, and its binding. */
export function grant(
  permissions: readonly Permission[],
  namespace: string,
  account: { readonly name: string; readonly namespace: string },
): readonly object[] {
  const apiVersion = `${RBAC}/v1`;
  const metadata = { name: account.name, namespace };
  const rules = permissions.map(({ group, resource, verbs }) => ({
    apiGroups: [group],
    resources: [resource],
    verbs,
  }));
  const roleRef = { apiGroup: RBAC, kind: 'Role', name: account.name };
  const subjects = [{ kind: 'ServiceAccount', ...account }];
  return [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef, subjects },
  ];
}

/** A file with the token of the account. */
export async function kubeconfigOf(
  world: Daemons['world'],
  { name, namespace }: { readonly name: string; readonly namespace: string },
): Promise<string> {
  const token = (await world.kubectl('-n', namespace, 'create', 'token', name)).trim();
  const view: { clusters: { cluster: object }[] } = JSON.parse(
    await world.kubectl('config', 'view', '--raw', '--minify', '-o', 'json'),
  );
  const file = join(await mkdtemp(join(tmpdir(), 'drone-kube-reap-')), 'kubeconfig');
  await writeFile(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'c', cluster: view.clusters[0]?.cluster }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u', namespace } }],
    }),
  );
  return file;
}
