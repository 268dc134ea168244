/** Reading what the server says of a stage, and what it is told of its steps. Pure. */
import { stepTitle } from '../compile/plan.ts';
import type { CompiledStage } from '../compile/types.ts';
import type { Details, ServerStep } from '../drone/rpc.ts';

const FINAL: ReadonlySet<string> = new Set([
  'success',
  'failure',
  'killed',
  'error',
  'skipped',
  'declined',
]);

/** The server has the end of the build: cancelled, replaced by a newer one, or done. */
export const isBuildOver = ({ build }: Pick<Details, 'build'>): boolean => FINAL.has(build.status);

export const isStageOver = ({ stage }: Pick<Details, 'stage'>): boolean => FINAL.has(stage.status);

/** Who ended a build that still had work, for people. */
export const cancelText = ({ build }: Pick<Details, 'build'>): string =>
  build.status === 'skipped'
    ? 'a newer build took its place'
    : build.status === 'killed'
      ? 'the build was cancelled'
      : `the build is over already (${build.status})`;

/** The steps of a stage as the server is to store them. */
export function newSteps(stage: CompiledStage, id: number): ServerStep[] {
  const titles = new Map(stage.plan.steps.map((step) => [step.number, stepTitle(step)]));
  return stage.plan.steps.map((step) => ({
    id: 0,
    step_id: id,
    number: step.number,
    name: stepTitle(step),
    status: 'pending',
    error: '',
    errignore: step.failure === 'ignore',
    exit_code: 0,
    version: 0,
    depends_on: step.waitsFor.flatMap((number) => titles.get(number) ?? []),
    image: stage.images.get(step.number) ?? '',
    detached: step.detached,
    schema: '',
  }));
}

/** Whether steps that the server has are the ones of this plan. */
export const areSameSteps = (stored: readonly ServerStep[], planned: readonly ServerStep[]) =>
  stored.length === planned.length &&
  planned.every((step, index) => {
    const other = stored[index];
    return other?.number === step.number && other.name === step.name;
  });
