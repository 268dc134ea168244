/** What would let a build out of its Pod, onto the node. */
import { celContainers, celVolumes, findContainers, findVolumes } from '../cel.ts';
import type { AdmissionRule } from '../types.ts';

const privileged: AdmissionRule = {
  id: 'privileged',
  title: 'No container is privileged, gets a capability, or sees the unmasked /proc.',
  trust: 'both',
  everyPod: true,
  cel: `variables.privileged ? [] : ${celContainers(
    "c.?securityContext.?privileged.orValue(false) || c.?securityContext.?capabilities.?add.orValue([]).size() > 0 || c.?securityContext.?procMount.orValue('Default') != 'Default'",
  )}`,
  find: ({ pod }, parameters) =>
    parameters.privileged
      ? []
      : findContainers(
          pod,
          ({ securityContext }) =>
            securityContext?.privileged === true ||
            (securityContext?.capabilities?.add ?? []).length > 0 ||
            (securityContext?.procMount ?? 'Default') !== 'Default',
        ),
  message: 'privileged mode and added capabilities are not allowed in this namespace',
  fix: 'remove `privileged` from the step; build images with a tool that needs no privileges',
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
  hostNamespaces,
  hostPorts,
  hostPaths,
];
