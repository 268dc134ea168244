/** What a pipeline says about its Pod as a whole: volumes, node, DNS, tolerations. */
import type { Pipeline, VolumeSource } from '../pipeline/model.ts';
import type { Volume } from './objects.ts';
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

/** The parts of the Pod's spec that come straight from the pipeline; absent where it is silent. */
export function podSpecOptions(pipeline: Pipeline, plan: Plan): Record<string, unknown> {
  const aliases = hostAliases(pipeline, plan);
  return {
    ...(pipeline.nodeName === '' ? {} : { nodeName: pipeline.nodeName }),
    ...(pipeline.nodeSelector.size === 0
      ? {}
      : { nodeSelector: Object.fromEntries(pipeline.nodeSelector) }),
    ...(pipeline.serviceAccountName === ''
      ? {}
      : { serviceAccountName: pipeline.serviceAccountName }),
    ...(pipeline.tolerations.length === 0
      ? {}
      : { tolerations: pipeline.tolerations.map(toleration) }),
    ...(pipeline.dnsConfig === undefined ? {} : { dnsConfig: dnsConfig(pipeline.dnsConfig) }),
    ...(aliases.length === 0 ? {} : { hostAliases: aliases }),
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
