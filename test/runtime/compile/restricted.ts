/**
 * The rules of the Pod Security level `restricted` (Kubernetes 1.36), as far as a Pod of a stage
 * could break them. Written from the definition of the level, not from the compiler.
 */
import type { EphemeralContainer, Pod } from '../../../runtime/compile/objects.ts';

const VOLUME_KINDS: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

/** `container: what is wrong`, one a violation. */
export function restrictedViolations(
  pod: Pod,
  ephemeral: readonly EphemeralContainer[] = [],
): string[] {
  const spec: Readonly<Record<string, unknown>> = pod.spec;
  const host = ['hostNetwork', 'hostPID', 'hostIPC', 'hostUsers'].filter((key) => spec[key]);
  const volumes = pod.spec.volumes.flatMap((volume) =>
    Object.keys(volume)
      .filter((key) => key !== 'name' && !VOLUME_KINDS.has(key))
      .map((kind) => `volume ${volume.name}: ${kind}`),
  );
  return [
    ...host,
    ...volumes,
    ...[...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...ephemeral].flatMap(
      ofContainer,
    ),
  ];
}

function ofContainer({ name, securityContext: context }: EphemeralContainer): string[] {
  const rules: Readonly<Record<string, boolean>> = {
    privileged: context?.privileged !== true,
    allowPrivilegeEscalation: context?.allowPrivilegeEscalation === false,
    capabilities: context?.capabilities?.drop?.includes('ALL') === true,
    'capabilities.add': Object.keys(context?.capabilities ?? {}).every((key) => key === 'drop'),
    runAsNonRoot: context?.runAsNonRoot === true,
    runAsUser: context?.runAsUser !== 0,
    seccompProfile: context?.seccompProfile?.type === 'RuntimeDefault',
  };
  return Object.entries(rules).flatMap(([rule, kept]) => (kept ? [] : [`${name}: ${rule}`]));
}
