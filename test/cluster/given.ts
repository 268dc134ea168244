import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { attempt } from './commands.ts';
import { ClusterError } from './errors.ts';
import { kubectlOnPath } from './kind.ts';
import type { Layout } from './settings.ts';
import { record } from './state.ts';

/**
 * Remembers a cluster that is there already as the one for the tests. Nothing is started; the
 * images of the tests have to be where that cluster pulls from.
 * @throws ClusterError NO_KUBECONFIG, NO_KUBECTL, CLUSTER_UNREACHABLE
 */
export async function useGiven(layout: Layout, file: string): Promise<void> {
  const kubeconfig = resolve(file);
  if (!existsSync(kubeconfig)) {
    throw new ClusterError('NO_KUBECONFIG', `--kubeconfig: there is no file ${kubeconfig}.`);
  }
  const kubectl = await kubectlOnPath();
  const answer = await askReady(kubectl, kubeconfig);
  if (answer !== undefined) {
    throw new ClusterError('CLUSTER_UNREACHABLE', `the cluster of ${kubeconfig}: ${answer}`);
  }
  record(layout.state, { way: 'given', kubeconfig, kubectl }, true);
}

/** Undefined when the cluster's API is ready, else what kubectl says. */
export async function askReady(kubectl: string, kubeconfig: string): Promise<string | undefined> {
  const ask = ['--kubeconfig', kubeconfig, '--request-timeout=10s', 'get', '--raw', '/readyz'];
  const answer = await attempt(kubectl, ask);
  return answer.code === 0 ? undefined : answer.stderr.trim();
}
