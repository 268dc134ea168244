/** The command `reap` as its tests call it, and accounts for it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import type { Permission } from '../../runtime/contract.ts';
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
    readonly actions: readonly { readonly note?: string }[];
  };
}

/** Runs the built program against the stack, in the namespace of the caller. */
export async function reap(
  made: Pick<Daemons, 'namespace' | 'stack' | 'world'>,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Reaped> {
  const child = spawn(process.execPath, [PROGRAM, 'reap', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
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
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  await exited;
  if (!out.startsWith('{')) throw new Error(`no report:\n${out}${err}`);
  return { code: child.exitCode, err, report: JSON.parse(out) };
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
