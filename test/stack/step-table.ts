import type { ApiBuild } from './drone-api.ts';

/**
 * A finished build as a table: stage, step, status with the exit code, and how long it ran.
 * @returns lines without a newline, the heading first
 */
export function stepTable(build: ApiBuild): string[] {
  const rows = build.stages.flatMap((stage) => [
    ...(stage.steps ?? []).map((step) => [
      stage.name,
      step.name,
      step.exit_code === 0 ? step.status : `${step.status} (${step.exit_code})`,
      seconds(step.started, step.stopped),
    ]),
    [stage.name, '', stage.status, seconds(stage.started, stage.stopped)],
  ]);
  const table = [['STAGE', 'STEP', 'STATUS', 'TIME'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const errors = [build, ...build.stages].flatMap(({ error }) => error ?? []);
  return [...lines, ...errors.map((error) => `error: ${error}`)];
}

/** Drone keeps whole seconds; a step that was skipped has no times. */
function seconds(from: number | undefined, to: number | undefined): string {
  return from === undefined || from === 0 || to === undefined || to === 0 ? '' : `${to - from} s`;
}
