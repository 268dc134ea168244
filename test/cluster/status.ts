import { takesPods } from './api.ts';
import { binaryPath } from './binary.ts';
import { attempt } from './commands.ts';
import { ClusterError } from './errors.ts';
import { askReady } from './given.ts';
import { conditions, logFile } from './lifecycle.ts';
import type { Tell } from './progress.ts';
import { KUBERNETES_VERSION, type Layout } from './settings.ts';
import { readRecorded, type Cluster } from './state.ts';

/**
 * Tells one line a component and where the cluster is.
 * @returns whether everything is as it should be
 * @throws ClusterError NO_CLUSTER
 */
export async function status(layout: Layout, tell: Tell): Promise<boolean> {
  const recorded = readRecorded(layout.state);
  if (recorded === undefined) {
    throw new ClusterError('NO_CLUSTER', 'there is no cluster: `npm run cluster -- up` makes one.');
  }
  const healthy =
    recorded.way === 'source' ? await sourceStatus(layout, tell) : await apiStatus(recorded, tell);
  if (!recorded.ready) {
    tell('the last `up` did not end well; run it again');
  }
  tell(`kubeconfig ${recorded.kubeconfig}`);
  tell(`registry   ${recorded.registry ?? 'none: images come from where the cluster pulls'}`);
  tell(`this machine, for Pods: ${recorded.host ?? 'unknown'}`);
  return healthy && recorded.ready;
}

async function sourceStatus(layout: Layout, tell: Tell): Promise<boolean> {
  const { state } = layout;
  const [found, node, versions] = await Promise.all([
    conditions(layout),
    takesPods(state),
    programVersions(layout),
  ]);
  for (const { component, process: runs, answers } of found) {
    const log = logFile(state, component.name);
    const told =
      runs === undefined
        ? `stopped, see ${log}`
        : `running, pid ${runs.pid}${answers ? '' : `, but does not answer, see ${log}`}`;
    const version = versions.get(component.name) ?? KUBERNETES_VERSION;
    tell(`${component.name.padEnd(24)} ${version.padEnd(10)} ${told}`);
  }
  tell(`node ${node ? 'Ready' : 'not ready'}; binary ${binaryPath(layout.cache)}`);
  return node && found.every(({ process: runs, answers }) => runs !== undefined && answers);
}

/** Versions of the programs that are not Kubernetes, by component. */
async function programVersions(layout: Layout): Promise<ReadonlyMap<string, string>> {
  const commands = {
    registry: 'docker-registry',
    containerd: 'containerd',
    etcd: `${layout.state}/bin/etcd`,
  };
  const versions = Object.entries(commands).map(async ([name, command]) => {
    const { stdout } = await attempt(command, ['--version']);
    return [name, /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown'] as const;
  });
  return new Map(await Promise.all(versions));
}

async function apiStatus(cluster: Cluster, tell: Tell): Promise<boolean> {
  const failure = await askReady(cluster.kubectl, cluster.kubeconfig);
  tell(`API server: ${failure ?? 'ready'}`);
  return failure === undefined;
}
