/** What is wrong with the room that is kept, the images that are pulled, and the hints. */
import { bufferVersion } from '../constructs/autoscaler.ts';
import type { Deployment } from './defaults.ts';
import { nodeProblems } from './problems-builds.ts';
import type { BalloonCapacity } from './settings-capacity.ts';
import {
  at,
  isDnsLabel,
  LABEL_FIX,
  wrongCount,
  wrongImage,
  wrongLabels,
  wrongName,
  wrongSchedule,
  type Problem,
} from './values.ts';

export function* capacityProblems(deployment: Deployment): Generator<Problem> {
  const { name, capacity, warmUp, disruption, kueueQueue } = deployment;
  const { autoscaler } = disruption;
  if (autoscaler !== undefined && !/^\d{1,3}\.\d{1,3}$/.test(autoscaler.version)) {
    yield {
      code: 'settings-autoscaler-version',
      path: `${name}.disruption.autoscaler.version`,
      message: `"${autoscaler.version}" is no version`,
      fix: 'write major and minor, as in 1.36',
    };
  }
  if (capacity.kind === 'buffer') {
    yield* at(`${name}.capacity.stages`, wrongCount(capacity.stages, 1));
    if (autoscaler === undefined || bufferVersion(autoscaler) === undefined) {
      yield {
        code: 'settings-capacity-buffer',
        path: `${name}.capacity.kind`,
        message: 'no autoscaler is named that knows a CapacityBuffer',
        fix: `name cluster-autoscaler from 1.34 or karpenter from 1.14 in ${name}.disruption.autoscaler, or take a balloon`,
      };
    }
  }
  if (capacity.kind === 'balloon') yield* balloonProblems(capacity, `${name}.capacity`);
  if (warmUp !== undefined) {
    const path = `${name}.warmUp`;
    if (warmUp.images.length === 0) {
      yield {
        code: 'settings-warm-up-empty',
        path: `${path}.images`,
        message: 'there is no image to pull',
        fix: 'name images, or leave the whole setting out',
      };
    }
    for (const [index, image] of warmUp.images.entries()) {
      yield* at(`${path}.images[${index}]`, wrongImage(image));
    }
    for (const [index, secret] of (warmUp.pullSecrets ?? []).entries()) {
      yield* at(`${path}.pullSecrets[${index}]`, wrongName(secret));
    }
    if (warmUp.nodes !== undefined) yield* nodeProblems(warmUp.nodes, `${path}.nodes`);
  }
  if (kueueQueue !== undefined) {
    yield* at(`${name}.kueue.queue`, wrongName(kueueQueue) ?? wrongLabels({ queue: kueueQueue }));
  }
}

function* balloonProblems(
  { stages, windows = [], pauseImage }: BalloonCapacity,
  path: string,
): Generator<Problem> {
  yield* at(`${path}.stages`, wrongCount(stages, 0));
  if (pauseImage !== undefined) yield* at(`${path}.pauseImage`, wrongImage(pauseImage));
  for (const [index, window] of windows.entries()) {
    const own = `${path}.windows[${index}]`;
    const twice = windows.findIndex(({ name }) => name === window.name) < index;
    // A CronJob adds eleven characters to its name, and a Pod six more.
    if (twice || !isDnsLabel(window.name) || window.name.length > 30) {
      yield {
        code: 'settings-window-name',
        path: `${own}.name`,
        message: `"${window.name}" ${twice ? 'stands here twice' : 'cannot be the name of a window'}`,
        fix: twice ? 'give each window a name of its own' : `${LABEL_FIX}, and at most 30`,
      };
    }
    yield* at(`${own}.schedule`, wrongSchedule(window.schedule));
    yield* at(`${own}.stages`, wrongCount(window.stages, 1));
    if (!(window.hours > 0 && window.hours <= 168)) {
      yield {
        code: 'settings-window-hours',
        path: `${own}.hours`,
        message: `${window.hours} hours is no length of a window`,
        fix: 'write a number above 0, at most 168',
      };
    }
  }
}
