import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { NAME } from './settings.ts';

const CGROUPS = '/sys/fs/cgroup';

/** The roots of the cgroup hierarchies: one in v2, one per controller in v1. */
function cgroupRoots(): string[] {
  return existsSync(join(CGROUPS, 'cgroup.controllers'))
    ? [CGROUPS]
    : readdirSync(CGROUPS)
        .map((entry) => join(CGROUPS, entry))
        .filter((path) => existsSync(join(path, 'cgroup.procs')));
}

/** All Pods live below a cgroup of our own, which the kubelet expects to be there. */
export function makeCgroup(): void {
  for (const root of cgroupRoots()) {
    const available = join(root, 'cgroup.controllers');
    if (existsSync(available)) {
      const enable = readFileSync(available, 'utf8').trim().split(/\s+/).filter(Boolean);
      for (const controller of enable) {
        try {
          writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
        } catch {
          // A controller that cannot be passed on is the kubelet's to complain about.
        }
      }
    }
    mkdirSync(join(root, NAME), { recursive: true });
  }
}

/** Every process that still runs in a container of this cluster, whoever its parent is. */
export function containedProcesses(): number[] {
  const found = new Set<number>();
  for (const folder of ownCgroups()) {
    for (const pid of readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n')) {
      if (pid !== '') {
        found.add(Number(pid));
      }
    }
  }
  return [...found];
}

export function removeCgroup(): void {
  for (const folder of ownCgroups()) {
    try {
      rmdirSync(folder);
    } catch {
      // Still in use: the check at the end of `down` reports what is left.
    }
  }
}

/** Our cgroups, children before their parents. */
export function ownCgroups(): string[] {
  const below = (folder: string): string[] => [
    ...readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => below(join(folder, entry.name))),
    folder,
  ];
  return cgroupRoots()
    .map((root) => join(root, NAME))
    .filter((folder) => existsSync(folder))
    .flatMap(below);
}
