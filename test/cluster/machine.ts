import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { at, parseJson } from './json.ts';

/** Kernel settings that the kubelet or kube-proxy change on their own. */
const TOUCHED_SYSCTLS = [
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'net/ipv4/conf/all/route_localnet',
];

/** Folders that components make at fixed places, whatever their configuration says. */
const TOUCHED_FOLDERS = [
  '/run/containerd',
  '/usr/libexec/kubernetes',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/log/containers',
];

/** The machine as it was before the cluster. */
interface Before {
  readonly sysctls: Readonly<Record<string, string>>;
  readonly absentFolders: readonly string[];
}

const sysctlPath = (name: string) => join('/proc/sys', name);
const beforeFile = (state: string) => join(state, 'before.json');

/** Writes down what the cluster is about to change; a second call keeps what the first one saw. */
export function rememberMachine(state: string, sysctls: readonly string[]): void {
  if (!existsSync(beforeFile(state))) {
    const present = [...sysctls, ...TOUCHED_SYSCTLS].filter((name) => existsSync(sysctlPath(name)));
    const before: Before = {
      sysctls: Object.fromEntries(
        present.map((name) => [name, readFileSync(sysctlPath(name), 'utf8').trim()]),
      ),
      absentFolders: TOUCHED_FOLDERS.filter((folder) => !existsSync(folder)),
    };
    writeFileSync(`${beforeFile(state)}.new`, JSON.stringify(before));
    renameSync(`${beforeFile(state)}.new`, beforeFile(state));
  }
}

/** Puts kernel settings back, and removes the folders that were not there, as far as they are empty. */
export function restoreMachine(state: string): void {
  const before = existsSync(beforeFile(state))
    ? parseJson(readFileSync(beforeFile(state), 'utf8'))
    : undefined;
  if (isBefore(before)) {
    setSysctls(before.sysctls);
    if (before.absentFolders.includes('/var/lib/kubelet')) {
      rmSync('/var/lib/kubelet/device-plugins/kubelet.sock', { force: true });
    }
    before.absentFolders.forEach(removeEmpty);
  }
}

function isBefore(value: unknown): value is Before {
  return typeof at(value, 'sysctls') === 'object' && Array.isArray(at(value, 'absentFolders'));
}

export function setSysctls(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    try {
      if (readFileSync(sysctlPath(name), 'utf8').trim() !== value) {
        writeFileSync(sysctlPath(name), value);
      }
    } catch {
      // Not in this kernel, or not for a container to set: what needs it will say so.
    }
  }
}

function removeEmpty(folder: string): void {
  if (existsSync(folder)) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        removeEmpty(join(folder, entry.name));
      }
    }
    if (readdirSync(folder).length === 0) {
      rmdirSync(folder);
    }
  }
}
