import { describe, expect, test } from '@jest/globals';
import type { ContainerState, PodLike } from '../../../runtime/kube/types.ts';
import type { Interruption } from '../../../runtime/stage/conclude.ts';
import { outsideEnd, type StageLimits } from '../../../runtime/stage/ends.ts';
import { beginWait, type Wait } from '../../../runtime/stage/waiting.ts';
import { journalOf, podOf } from './observed.ts';

const LIMITS: StageLimits = {
  queued: 600_000,
  unschedulable: 60_000,
  starting: 300_000,
  timeout: 3_600_000,
};
const RUNNING = podOf({ coordinator: 'running', '1-a': 'running' });
const STARTED = ['start 1 success'];
const DONE = [...STARTED, 'exit 1 0', 'done success'];
const EVICTED: PodLike = podOf(
  {},
  { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
);
const evicted: Interruption = {
  reason: 'evicted',
  status: 'error',
  text: 'the node evicted the Pod: The node was low on resource: memory.',
};
const deleted: Interruption = {
  reason: 'deleted by somebody',
  status: 'error',
  text: 'somebody deleted the Pod of the stage',
};

interface Case {
  readonly title: string;
  readonly journal?: readonly string[];
  readonly journalEnded?: boolean;
  readonly pod?: PodLike;
  readonly gone?: boolean;
  readonly wait?: Partial<Wait>;
  readonly limits?: Partial<StageLimits>;
  /** Milliseconds since the wait began. */
  readonly now?: number;
  /** Milliseconds since the first step started. */
  readonly elapsed?: number;
  readonly end: Interruption | undefined;
}

function endOf(observed: Case): Interruption | undefined {
  return outsideEnd({
    seen: {
      pod: observed.pod ?? RUNNING,
      gone: observed.gone ?? false,
      journal: journalOf(...(observed.journal ?? [])),
      journalEnded: observed.journalEnded ?? false,
    },
    limits: { ...LIMITS, ...observed.limits },
    wait: { ...beginWait(0), ...observed.wait },
    now: observed.now ?? 0,
    elapsed: observed.elapsed,
  });
}

const error = (reason: Interruption['reason'], text: string): Interruption => ({
  reason,
  status: 'error',
  text,
});
const timeout = (limit: string): Interruption => ({
  reason: 'timeout',
  status: 'killed',
  text: `the stage ran for longer than its timeout of ${limit}`,
});

/** Before its containers start, in debug mode. */
function withCopy(state: ContainerState): PodLike {
  const name = 'tmate';
  return podOf({}, { phase: 'Pending', initContainerStatuses: [{ name, state }] });
}

const POD: readonly Case[] = [
  { title: 'nothing while the steps run', journal: STARTED, end: undefined },
  { title: 'an eviction while a step runs', journal: STARTED, pod: EVICTED, end: evicted },
  { title: 'an eviction before the first step', pod: EVICTED, end: evicted },
  { title: 'a Pod that is no more', journal: STARTED, gone: true, end: deleted },
  {
    title: 'a copy of tmate that fails',
    pod: withCopy({ terminated: { exitCode: 1, reason: 'Error' } }),
    end: error(
      'internal',
      'debug mode: tmate could not be copied into the Pod (Error, exit code 1); set DRONE_TMATE_IMAGE of the runner to an image that brings it, or DRONE_TMATE_ENABLED to false',
    ),
  },
  {
    title: 'an image of tmate that nobody has',
    pod: withCopy({ waiting: { reason: 'ErrImagePull', message: 'not found' } }),
    end: error(
      'image pull',
      'the container of debug mode does not start, its image cannot be pulled: not found (ErrImagePull)',
    ),
  },
  {
    title: 'nothing while the image of tmate may still come',
    pod: withCopy({ waiting: { reason: 'ErrImagePull', message: 'no route to host' } }),
    end: undefined,
  },
  {
    title: 'nothing once tmate was copied',
    pod: withCopy({ terminated: { exitCode: 0, reason: 'Completed' } }),
    end: undefined,
  },
  {
    title: 'nothing that happens to the Pod of a complete journal',
    journal: DONE,
    gone: true,
    end: undefined,
  },
  {
    title: 'the Pod rather than the timeout',
    journal: STARTED,
    pod: EVICTED,
    elapsed: 9_999_999,
    end: evicted,
  },
];

const COORDINATOR: readonly Case[] = [
  {
    title: 'a coordinator that a container runtime lost as it started',
    pod: podOf({
      coordinator: {
        waiting: { reason: 'RunContainerError', message: 'error reading from server: EOF' },
      },
    }),
    end: error(
      'node lost',
      'the container runtime of the node went away as the Pod was started: error reading from server: EOF (RunContainerError)',
    ),
  },
  {
    title: 'a coordinator that failed',
    journal: STARTED,
    journalEnded: true,
    pod: podOf({ coordinator: [137, 'OOMKilled'], '1-a': 'running' }),
    end: error('internal', 'the coordinator of the Pod ended too early (OOMKilled, exit code 137)'),
  },
  {
    title: 'a coordinator of which nobody knows why it ended',
    journalEnded: true,
    end: error('internal', 'the coordinator of the Pod ended too early (unknown, exit code ?)'),
  },
  {
    title: 'the end of the Pod where that is why the coordinator ended',
    journal: STARTED,
    journalEnded: true,
    gone: true,
    end: deleted,
  },
  {
    title: 'nothing where the coordinator ended with a complete journal',
    journal: DONE,
    journalEnded: true,
    end: undefined,
  },
];

const TIMEOUT: readonly Case[] = [
  { title: 'nothing at the limit', journal: STARTED, elapsed: 3_600_000, end: undefined },
  { title: 'a step beyond the limit', journal: STARTED, elapsed: 3_600_001, end: timeout('60m') },
  {
    title: 'the limit in seconds where it is no whole minute',
    journal: STARTED,
    limits: { timeout: 90_000 },
    elapsed: 90_001,
    end: timeout('90s'),
  },
  {
    title: 'nothing while no step has run, however long ago the first was skipped',
    journal: ['skip 1 success'],
    end: undefined,
  },
  {
    title: 'nothing of the wait once a step has started',
    journal: STARTED,
    wait: { text: 'full' },
    now: 9_999_999,
    end: undefined,
  },
];

const WAITING: readonly Case[] = [
  { title: 'nothing at the limit', wait: { text: 'full' }, now: 60_000, end: undefined },
  {
    title: 'no node for too long',
    wait: { text: 'no node can take the Pod: full' },
    now: 60_001,
    end: error('unschedulable', 'gave up after 60 s: no node can take the Pod: full'),
  },
  {
    title: 'nothing while images and volumes have a limit of their own',
    wait: { phase: 'starting', text: 'pulling golang' },
    now: 60_001,
    end: undefined,
  },
  {
    title: 'a start that takes too long',
    wait: { phase: 'starting', text: 'FailedMount: no such volume' },
    now: 300_001,
    end: error('internal', 'gave up after 300 s: FailedMount: no such volume'),
  },
  {
    title: 'an image that does not come',
    wait: { phase: 'starting', obstacle: 'image', text: 'cannot pull the image of step "a": x' },
    now: 300_001,
    end: error('image pull', 'gave up after 300 s: cannot pull the image of step "a": x'),
  },
  {
    title: 'a container that cannot be created',
    wait: { phase: 'starting', obstacle: 'config', text: 'cannot start step "a": x' },
    now: 300_001,
    end: error('internal', 'gave up after 300 s: cannot start step "a": x'),
  },
  {
    title: 'nothing where the phase began late',
    wait: { phase: 'starting', since: 100_000, text: 'pulling golang' },
    now: 400_000,
    end: undefined,
  },
];

describe('what ends a stage from outside', () => {
  describe('its Pod', () => {
    test.each(POD)('$title', (observed) => {
      expect(endOf(observed)).toEqual(observed.end);
    });
  });

  describe('its coordinator', () => {
    test.each(COORDINATOR)('$title', (observed) => {
      expect(endOf(observed)).toEqual(observed.end);
    });
  });

  describe('the clock of its steps', () => {
    test.each(TIMEOUT)('$title', (observed) => {
      expect(endOf(observed)).toEqual(observed.end);
    });
  });

  describe('the clocks of waiting', () => {
    test.each(WAITING)('$title', (observed) => {
      expect(endOf(observed)).toEqual(observed.end);
    });
  });
});
