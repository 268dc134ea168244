import { describe, expect, test } from '@jest/globals';
import type { EventLike, PodLike } from '../../../runtime/kube/types.ts';
import {
  advanceWait,
  beginWait,
  containerLabel,
  waitingFor,
  type Wait,
  type Waiting,
  blockedTurn,
} from '../../../runtime/stage/waiting.ts';
import { stepOf } from '../support.ts';
import { containersOf, planOf, podOf, type Seen } from './observed.ts';

const FULL =
  '0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.';
const CREATING = { waiting: { reason: 'ContainerCreating' } };

const event = (reason: string, message: string, second = 0, container?: string): EventLike => ({
  metadata: { name: `drone-1.${second}`, namespace: 'builds' },
  reason,
  message,
  lastTimestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
  involvedObject: {
    kind: 'Pod',
    name: 'drone-1',
    ...(container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }),
  },
});

const unscheduled = (reason: string, message: string): PodLike => ({
  metadata: { name: 'drone-1' },
  spec: { containers: [] },
  status: {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'False', reason, message }],
  },
});

const starting = (containers: Readonly<Record<string, Seen>>): PodLike =>
  podOf(containers, {
    phase: 'Pending',
    conditions: [{ type: 'PodScheduled', status: 'True' }],
  });

interface Case {
  readonly title: string;
  readonly pod: PodLike | undefined;
  readonly events?: readonly EventLike[];
  readonly waiting: Waiting;
}

const SCALE_UP = 'pod triggered scale-up: [{workers 1->2 (max: 5)}]';
const MOUNT = 'MountVolume.SetUp failed for volume "volume-0" : configmap "settings" not found';

const CASES: readonly Case[] = [
  {
    title: 'a Pod that was just made',
    pod: { metadata: { name: 'drone-1' }, spec: { containers: [] } },
    waiting: { phase: 'unschedulable', usual: true, text: 'waiting for the scheduler' },
  },
  {
    title: 'a Pod that nobody has seen',
    pod: undefined,
    waiting: { phase: 'unschedulable', usual: true, text: 'waiting for the scheduler' },
  },
  {
    title: 'no room, in the words of the scheduler',
    pod: unscheduled('Unschedulable', FULL),
    waiting: { phase: 'unschedulable', text: `no node can take the Pod: ${FULL}` },
  },
  {
    title: 'no room, and a node is on its way',
    pod: unscheduled('Unschedulable', '0/1 nodes are available: 1 Insufficient cpu.'),
    events: [event('FailedScheduling', 'older', 3), event('TriggeredScaleUp', SCALE_UP, 2)],
    waiting: {
      phase: 'unschedulable',
      text: `no node can take the Pod: 0/1 nodes are available: 1 Insufficient cpu.; TriggeredScaleUp: ${SCALE_UP}`,
    },
  },
  {
    title: 'no room, and the newest word of the autoscaler counts',
    pod: unscheduled('Unschedulable', 'full'),
    events: [
      event('TriggeredScaleUp', SCALE_UP, 1),
      event('NotTriggerScaleUp', 'pod did not trigger scale-up: 1 max node group size reached', 9),
    ],
    waiting: {
      phase: 'unschedulable',
      text: 'no node can take the Pod: full; NotTriggerScaleUp: pod did not trigger scale-up: 1 max node group size reached',
    },
  },
  {
    title: 'Karpenter has chosen a node',
    pod: unscheduled('Unschedulable', 'full'),
    events: [event('Nominated', 'Pod should schedule on: nodeclaim/default-x7k', 1)],
    waiting: {
      phase: 'unschedulable',
      text: 'no node can take the Pod: full; Nominated: Pod should schedule on: nodeclaim/default-x7k',
    },
  },
  {
    title: 'a queue that holds it back',
    pod: unscheduled('SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates'),
    waiting: {
      phase: 'queued',
      text: 'waiting for its scheduling gates: Scheduling is blocked due to non-empty scheduling gates',
    },
  },
  {
    title: 'a node that has not said anything yet',
    pod: starting({}),
    waiting: { phase: 'starting', usual: true, text: 'starting containers on node-1' },
  },
  {
    title: 'an image on its way',
    pod: starting({ coordinator: 'running', '2-test': CREATING }),
    events: [
      event('Pulling', 'Pulling image "busybox:musl"', 1, 'coordinator'),
      event('Pulling', 'Pulling image "docker.io/library/golang:1.25"', 4, '2-test'),
      event('Pulled', 'Successfully pulled image', 5, '2-test'),
    ],
    waiting: { phase: 'starting', text: 'pulling docker.io/library/golang:1.25 for <2-test>' },
  },
  {
    title: 'an image that does not come',
    pod: starting({
      coordinator: 'running',
      '2-test': { waiting: { reason: 'ErrImagePull', message: 'dial tcp: i/o timeout' } },
    }),
    events: [event('Pulling', 'Pulling image "x"', 4, '2-test')],
    waiting: {
      phase: 'starting',
      obstacle: 'image',
      text: 'cannot pull the image of <2-test>: dial tcp: i/o timeout (ErrImagePull)',
    },
  },
  {
    title: 'a container that cannot be created',
    pod: starting({
      '2-test': { waiting: { reason: 'CreateContainerConfigError', message: 'no such user' } },
    }),
    waiting: {
      phase: 'starting',
      obstacle: 'config',
      text: 'cannot start <2-test>: no such user (CreateContainerConfigError)',
    },
  },
  {
    title: 'a volume that is not there',
    pod: starting({ coordinator: CREATING }),
    events: [
      event('FailedMount', MOUNT, 8),
      event('Pulling', 'Pulling image "x"', 2, 'coordinator'),
    ],
    waiting: { phase: 'starting', text: `FailedMount: ${MOUNT}` },
  },
  {
    title: 'a network that is not there',
    pod: starting({}),
    events: [
      event('FailedCreatePodSandBox', 'rpc error: code = Unknown desc = no CNI plugin\nmore', 1),
    ],
    waiting: { phase: 'starting', text: 'FailedCreatePodSandBox: no CNI plugin' },
  },
  {
    title: 'an event with only an `eventTime`',
    pod: starting({}),
    events: [
      event('FailedMount', 'old', 1),
      {
        metadata: { name: 'x' },
        reason: 'NetworkNotReady',
        message: 'network is not ready',
        lastTimestamp: null,
        eventTime: '2026-01-01T00:00:30.000000Z',
      },
    ],
    waiting: { phase: 'starting', text: 'NetworkNotReady: network is not ready' },
  },
];

describe('a Pod waits for', () => {
  test.each(CASES)('$title', ({ pod, events = [], waiting }) => {
    expect(waitingFor(pod, events, (container) => `<${container}>`)).toEqual(waiting);
  });

  test.each<readonly [string, Readonly<Record<string, Seen>>]>([
    ['all containers run', { coordinator: 'running', '1-test': 'running' }],
    ['some have ended already', { coordinator: 'running', '1-test': 0 }],
  ])('nothing once %s', (_, containers) => {
    const events = [event('Pulling', 'Pulling image "x"', 1, '1-test')];
    expect(waitingFor(starting(containers), events, String)).toBeUndefined();
  });
});

describe('the clock of what a Pod waits for', () => {
  const begun = beginWait(1000);
  const full: Waiting = { phase: 'unschedulable', text: 'full' };
  const pulling: Waiting = { phase: 'starting', text: 'pulling' };
  const broken: Waiting = { phase: 'starting', obstacle: 'image', text: 'no such tag' };

  test.each<readonly [string, readonly (readonly [number, Waiting | undefined])[], Wait]>([
    ['begins with the wait for a node', [], { phase: 'unschedulable', text: '', since: 1000 }],
    ['runs on while there is no room', [[4000, full]], { ...full, since: 1000 }],
    [
      'begins anew with a node',
      [
        [4000, full],
        [9000, pulling],
      ],
      { ...pulling, since: 9000 },
    ],
    [
      'runs on when the reason changes',
      [
        [9000, pulling],
        [12_000, broken],
      ],
      { ...broken, since: 9000 },
    ],
    [
      'forgets an obstacle that is overcome',
      [
        [9000, broken],
        [12_000, pulling],
      ],
      { ...pulling, since: 9000 },
    ],
    [
      'runs on without a text when all containers run',
      [
        [9000, broken],
        [12_000, undefined],
      ],
      { phase: 'starting', text: '', since: 9000 },
    ],
  ])('%s', (_, news, expected) => {
    const wait = news.reduce((before, [now, waiting]) => advanceWait(before, waiting, now), begun);
    expect(wait).toEqual(expected);
  });
});

test.each([
  ['1-test', 'step "test"'],
  ['coordinator', 'the coordinator'],
])('a reader knows the container %s as %s', (container, expected) => {
  const plan = planOf([stepOf({ name: 'test' })]);
  expect(containerLabel(plan, containersOf(plan))(container)).toBe(expected);
});

test.each([
  ['nothing', 'running' as const, undefined],
  [
    'its image',
    { waiting: { reason: 'ErrImagePull', message: 'i/o timeout' } },
    'cannot pull the image of step "a": i/o timeout (ErrImagePull)',
  ],
])('in the way of a step whose turn it is: %s', (_, seen, text) => {
  const pod = podOf({ coordinator: 'running', '1-a': seen });
  expect(blockedTurn(['1-a'], pod, () => 'step "a"')).toBe(text);
  expect(blockedTurn([], pod, () => 'step "a"')).toBeUndefined();
});
