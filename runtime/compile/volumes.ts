/** The Pod of a stage as a whole: volumes, node, DNS, tolerations. */
import type { HostVolume } from '../config/address-types.ts';
import type { PodSettings } from '../config/policy.ts';
import type { Pipeline, VolumeSource } from '../pipeline/model.ts';
import { kubernetesOptions } from './kubernetes.ts';
import type { Volume, VolumeMount } from './objects.ts';
import type { Plan } from './plan.ts';

/** One volume of the pipeline as a volume of the Pod. */
export function podVolume(name: string, source: VolumeSource): Volume {
  switch (source.kind) {
    case 'temp':
      // The original limits only memory; a limit that is written down is meant for both.
      return {
        name,
        emptyDir: {
          ...(source.medium.toLowerCase() === 'memory' ? { medium: 'Memory' } : {}),
          ...(source.sizeLimit > 0 ? { sizeLimit: String(source.sizeLimit) } : {}),
        },
      };
    case 'host':
      return { name, hostPath: { path: source.path, type: 'DirectoryOrCreate' } };
    case 'claim':
      return {
        name,
        persistentVolumeClaim: { claimName: source.claimName, readOnly: source.readOnly },
      };
    case 'config_map':
    case 'secret': {
      const mode = source.defaultMode === undefined ? {} : { defaultMode: source.defaultMode };
      return source.kind === 'secret'
        ? { name, secret: { secretName: source.objectName, optional: source.optional, ...mode } }
        : { name, configMap: { name: source.objectName, optional: source.optional, ...mode } };
    }
  }
}

/** Folders of the node that the runner puts into every container, as volumes of the Pod. */
export const hostVolumes = (volumes: readonly HostVolume[]): Volume[] =>
  volumes.map(({ source }, index) => podVolume(hostName(index), { kind: 'host', path: source }));

/** Where a step mounts something of its own, that stays: a path can be mounted only once. */
export function hostMounts(
  volumes: readonly HostVolume[],
  own: readonly VolumeMount[],
): VolumeMount[] {
  const taken = new Set(own.map(({ mountPath }) => mountPath));
  return volumes.flatMap(({ target, readOnly }, index) => {
    if (taken.has(target)) return [];
    taken.add(target);
    return [{ name: hostName(index), mountPath: target, ...(readOnly ? { readOnly } : {}) }];
  });
}

const hostName = (index: number): string => `host-${index}`;

/** The parts of the Pod's spec that have no default; absent where nobody says anything. */
export function podSpecOptions(
  pipeline: Pipeline,
  settings: PodSettings,
  plan: Plan,
): Record<string, unknown> {
  const { nodeSelector, serviceAccountName, tolerations } = settings;
  const aliases = hostAliases(pipeline, plan);
  return {
    ...(pipeline.nodeName === '' ? {} : { nodeName: pipeline.nodeName }),
    ...(nodeSelector.size === 0 ? {} : { nodeSelector: Object.fromEntries(nodeSelector) }),
    ...(serviceAccountName === '' ? {} : { serviceAccountName }),
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations.map(toleration) }),
    ...(pipeline.dnsConfig === undefined ? {} : { dnsConfig: dnsConfig(pipeline.dnsConfig) }),
    ...(aliases.length === 0 ? {} : { hostAliases: aliases }),
    ...kubernetesOptions(pipeline, settings),
  };
}

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Services and detached steps are reached by their name, on the loopback address of the Pod. */
function hostAliases(pipeline: Pipeline, plan: Plan): unknown[] {
  const hostnames = plan.steps
    .filter((step) => step.detached && step.name.length <= 253 && DNS_NAME.test(step.name))
    .map((step) => step.name);
  return [
    ...(hostnames.length > 0 ? [{ ip: '127.0.0.1', hostnames }] : []),
    ...pipeline.hostAliases,
  ];
}

function toleration(source: Pipeline['tolerations'][number]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== '' && value !== undefined),
  );
}

function dnsConfig(source: NonNullable<Pipeline['dnsConfig']>): Record<string, unknown> {
  return {
    nameservers: source.nameservers,
    searches: source.searches,
    options: source.options.map(({ name, value }) => ({
      name,
      ...(value === undefined ? {} : { value }),
    })),
  };
}
