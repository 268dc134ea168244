import { existsSync } from 'node:fs';
import { attempt, isInstalled, run } from './commands.ts';
import { ClusterError } from './errors.ts';

/** What is needed, as a command or as a file, and the Debian package that has it. */
const NEEDED: readonly (readonly [present: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['runc', 'runc'],
  ['/usr/lib/cni/bridge', 'containernetworking-plugins'],
  ['iptables', 'iptables'],
  ['ipset', 'ipset'],
  ['ip', 'iproute2'],
  ['conntrack', 'conntrack'],
  ['openssl', 'openssl'],
  ['docker-registry', 'docker-registry'],
  // The package `busybox` has the same command, but one that needs libraries.
  ['/var/lib/dpkg/info/busybox-static.list', 'busybox-static'],
  ['bash', 'bash'],
  ['git', 'git'],
  ['/etc/ssl/certs/ca-certificates.crt', 'ca-certificates'],
  ['umount', 'mount'],
];

async function missingPackages(): Promise<string[]> {
  const isPresent = async (name: string) =>
    name.startsWith('/') ? existsSync(name) : isInstalled(name);
  const checks = await Promise.all(
    NEEDED.map(async ([name, debianPackage]) => ((await isPresent(name)) ? [] : [debianPackage])),
  );
  return checks.flat();
}

/** @throws ClusterError NO_DEBIAN, NO_GO, or COMMAND_FAILED with what apt-get said */
export async function installPackages(): Promise<void> {
  if (!(await isInstalled('go'))) {
    throw new ClusterError(
      'NO_GO',
      'no Docker engine answers and `go` is not on PATH. Start Docker, or install Go (https://go.dev/dl): without Docker, Kubernetes is built from source.',
    );
  }
  const missing = await missingPackages();
  if (missing.length === 0) {
    return;
  }
  if (!(await isInstalled('apt-get'))) {
    throw new ClusterError(
      'NO_DEBIAN',
      `no Docker engine answers, and this is no Debian: install ${missing.join(', ')} yourself, start Docker, or use a cluster that you have with --kubeconfig FILE.`,
    );
  }
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  // A fresh machine has no lists or old ones, and an interrupted run leaves packages half set up.
  if ((await attempt('apt-get', install, { environment })).code !== 0) {
    await attempt('dpkg', ['--configure', '--pending'], { environment });
    await run('apt-get', ['update'], { environment });
    await run('apt-get', install, { environment });
  }
}
