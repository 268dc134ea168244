/** How a stage hears of its Pod and of the events about it. */
import { EVENTS, objectPath, PODS } from '../kube/request.ts';
import { SharedWatch } from '../kube/shared-watch.ts';
import type { Transport } from '../kube/transport.ts';
import type { EventLike, PodLike } from '../kube/types.ts';

export interface ClusterFeed {
  /** By the name of the Pod. */
  readonly pods: SharedWatch<PodLike>;
  /** By the uid of the Pod. */
  readonly events: SharedWatch<EventLike>;
}

/** For one Pod, as `exec` needs it: a person may be allowed to see no more. */
export function feedOfPod(transport: Transport, namespace: string, name: string): ClusterFeed {
  return {
    pods: new SharedWatch<PodLike>(transport, {
      path: objectPath(PODS, namespace),
      fieldSelector: `metadata.name=${name}`,
      single: true,
      keyOf: (pod) => pod.metadata.name,
      lingerMs: 0,
    }),
    // An open watch would keep `exec` from ending.
    events: eventsOf(transport, namespace, `involvedObject.name=${name}`, 0),
  };
}

/** For all stages of a runner in a namespace. */
export function feedOfNamespace(
  transport: Transport,
  namespace: string,
  labelSelector: string,
): ClusterFeed {
  return {
    pods: new SharedWatch<PodLike>(transport, {
      path: objectPath(PODS, namespace),
      labelSelector,
      keyOf: (pod) => pod.metadata.name,
    }),
    events: eventsOf(transport, namespace, 'involvedObject.kind=Pod', EVENTS_LINGER_MS),
  };
}

/** Asked for only while a Pod waits, so the watch ends when none does. */
const EVENTS_LINGER_MS = 10_000;

const eventsOf = (
  transport: Transport,
  namespace: string,
  fieldSelector: string,
  lingerMs: number,
) =>
  new SharedWatch<EventLike>(transport, {
    path: objectPath(EVENTS, namespace),
    fieldSelector,
    keyOf: (event) => event.involvedObject?.uid ?? '',
    lingerMs,
  });
