/** What would let a build out of its Pod, onto the node. */
import { celContainers, celVolumes, findContainers, findVolumes } from '../cel.ts';
import type { AdmissionRule, ContainerLike } from '../types.ts';

const privileged: AdmissionRule = {
  id: 'privileged',
  title: 'No container is privileged, gets a capability, or sees the unmasked /proc.',
  trust: 'both',
  everyPod: true,
  cel: `variables.privileged ? [] : ${celContainers(
    "c.?securityContext.?privileged.orValue(false) || c.?securityContext.?capabilities.?add.orValue([]).exists(a, !(a in variables.capabilities)) || c.?securityContext.?procMount.orValue('Default') != 'Default'",
  )}`,
  find: ({ pod }, parameters) =>
    parameters.privileged
      ? []
      : findContainers(
          pod,
          ({ securityContext }) =>
            securityContext?.privileged === true ||
            (securityContext?.capabilities?.add ?? []).some(
              (name) => !parameters.capabilities.includes(name),
            ) ||
            (securityContext?.procMount ?? 'Default') !== 'Default',
        ),
  message: 'privileged mode and added capabilities are not allowed in this namespace',
  fix: 'remove `privileged` from the step; build images with a tool that needs no privileges',
  parameters: ['privileged', 'capabilities'],
};

const celUnconfined = (of: string): string =>
  `${of}.?securityContext.?seccompProfile.?type.orValue('') == 'Unconfined'`;

const seccomp: AdmissionRule = {
  id: 'seccomp',
  title: 'No container may make every system call there is.',
  trust: 'both',
  everyPod: true,
  cel: `variables.privileged ? [] : (${celUnconfined('object.spec')} ? ['Pod'] : []) + ${celContainers(celUnconfined('c'))}`,
  find: ({ pod }, parameters) => {
    const isWrong = (context: ContainerLike['securityContext']): boolean =>
      context?.seccompProfile?.type === 'Unconfined';
    if (parameters.privileged) return [];
    return [
      ...(isWrong(pod.spec.securityContext) ? ['Pod'] : []),
      ...findContainers(pod, ({ securityContext }) => isWrong(securityContext)),
    ];
  },
  message: 'a seccomp profile that is `Unconfined` is not allowed in this namespace',
  fix: 'write `RuntimeDefault`, or leave it out',
  parameters: ['privileged'],
};

const HOST_NAMESPACES = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

const hostNamespaces: AdmissionRule = {
  id: 'host-namespaces',
  title: 'A Pod has a network, processes and IPC of its own.',
  trust: 'both',
  everyPod: true,
  cel: HOST_NAMESPACES.map(
    (field) => `(object.spec.?${field}.orValue(false) ? ['${field}'] : [])`,
  ).join(' + '),
  find: ({ pod: { spec } }) => HOST_NAMESPACES.filter((field) => spec[field] === true),
  message: 'a Pod must not share these with its node',
  fix: 'remove it',
  parameters: [],
};

const hostPorts: AdmissionRule = {
  id: 'host-ports',
  title: 'No container takes a port of the node.',
  trust: 'both',
  everyPod: true,
  cel: celContainers('c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) > 0)'),
  find: ({ pod }) =>
    findContainers(pod, ({ ports }) => (ports ?? []).some(({ hostPort }) => (hostPort ?? 0) > 0)),
  message: 'takes a port of the node',
  fix: 'remove `hostPort`; steps reach a service by its name',
  parameters: [],
};

const hostPaths: AdmissionRule = {
  id: 'host-paths',
  title: 'No folder of the node is mounted.',
  trust: 'both',
  everyPod: true,
  cel: celVolumes(`has(v.hostPath) && !(v.hostPath.path in variables.hostPaths)`),
  find: ({ pod }, parameters) =>
    findVolumes(
      pod,
      ({ hostPath }) => hostPath !== undefined && !parameters.hostPaths.includes(hostPath.path),
    ),
  message: 'mounts a folder of the node that is not allowed in this namespace',
  fix: 'write `temp: {}` instead of `host`, or take the folder out of DRONE_RUNNER_VOLUMES',
  parameters: ['hostPaths'],
};

export const HOST_RULES: readonly AdmissionRule[] = [
  privileged,
  seccomp,
  hostNamespaces,
  hostPorts,
  hostPaths,
];
