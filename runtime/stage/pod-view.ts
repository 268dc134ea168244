/** Reading a Pod's status: which container is where, and what stands in its way. Pure. */
import type { ContainerStatus, PodCondition, PodLike } from '../kube/types.ts';

export function containerStatus(
  pod: PodLike | undefined,
  name: string,
): ContainerStatus | undefined {
  const status = pod?.status;
  return [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ].find((container) => container.name === name);
}

export const hasStarted = (pod: PodLike | undefined, name: string): boolean => {
  const state = containerStatus(pod, name)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
};

export const isRunning = (pod: PodLike | undefined, name: string): boolean =>
  containerStatus(pod, name)?.state?.terminated === undefined;

export type Obstacle = {
  readonly kind: 'image' | 'config';
  /** The container runtime of the node did not answer; nothing is wrong with the container. */
  readonly isRuntimeAway: boolean;
  /** Nothing will change by waiting. */
  readonly final: boolean;
  readonly text: string;
};

/** Reasons that the kubelet gives for a container that does not start; others pass by themselves. */
const OBSTACLES: Readonly<Record<string, { kind: Obstacle['kind']; final: boolean }>> = {
  ErrImagePull: { kind: 'image', final: false },
  ImagePullBackOff: { kind: 'image', final: false },
  InvalidImageName: { kind: 'image', final: true },
  ErrImageNeverPull: { kind: 'image', final: true },
  ImageInspectError: { kind: 'image', final: true },
  RegistryUnavailable: { kind: 'image', final: false },
  CreateContainerConfigError: { kind: 'config', final: true },
  CreateContainerError: { kind: 'config', final: true },
  RunContainerError: { kind: 'config', final: true },
};

/** Words of registries that mean: this will be the answer the next time as well. */
const PERMANENT =
  /not found|manifest unknown|does not exist|access denied|unauthorized|authentication required|403 forbidden|no match for platform|invalid reference/i;

/**
 * Words of a kubelet that is late, not wrong: it tries again, whatever the reason is called. A
 * Secret that it has not got yet is told like one that does not exist.
 */
const PASSING =
  /failed to sync (?:secret|configmap) cache|deadline exceeded|timed out|is reserved for/i;

/** Words of a kubelet whose container runtime is down, or was started again meanwhile. */
const RUNTIME_AWAY =
  /error while dialing|error reading from server|transport is closing|code = Unavailable/i;

/** Why a container does not start, or undefined while nothing speaks against it. */
export function obstacle(status: ContainerStatus | undefined): Obstacle | undefined {
  const waiting = status?.state?.waiting;
  const known = OBSTACLES[waiting?.reason ?? ''];
  if (waiting === undefined || known === undefined) return undefined;
  const message = tidy(waiting.message ?? '');
  const isRuntimeAway = RUNTIME_AWAY.test(waiting.message ?? '');
  // The kubelet makes a container again that it could not make, but starts none a second time.
  const passes = PASSING.test(message) || (isRuntimeAway && waiting.reason !== 'RunContainerError');
  return {
    kind: known.kind,
    isRuntimeAway,
    final: (known.final || PERMANENT.test(message)) && !passes,
    text: message === '' ? (waiting.reason ?? '') : `${message} (${waiting.reason})`,
  };
}

/**
 * The kubelet wraps the answer of a registry into several layers that say the same. One line, the
 * innermost cause, at most 300 characters.
 */
export function tidy(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  const inner = line
    .replace(/^Back-off pulling image "[^"]*":?\s*/, '')
    .replace(/^(?:ErrImagePull: )?/, '')
    .replace(/^rpc error: code = \w+ desc = /, '');
  const text = inner === '' ? line : inner;
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

export type PodEnd = {
  readonly reason:
    'evicted' | 'preempted' | 'node lost' | 'deleted by somebody' | 'deadline' | 'internal';
  readonly text: string;
};

/** Why a Pod is on its way out, with all that runs in it; `internal` is no such reason. */
export const POD_ENDS: ReadonlySet<string> = new Set<PodEnd['reason']>([
  'evicted',
  'preempted',
  'node lost',
  'deleted by somebody',
  'deadline',
]);

const DISRUPTIONS: Readonly<Record<string, PodEnd['reason']>> = {
  PreemptionByScheduler: 'preempted',
  EvictionByEvictionAPI: 'evicted',
  TerminationByKubelet: 'evicted',
  DeletionByTaintManager: 'node lost',
  DeletionByPodGC: 'node lost',
};

/** The condition by which the cluster says that it ends a Pod, and why. */
export const isDisruption = ({ type, status }: PodCondition): boolean =>
  type === 'DisruptionTarget' && status === 'True';

/** Why a Pod ended before its stage was over; undefined while it goes on. `gone`: it is no more. */
export function podEnd(pod: PodLike | undefined, gone: boolean): PodEnd | undefined {
  const status = pod?.status;
  const disruption = status?.conditions?.find(isDisruption);
  const over = gone || status?.phase === 'Failed' || pod?.metadata.deletionTimestamp !== undefined;
  if (!over) return undefined;
  if (status?.reason === 'DeadlineExceeded') {
    return { reason: 'deadline', text: 'the Pod was active for longer than it may be' };
  }
  const disrupted = DISRUPTIONS[disruption?.reason ?? ''];
  if (disrupted !== undefined) {
    return {
      reason: disrupted,
      text: `the Pod was ${disrupted === 'node lost' ? 'lost with its node' : disrupted}: ${tidy(disruption?.message ?? status?.message ?? '')}`,
    };
  }
  if (status?.reason === 'Evicted') {
    return { reason: 'evicted', text: `the node evicted the Pod: ${tidy(status.message ?? '')}` };
  }
  if (gone || pod?.metadata.deletionTimestamp !== undefined) {
    return { reason: 'deleted by somebody', text: 'somebody deleted the Pod of the stage' };
  }
  // Failed without any of these reasons: its containers ended, and the journal says how.
  return status?.reason === undefined || status.reason === ''
    ? undefined
    : {
        reason: 'internal',
        text: `the Pod failed: ${status.reason} ${tidy(status.message ?? '')}`,
      };
}
