/** What a Pod waits for, in the words of the scheduler and the kubelet. Pure. */
import type { Plan } from '../compile/plan.ts';
import type { EventLike, PodLike } from '../kube/types.ts';
import { containerStatus, obstacle, tidy, type Obstacle } from './pod-view.ts';

export interface Waiting {
  /**
   * Which clock runs: waiting for leave to be scheduled, for a node, or for images, volumes and
   * containers.
   */
  readonly phase: 'queued' | 'unschedulable' | 'starting';
  /** What a container cannot get over by itself. */
  readonly obstacle?: Obstacle['kind'];
  /** Every Pod goes through this; it says something only when it lasts. */
  readonly usual?: boolean;
  readonly text: string;
}

/** The same, and since when. */
export interface Wait extends Waiting {
  /** When the phase began, in milliseconds of the clock that never goes back. */
  readonly since: number;
}

export const beginWait = (now: number): Wait => ({ phase: 'unschedulable', text: '', since: now });

/**
 * A clock runs on while its phase lasts, whatever the text. With nothing left to wait for
 * (`undefined`) it runs on without a text, until the first step starts.
 */
export function advanceWait(wait: Wait, waiting: Waiting | undefined, now: number): Wait {
  const { phase, since } = wait;
  if (waiting === undefined) return { phase, text: '', since };
  return { ...waiting, since: waiting.phase === phase ? since : now };
}

/** What a reader knows a container by: the step that it belongs to. */
export function containerLabel(
  plan: Plan,
  containers: ReadonlyMap<number, string>,
): (container: string) => string {
  const labels = new Map(
    plan.steps.map(({ number, name }) => [containers.get(number), `step "${name}"`]),
  );
  return (container) => labels.get(container) ?? `the ${container}`;
}

/** Events that tell what goes on; the newest one counts. */
const TELLING: ReadonlySet<string> = new Set([
  'Pulling',
  'FailedMount',
  'FailedAttachVolume',
  'FailedCreatePodSandBox',
  'NetworkNotReady',
  'TriggeredScaleUp',
  'NotTriggerScaleUp',
  'Nominated',
]);

/** undefined once the containers run. `label` names a container for the reader. */
export function waitingFor(
  pod: PodLike | undefined,
  events: readonly EventLike[],
  label: (container: string) => string,
): Waiting | undefined {
  const status = pod?.status;
  const scheduled = status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  const scaling = newest(events, (event) => SCALING.has(event.reason ?? ''));
  if (scheduled?.status === 'False') {
    const gated = scheduled.reason === 'SchedulingGated';
    const what = gated ? 'waiting for its scheduling gates' : 'no node can take the Pod';
    const more = scaling === undefined ? '' : `; ${scaling.reason}: ${tidy(scaling.message ?? '')}`;
    const phase = gated ? 'queued' : 'unschedulable';
    return { phase, text: `${what}: ${tidy(scheduled.message ?? '')}${more}` };
  }
  const containers = status?.containerStatuses ?? [];
  for (const container of [...(status?.initContainerStatuses ?? []), ...containers]) {
    const found = obstacle(container);
    if (found === undefined) continue;
    const text = obstacleText(found, label(container.name));
    return { phase: 'starting', obstacle: found.kind, text };
  }
  if (containers.length > 0 && containers.every((container) => !container.state?.waiting)) {
    return undefined;
  }
  const event = newest(events, (candidate) => TELLING.has(candidate.reason ?? ''));
  if (event !== undefined) return { phase: 'starting', text: eventText(event, label) };
  return pod?.spec?.nodeName === undefined
    ? { phase: 'unschedulable', usual: true, text: 'waiting for the scheduler' }
    : { phase: 'starting', usual: true, text: `starting containers on ${pod.spec.nodeName}` };
}

/**
 * Once steps run, the others may still wait for their images: what stands in the way of a step
 * whose turn it is. undefined where nothing does.
 */
export function blockedTurn(
  running: readonly string[],
  pod: PodLike | undefined,
  label: (container: string) => string,
): string | undefined {
  for (const container of running) {
    const found = obstacle(containerStatus(pod, container));
    if (found !== undefined) return obstacleText(found, label(container));
  }
  return undefined;
}

const obstacleText = (found: Obstacle, who: string): string =>
  `${found.kind === 'image' ? 'cannot pull the image of' : 'cannot start'} ${who}: ${found.text}`;

const SCALING: ReadonlySet<string> = new Set([
  'TriggeredScaleUp',
  'NotTriggerScaleUp',
  'Nominated',
]);

function eventText(event: EventLike, label: (container: string) => string): string {
  const container = /\{(.+)\}/.exec(event.involvedObject?.fieldPath ?? '')?.[1];
  const message = tidy(event.message ?? '');
  const who = container === undefined ? '' : ` for ${label(container)}`;
  if (event.reason === 'Pulling') {
    return `pulling ${/"(.+)"/.exec(message)?.[1] ?? 'an image'}${who}`;
  }
  return `${event.reason}${who}: ${message}`;
}

function newest(
  events: readonly EventLike[],
  accept: (event: EventLike) => boolean,
): EventLike | undefined {
  return events
    .filter(accept)
    .reduce<EventLike | undefined>(
      (best, event) => (best === undefined || stamp(event) >= stamp(best) ? event : best),
      undefined,
    );
}

const stamp = (event: EventLike): string =>
  event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? '';
