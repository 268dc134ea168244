import { describe, expect, test } from '@jest/globals';
import type { PodLike } from '../../../runtime/kube/types.ts';
import { hasStarted, isRunning, obstacle, podEnd, tidy } from '../../../runtime/stage/pod-view.ts';
import { podOf, type Seen } from './observed.ts';

const PULL =
  'failed to pull and unpack image "docker.io/library/nope:1": failed to resolve reference';
const NOT_FOUND = `${PULL} "docker.io/library/nope:1": docker.io/library/nope:1: not found`;
const DENIED = `${PULL} "docker.io/library/nope:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`;

describe('tidy', () => {
  test.each([
    ['the first layer of containerd', `rpc error: code = NotFound desc = ${NOT_FOUND}`, NOT_FOUND],
    [
      'a back-off with its cause',
      `Back-off pulling image "nope:1": ErrImagePull: rpc error: code = Unknown desc = ${DENIED}`,
      DENIED,
    ],
    [
      'a back-off without one',
      'Back-off pulling image "nope:1"',
      'Back-off pulling image "nope:1"',
    ],
    ['only the first line', 'exec failed\nusage: …', 'exec failed'],
    [
      'as it is',
      '0/1 nodes are available: 1 Insufficient cpu.',
      '0/1 nodes are available: 1 Insufficient cpu.',
    ],
    ['nothing', '', ''],
    ['300 characters', 'x'.repeat(300), 'x'.repeat(300)],
    ['more', 'x'.repeat(301), `${'x'.repeat(300)}…`],
  ])('%s', (_, message, expected) => {
    expect(tidy(message)).toBe(expected);
  });
});

describe('what keeps a container from starting', () => {
  test.each([
    ['ErrImagePull', `rpc error: code = NotFound desc = ${NOT_FOUND}`, 'image', true],
    ['ImagePullBackOff', `Back-off pulling image "nope:1": ErrImagePull: ${DENIED}`, 'image', true],
    ['ErrImagePull', 'unexpected status from HEAD request: 401 Unauthorized', 'image', true],
    ['ErrImagePull', 'no match for platform in manifest: not found', 'image', true],
    [
      'InvalidImageName',
      'couldn\'t parse image name "a b": invalid reference format',
      'image',
      true,
    ],
    [
      'ErrImageNeverPull',
      'Container image "x" is not present with pull policy of Never',
      'image',
      true,
    ],
    ['ErrImagePull', 'dial tcp: lookup registry.example.com: no such host', 'image', false],
    [
      'ErrImagePull',
      '429 Too Many Requests: You have reached your unauthenticated pull rate limit',
      'image',
      false,
    ],
    ['ErrImagePull', 'net/http: TLS handshake timeout', 'image', false],
    ['ImagePullBackOff', 'Back-off pulling image "nope:1"', 'image', false],
    ['CreateContainerConfigError', 'secret "x" not found', 'config', true],
    [
      'CreateContainerConfigError',
      'container has runAsNonRoot and image will run as root',
      'config',
      true,
    ],
    [
      'CreateContainerConfigError',
      'failed to sync secret cache: timed out waiting for the condition',
      'config',
      false,
    ],
    [
      'CreateContainerConfigError',
      'failed to sync configmap cache: timed out waiting for the condition',
      'config',
      false,
    ],
    ['CreateContainerError', 'context deadline exceeded', 'config', false],
    [
      'CreateContainerError',
      'failed to reserve container name "x": name "x" is reserved for "y"',
      'config',
      false,
    ],
    ['CreateContainerError', 'failed to mount: no such file or directory', 'config', true],
  ])('%s: %s', (reason, message, kind, final) => {
    expect(obstacle({ name: 'a', state: { waiting: { reason, message } } })).toEqual({
      kind,
      final,
      isRuntimeAway: false,
      text: `${tidy(message)} (${reason})`,
    });
  });

  test.each([
    // The kubelet makes it again that it could not make, and starts none a second time.
    ['CreateContainerError', 'connection error: desc = "transport: Error while dialing: x"', false],
    ['ImageInspectError', 'rpc error: code = Unavailable desc = connection error', false],
    ['RunContainerError', 'error reading from server: EOF', true],
  ])('%s: a container runtime that is away, final: %s', (reason, message, final) => {
    const status = { name: 'a', state: { waiting: { reason, message } } };
    expect(obstacle(status)).toMatchObject({ final, isRuntimeAway: true });
  });

  test('a reason without a message', () => {
    expect(obstacle({ name: 'a', state: { waiting: { reason: 'InvalidImageName' } } })?.text).toBe(
      'InvalidImageName',
    );
  });

  test.each([
    ['nothing is known', undefined],
    ['it is being created', { name: 'a', state: { waiting: { reason: 'ContainerCreating' } } }],
    ['it runs', { name: 'a', state: { running: {} } }],
    ['it has ended', { name: 'a', state: { terminated: { exitCode: 1, reason: 'Error' } } }],
  ])('nothing, when %s', (_, status) => {
    expect(obstacle(status)).toBeUndefined();
  });
});

describe('a container', () => {
  test.each<readonly [string, Seen | undefined, readonly [boolean, boolean]]>([
    ['that nobody knows', undefined, [false, true]],
    ['that waits', { waiting: {} }, [false, true]],
    ['that runs', 'running', [true, true]],
    ['that ended', 0, [true, false]],
  ])('%s: has started, may still write: %j', (_, seen, expected) => {
    const pod = podOf(seen === undefined ? {} : { a: seen });
    expect([hasStarted(pod, 'a'), isRunning(pod, 'a')]).toEqual(expected);
  });
});

describe('why a Pod ended', () => {
  const disruption = (reason: string, message: string): NonNullable<PodLike['status']> => ({
    phase: 'Failed',
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'DisruptionTarget', status: 'True', reason, message },
    ],
  });
  const EVICTED =
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 12Mi.';

  test.each<readonly [string, NonNullable<PodLike['status']>, string, string]>([
    [
      'a drain',
      disruption('EvictionByEvictionAPI', 'Eviction API: evicting'),
      'evicted',
      'the Pod was evicted: Eviction API: evicting',
    ],
    [
      'pressure on the node',
      { ...disruption('TerminationByKubelet', EVICTED), reason: 'Evicted', message: EVICTED },
      'evicted',
      `the Pod was evicted: ${EVICTED}`,
    ],
    [
      'pressure on the node, without a condition',
      { phase: 'Failed', reason: 'Evicted', message: EVICTED },
      'evicted',
      `the node evicted the Pod: ${EVICTED}`,
    ],
    [
      'a Pod with a higher priority',
      disruption(
        'PreemptionByScheduler',
        'default-scheduler: preempting to accommodate a higher priority pod',
      ),
      'preempted',
      'the Pod was preempted: default-scheduler: preempting to accommodate a higher priority pod',
    ],
    [
      'a node that is not ready',
      disruption('DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint'),
      'node lost',
      'the Pod was lost with its node: Taint manager: deleting due to NoExecute taint',
    ],
    [
      'a node that is no more',
      disruption('DeletionByPodGC', 'PodGC: node no longer exists'),
      'node lost',
      'the Pod was lost with its node: PodGC: node no longer exists',
    ],
    [
      'activeDeadlineSeconds',
      {
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
      'deadline',
      'the Pod was active for longer than it may be',
    ],
    [
      'a node that refuses it',
      { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'Allocate failed' },
      'internal',
      'the Pod failed: UnexpectedAdmissionError Allocate failed',
    ],
  ])('%s', (_, status, reason, text) => {
    expect(podEnd(podOf({}, status), false)).toEqual({ reason, text });
  });

  const deleted: PodLike = {
    ...podOf({}),
    metadata: { name: 'drone-1', deletionTimestamp: '2026-01-01T00:00:00Z' },
  };
  test.each([
    ['is being deleted', deleted, false],
    ['is gone', podOf({}), true],
    ['was never seen and is gone', undefined, true],
  ])('somebody: it %s', (_, pod, gone) => {
    expect(podEnd(pod, gone)).toEqual({
      reason: 'deleted by somebody',
      text: 'somebody deleted the Pod of the stage',
    });
  });

  test.each<readonly [string, NonNullable<PodLike['status']>]>([
    ['it runs', { phase: 'Running' }],
    ['it succeeded', { phase: 'Succeeded' }],
    ['only its containers failed, and the journal says how', { phase: 'Failed' }],
    [
      'a disruption was announced that has not come',
      { ...disruption('EvictionByEvictionAPI', ''), phase: 'Running' },
    ],
  ])('not yet, when %s', (_, status) => {
    expect(podEnd(podOf({}, status), false)).toBeUndefined();
  });

  test('a disruption is the reason of the deletion that follows', () => {
    const { status } = podOf({}, disruption('DeletionByPodGC', 'PodGC: node no longer exists'));
    expect(podEnd({ ...deleted, ...(status === undefined ? {} : { status }) }, true)?.reason).toBe(
      'node lost',
    );
  });
});
