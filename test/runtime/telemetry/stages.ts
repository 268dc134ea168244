/** Builders for the tests of the dashboard: stages at their default but what a test is about. */
import { History, type StageEvent, type StepEntry } from '../../../runtime/telemetry/history.ts';
import { contextOf } from '../support.ts';

/** An hour after the build of the fixture was made. */
export const NOW = 1_700_003_600_000;

/** A stage that was taken; `parts` as in contextOf. */
export function taken(
  id: number,
  at = NOW,
  parts: Parameters<typeof contextOf>[0] = {},
): StageEvent {
  const details = contextOf({
    ...parts,
    stage: { id, status: 'pending', started: 0, ...parts.stage },
  });
  return { type: 'taken', stage: id, at, details };
}

export const ended = (id: number, at = NOW, error = ''): StageEvent => ({
  type: 'ended',
  stage: id,
  at,
  status: error === '' ? 'success' : 'error',
  reason: error === '' ? 'succeeded' : 'image pull',
  error,
});

export const stepEntry = (step: Partial<StepEntry>): StepEntry => ({
  number: 1,
  name: 'build',
  status: 'pending',
  exitCode: 0,
  error: '',
  started: undefined,
  stopped: undefined,
  ...step,
});

export function historyOf(events: readonly StageEvent[]): History {
  const history = new History();
  for (const event of events) history.apply(event);
  return history;
}
