import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run } from './commands.ts';
import { ClusterError } from './errors.ts';
import { rememberMachine, setSysctls } from './machine.ts';
import { BRIDGE, NAME } from './settings.ts';

/** Kernel settings that the cluster wants. */
const WANTED_SYSCTLS: Readonly<Record<string, string>> = {
  'net/ipv4/ip_forward': '1',
  'net/bridge/bridge-nf-call-iptables': '1',
  // Each followed log takes one instance; the usual limit of 128 is for a single desktop.
  'fs/inotify/max_user_instances': '8192',
};

// Pods may reach the world outside as this machine, if it can.
const MASQUERADE = [
  ['POSTROUTING', '-s', BRIDGE.subnet, '!', '-d', BRIDGE.subnet],
  ['-m', 'comment', '--comment', NAME, '-j', 'MASQUERADE'],
].flat();

/**
 * Refuses to share the machine with another cluster's kube-proxy: `down` could not tell whose
 * chains are whose.
 * @throws ClusterError OTHER_KUBERNETES
 */
export async function refuseOtherKubernetes(): Promise<void> {
  const saved = await attempt('iptables-save', ['-t', 'nat']);
  if (/^:KUBE-SERVICES /m.test(saved.stdout)) {
    throw new ClusterError(
      'OTHER_KUBERNETES',
      'this machine has the iptables chains of another Kubernetes node. Use that cluster with --kubeconfig FILE; if it is gone, remove its chains with `kube-proxy --cleanup`.',
    );
  }
}

/** The bridge with its address, forwarding, and the kernel settings; safe to repeat. */
export async function setUpNetwork(state: string): Promise<void> {
  // Absent where the kernel has it built in, or in a container that may not load modules.
  await attempt('modprobe', ['--all', 'br_netfilter', 'overlay']);
  rememberMachine(state, Object.keys(WANTED_SYSCTLS));
  setSysctls(WANTED_SYSCTLS);
  if ((await attempt('ip', ['link', 'show', BRIDGE.name])).code !== 0) {
    await run('ip', ['link', 'add', BRIDGE.name, 'type', 'bridge']);
    // Without one of its own it takes that of some Pod, another one as Pods come and go, and
    // connections to this machine hang until everybody has forgotten the old one.
    await run('ip', ['link', 'set', BRIDGE.name, 'address', BRIDGE.mac]);
  }
  await run('ip', ['address', 'replace', `${BRIDGE.address}/${BRIDGE.prefix}`, 'dev', BRIDGE.name]);
  await run('ip', ['link', 'set', BRIDGE.name, 'up']);
  if ((await attempt('iptables', ['-w', '-t', 'nat', '-C', ...MASQUERADE])).code !== 0) {
    await run('iptables', ['-w', '-t', 'nat', '-A', ...MASQUERADE]);
  }
}

/** Takes back what `setUpNetwork`, the network plugins, kube-proxy and kube-router did. */
export async function removeNetwork(state: string): Promise<void> {
  for (const tool of ['iptables', 'ip6tables']) {
    const saved = await attempt(`${tool}-save`, []);
    const script = cleanupScript(saved.stdout);
    if (script !== '') {
      await attempt(`${tool}-restore`, ['-w', '--noflush'], { input: script });
    }
  }
  await removeAddressSets();
  await attempt('ip', ['link', 'delete', BRIDGE.name]);
  removeNetworkResults(state);
}

/** Of NetworkPolicies; nothing may use them any more. */
export async function removeAddressSets(): Promise<void> {
  const { stdout } = await attempt('ipset', ['list', '-name']);
  for (const name of stdout.split('\n').filter((each) => /^KUBE-(?:SRC|DST)-/.test(each))) {
    await attempt('ipset', ['destroy', name]);
  }
}

/** The network library remembers every attached Pod here; the place cannot be configured. */
function removeNetworkResults(state: string): void {
  const folder = '/var/lib/cni/results';
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    // Each names the Pod's network namespace, which is below the state of its own containerd.
    if (readFileSync(join(folder, file), 'utf8').includes(`${state}/`)) {
      rmSync(join(folder, file), { force: true });
    }
  }
}

/**
 * From what iptables-save prints, the input for iptables-restore --noflush that removes our rules
 * and the chains that `chain` fits, by default all of Kubernetes, and leaves every other rule alone.
 * Empty when there is nothing to remove.
 */
export function cleanupScript(saved: string, chain = /^KUBE-/): string {
  return saved
    .split(/^(?=\*)/m)
    .map((table) => {
      const lines = table.split('\n');
      const chains = lines
        .filter((line) => line.startsWith(':'))
        .map((line) => line.slice(1).split(' ')[0] ?? '')
        .filter((name) => chain.test(name));
      const rules = lines
        .filter((line) => line.startsWith('-A ') && !chain.test(line.split(' ')[1] ?? ''))
        .filter(
          (line) =>
            chain.test(/ -j (\S+)/.exec(line)?.[1] ?? '') || line.includes(` --comment ${NAME} `),
        )
        .map((line) => line.replace('-A ', '-D '));
      const removals = [
        ...rules,
        ...chains.map((name) => `-F ${name}`),
        ...chains.map((name) => `-X ${name}`),
      ];
      return removals.length === 0 ? '' : [lines[0], ...removals, 'COMMIT', ''].join('\n');
    })
    .join('');
}
