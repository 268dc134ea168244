/** The stages as JSON: the field names and the unix seconds of the Drone server's own API. Pure. */
import type { StageEntry } from './history.ts';

export function toJson(entry: StageEntry): unknown {
  const { build, repo, stage, steps } = entry;
  return {
    stage: {
      id: stage.id,
      number: stage.number,
      name: stage.name,
      status: stage.status,
      error: stage.error,
      started: seconds(stage.started),
      stopped: seconds(stage.stopped),
      waiting: entry.waiting,
      reason: entry.reason ?? '',
      steps: steps.map((step) => ({
        number: step.number,
        name: step.name,
        status: step.status,
        error: step.error,
        exit_code: step.exitCode,
        started: seconds(step.started),
        stopped: seconds(step.stopped),
      })),
    },
    build,
    repo,
    created: seconds(entry.created),
    updated: seconds(entry.updated),
  };
}

const seconds = (milliseconds: number | undefined): number =>
  milliseconds === undefined ? 0 : Math.floor(milliseconds / 1000);
