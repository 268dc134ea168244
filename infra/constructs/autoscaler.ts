/** What autoscalers are told of stages, as each version of them understands it. Pure. */
import type { Autoscaler, Disruption } from '../environments/settings-capacity.ts';

/**
 * Seconds that a Pod may live beyond the timeout of its repository: waiting, pulling, cleaning up.
 * As long as the runner gives it by `activeDeadlineSeconds`.
 */
const MARGIN_SECONDS = 3600;

/** `version` is not before `wanted`; both as `major.minor`. */
function since({ version }: Autoscaler, wanted: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** Annotations of every stage, so that it is left to finish. */
export function disruptionAnnotations(
  { autoscaler, descheduler = false }: Disruption,
  timeoutMinutes: number,
): Readonly<Record<string, string>> {
  return {
    ...(autoscaler?.kind === 'cluster-autoscaler'
      ? {
          // An older one takes a word that it does not know for leave to evict.
          'cluster-autoscaler.kubernetes.io/safe-to-evict': since(autoscaler, '1.36')
            ? 'on-completion'
            : 'false',
        }
      : {}),
    ...(autoscaler?.kind === 'karpenter'
      ? {
          // The same: an older one takes a time for nothing at all.
          'karpenter.sh/do-not-disrupt': since(autoscaler, '1.12')
            ? goDuration(timeoutMinutes * 60 + MARGIN_SECONDS)
            : 'true',
        }
      : {}),
    ...(descheduler ? { 'descheduler.alpha.kubernetes.io/prefer-no-eviction': 'true' } : {}),
  };
}

/** The version of the API of CapacityBuffer that it serves; undefined where it serves none. */
export function bufferVersion(autoscaler: Autoscaler): 'v1alpha1' | 'v1beta1' | undefined {
  if (autoscaler.kind === 'karpenter') return since(autoscaler, '1.14') ? 'v1alpha1' : undefined;
  if (since(autoscaler, '1.35')) return 'v1beta1';
  return since(autoscaler, '1.34') ? 'v1alpha1' : undefined;
}

function goDuration(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)}h${rest === 0 ? '' : `${rest}m`}`;
}
