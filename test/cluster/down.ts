import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { containedProcesses, ownCgroups, removeCgroup } from './cgroup.ts';
import { attempt } from './commands.ts';
import { COMPONENT_NAMES } from './components.ts';
import { ClusterError } from './errors.ts';
import { recordFile } from './lifecycle.ts';
import { restoreMachine } from './machine.ts';
import { cleanupScript, removeNetwork } from './network.ts';
import { policiesRecord } from './policies.ts';
import { processesWhere, signal, stop } from './processes.ts';
import { phase, type Tell } from './progress.ts';
import { BRIDGE, type Layout } from './settings.ts';
import { becomesTrue } from './wait.ts';

const beingRemoved = (state: string) => join(state, 'being-removed');

/** Whether a `down` began and did not end: what is left is no cluster that could be repaired. */
export function isHalfRemoved(layout: Layout): boolean {
  return existsSync(beingRemoved(layout.state));
}

/**
 * Removes every trace of a cluster from source but the cache and the Debian packages, whatever
 * state it is in.
 * @throws ClusterError LEFTOVERS with what could not be removed
 */
export async function downFromSource(layout: Layout, tell: Tell): Promise<void> {
  const { state } = layout;
  writeFileSync(beingRemoved(state), '');
  await phase(tell, 'processes', async () => {
    // The kubelet first: it would start again what is stopped. Nothing has to be saved, so force will do.
    for (const name of COMPONENT_NAMES.toReversed()) {
      await stop(recordFile(state, name), 0);
    }
    await stop(policiesRecord(state), 0);
    await stopContainers(layout);
  });
  await phase(tell, 'mounts, network, settings', async () => {
    await unmountBelow(state);
    removeLogLinks(state);
    removeCgroup();
    await removeNetwork(state);
    restoreMachine(state);
  });
  const left = await leftovers(layout);
  if (left.length > 0) {
    throw new ClusterError('LEFTOVERS', `not removed; run \`down\` again: ${left.join(', ')}`);
  }
  removeState(layout);
}

/** In one step for whoever looks at it: half a state folder would be taken for a whole one. */
export function removeState(layout: Layout): void {
  const removing = `${layout.state}.removed`;
  rmSync(removing, { recursive: true, force: true });
  if (existsSync(layout.state)) {
    renameSync(layout.state, removing);
  }
  rmSync(removing, { recursive: true, force: true });
}

/** Containers and their shims outlive containerd; the cgroup and the socket say which are ours. */
async function stopContainers(layout: Layout): Promise<void> {
  const sockets = shimSockets(layout.state);
  await becomesTrue(() => {
    const pids = [...ownShims(layout), ...containedProcesses()];
    pids.forEach((pid) => signal(pid, 'SIGKILL'));
    return pids.length === 0;
  }, 15_000);
  sockets.forEach((socket) => rmSync(socket, { force: true }));
}

function ownShims(layout: Layout): number[] {
  return processesWhere(
    (argv) =>
      basename(argv[0] ?? '').startsWith('containerd-shim') &&
      argv[argv.indexOf('-address') + 1] === layout.containerdSocket,
  );
}

/** A shim that is killed leaves its socket, in a folder that all containerds share. */
function shimSockets(state: string): string[] {
  const tasks = join(state, 'containerd/state/io.containerd.runtime.v2.task/k8s.io');
  return (existsSync(tasks) ? readdirSync(tasks) : [])
    .map((task) => join(tasks, task, 'address'))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8').replace('unix://', ''));
}

/** Mount points below a folder, from the text of /proc/self/mountinfo, the last mounted first. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => octalCharacter(octal)))
    .filter((path) => path.startsWith(`${folder}/`))
    .toReversed();
}

const octalCharacter = (octal: string) => String.fromCharCode(Number.parseInt(octal, 8));

async function unmountBelow(folder: string): Promise<void> {
  await becomesTrue(async () => {
    const mounts = mountsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), folder);
    if (mounts.length > 0) {
      await attempt('umount', ['--lazy', '--', ...mounts]);
    }
    return mounts.length === 0;
  }, 5000);
}

/** The kubelet links each log here, for log collectors; the place cannot be configured. */
function removeLogLinks(state: string): void {
  const folder = '/var/log/containers';
  for (const link of existsSync(folder) ? readdirSync(folder) : []) {
    if (readlinkSync(join(folder, link)).startsWith(`${state}/`)) {
      rmSync(join(folder, link), { force: true });
    }
  }
}

/** What `down` should have removed and has not. */
export async function leftovers(layout: Layout): Promise<string[]> {
  const chains = await Promise.all(
    ['iptables-save', 'ip6tables-save'].map(async (tool) =>
      cleanupScript((await attempt(tool, [])).stdout),
    ),
  );
  const bridge = await attempt('ip', ['link', 'show', BRIDGE.name]);
  return [
    ...[...ownShims(layout), ...containedProcesses()].map((pid) => `process ${pid}`),
    ...mountsBelow(readFileSync('/proc/self/mountinfo', 'utf8'), layout.state),
    ...ownCgroups(),
    ...(bridge.code === 0 ? [`bridge ${BRIDGE.name}`] : []),
    ...(chains.join('') === '' ? [] : ['iptables chains']),
  ];
}
