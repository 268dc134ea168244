/** Giving a stage its end on the Drone server, where nobody else does any more. */
import { isConflict, isNoRows } from '../drone/errors.ts';
import type { Details, DroneServer, ServerStep, StepState } from '../drone/rpc.ts';
import { cancelText, isBuildOver, isStageOver } from '../runner/server-stage.ts';
import type { Reason } from './types.ts';

export interface CloseOptions {
  readonly server: Pick<DroneServer, 'details' | 'putStage' | 'putStep'>;
  /** With the rights of a user; undefined where nobody may. */
  readonly readSteps: (details: Details) => Promise<readonly ServerStep[] | undefined>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What a user reads of a stage that the reaper closes. */
const TEXTS = {
  'owner dead': 'the runner that watched the stage is gone, and no other one took it over',
  deadline:
    'the Pod of the stage ran into its deadline, and the runner that watched it is gone; raise the timeout of the repository if the stage needs longer',
  'no Pod': 'the Pod of the stage is gone, and so is the runner that watched it',
  'no record': 'the record of the stage is gone, so no runner can go on with it',
  'own namespace': 'the record of the stage is gone, so no runner can go on with it',
} satisfies Partial<Record<Reason, string>>;

export type ClosableReason = keyof typeof TEXTS;

export const closingText = (reason: ClosableReason): string =>
  `${TEXTS[reason]}; start the build again`;

/** undefined where the server does not know the stage. Rejects with a DroneError. */
export async function detailsOf(
  { server }: CloseOptions,
  stage: number,
  signal: AbortSignal,
): Promise<Details | undefined> {
  try {
    return await server.details(stage, signal);
  } catch (error) {
    if (isNoRows(error)) return undefined;
    throw error;
  }
}

export type Closed =
  | 'closed'
  /** It had its end already. */
  | 'over'
  /** Somebody writes it at the same time: a replica that has taken it over, most likely. */
  | 'changed';

/**
 * Writes the unfinished steps and then the stage, which ends the build unless it has others.
 * `steps` are those of its record, as they were stored first. Rejects with a DroneError.
 */
export async function closeStage(
  details: Details,
  reason: ClosableReason,
  steps: readonly ServerStep[],
  options: CloseOptions,
  signal: AbortSignal,
): Promise<Closed> {
  if (isStageOver(details)) return 'over';
  const { server, readSteps, now } = options;
  const stopped = Math.floor(now() / 1000);
  const read = await readSteps(details);
  for (const tries of read === undefined ? steps.map(guesses) : unfinished(read)) {
    await writeStep(tries, { server, stopped }, signal);
  }
  const isCancelled = isBuildOver(details);
  try {
    await server.putStage(
      {
        ...details.stage,
        // Without what the runner adds to recognise its own stages.
        machine: details.stage.machine.replace(/\.[0-9a-f]{8}$/, ''),
        status: isCancelled ? 'killed' : 'error',
        error: isCancelled ? cancelText(details) : closingText(reason),
        exit_code: isCancelled ? 0 : 255,
        started: details.stage.started || stopped,
        stopped,
      },
      [],
      signal,
    );
    return 'closed';
  } catch (error) {
    if (isNoRows(error)) return 'over';
    if (isConflict(error)) return 'changed';
    throw error;
  }
}

/** A step as it may be stored, and how it ends if it is. */
interface Try {
  readonly step: ServerStep;
  readonly status: StepState;
}

const unfinished = (steps: readonly ServerStep[]): readonly (readonly Try[])[] =>
  steps.flatMap((step): readonly (readonly Try[])[] => {
    if (step.status === 'pending') return [[{ step, status: 'skipped' }]];
    return step.status === 'running' ? [[{ step, status: 'killed' }]] : [];
  });

/**
 * Where nobody may read them: the server refuses a version that it does not have. The first one
 * was never written, and the second is a step that runs. What has a later one is left: it is over.
 */
const guesses = (step: ServerStep): readonly Try[] => [
  { step: { ...step, version: 1 }, status: 'skipped' },
  { step: { ...step, version: 2 }, status: 'killed' },
];

async function writeStep(
  tries: readonly Try[],
  { server, stopped }: { readonly server: Pick<DroneServer, 'putStep'>; readonly stopped: number },
  signal: AbortSignal,
): Promise<void> {
  for (const { step, status } of tries) {
    const times =
      status === 'skipped' ? {} : { exit_code: 137, started: step.started || stopped, stopped };
    try {
      await server.putStep({ ...step, ...times, status }, signal);
      return;
    } catch (error) {
      if (isNoRows(error)) return;
      if (!isConflict(error)) throw error;
    }
  }
}
