/**
 * NetworkPolicies in effect, for as long as a test wants them. kube-router goes over all rules of the
 * machine whenever a Pod comes or goes, which is too much work to have it at all times.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run } from './commands.ts';
import { buildModule, modulePath, type GoModule } from './go-module.ts';
import { contentKey } from './keys.ts';
import { cleanupScript, removeAddressSets } from './network.ts';
import { stop } from './processes.ts';
import type { Tell } from './progress.ts';
import { ensureService, GRACE_MS } from './service.ts';
import { NAME, SERVICES, type Layout } from './settings.ts';

const KUBE_ROUTER: GoModule = {
  name: 'kube-router',
  module: 'github.com/cloudnativelabs/kube-router/v2',
  version: 'v2.1.0',
  sum: 'h1:xWsptKtmZ44L+NjwFKoFAFlVdxCz8fka9A/eYJe95Ok=',
  packages: ['./cmd/kube-router'],
  flags: [],
};

const PROBE = `${NAME}-probe`;

/** Whether the kernel has sets of addresses, which not every one has. */
export async function canEnforce(): Promise<boolean> {
  const made = await attempt('ipset', ['-exist', 'create', PROBE, 'hash:ip']);
  await attempt('ipset', ['destroy', PROBE]);
  return made.code === 0;
}

export const isKubeRouterBuilt = (cache: string): boolean =>
  existsSync(modulePath(cache, KUBE_ROUTER));

/** @throws ClusterError COMMAND_FAILED, OTHER_MODULE */
export async function buildKubeRouter(cache: string): Promise<void> {
  await buildModule(cache, KUBE_ROUTER);
}

export const policiesRecord = (state: string): string => join(state, 'run', 'kube-router');

/**
 * Resolves when the rules of all NetworkPolicies are there. A Pod that is made later has its rules
 * some moments after its start.
 * @throws ClusterError COMPONENT_FAILED
 */
export async function enforcePolicies(layout: Layout, tell: Tell): Promise<void> {
  const { cache, kubeconfig, state } = layout;
  const argv = [
    join(modulePath(cache, KUBE_ROUTER), 'kube-router'),
    '--run-firewall',
    '--run-router=false',
    '--run-service-proxy=false',
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${NAME}`,
    `--service-cluster-ip-range=${SERVICES.subnet}`,
    // Otherwise it listens on all addresses of the machine.
    '--health-port=0',
    '--v=1',
  ];
  await ensureService(
    {
      name: 'kube-router',
      argv,
      environment: {},
      files: {},
      record: policiesRecord(state),
      log: join(state, 'logs', 'kube-router.log'),
      key: contentKey(argv),
      isHealthy: isEnforced,
      patienceMs: 1000,
    },
    tell,
  );
}

/** The rule is the last that its first round makes. */
async function isEnforced(): Promise<boolean> {
  const { stdout } = await attempt('iptables-save', ['-t', 'filter']);
  return /^-A KUBE-ROUTER-FORWARD .*0x20000/m.test(stdout);
}

/** Ends it and takes back its rules. */
export async function ignorePolicies({ state }: Layout): Promise<void> {
  await stop(policiesRecord(state), GRACE_MS);
  const { stdout } = await attempt('iptables-save', ['-t', 'filter']);
  const script = cleanupScript(stdout, /^KUBE-(?:ROUTER|NWPLCY|POD-FW)-/);
  if (script !== '') await run('iptables-restore', ['-w', '--noflush'], { input: script });
  await removeAddressSets();
}
