/** What is wrong with the settings of the runner, the reaper, and the Secrets that they need. */
import { OWN_VARIABLES } from '../constructs/variables.ts';
import type { Deployment } from './defaults.ts';
import { bytes, isMemory } from './quantities.ts';
import { openingProblems } from './problems-network.ts';
import { secretReferences } from './secrets.ts';
import type { SecretReference } from './settings-secrets.ts';
import {
  at,
  wrongCount,
  wrongCpu,
  wrongHost,
  wrongLabels,
  wrongMemory,
  wrongName,
  wrongPushgateway,
  wrongSchedule,
  type Problem,
} from './values.ts';

/** Variables whose values nobody may read: the daemon says "secret" of them. */
const SECRET_VARIABLE = /(SECRETS?|TOKEN|PASSWORD|RUNNER_ENVIRON)$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function* runnerProblems(deployment: Deployment): Generator<Problem> {
  const { name, drone, runner, stage, reaper } = deployment;
  yield* at(`${name}.drone.host`, wrongHost(drone.host));
  const own = `${name}.runner`;
  yield* at(`${own}.replicas`, wrongCount(runner.replicas, 1));
  yield* at(`${own}.capacity`, wrongCount(runner.capacity, 1));
  yield* at(`${own}.labels`, wrongLabels(runner.labels));
  yield* at(`${own}.cpu`, wrongCpu(runner.cpu));
  yield* at(`${own}.memory`, wrongMemory(runner.memory));
  yield* at(`${own}.memoryLimit`, wrongMemory(runner.memoryLimit));
  if (isMemory(runner.memory) && isMemory(runner.memoryLimit)) {
    if (bytes(runner.memory) > bytes(runner.memoryLimit)) {
      yield {
        code: 'settings-memory-limit',
        path: `${own}.memoryLimit`,
        message: `${runner.memoryLimit} is less than the ${runner.memory} that a replica requests`,
        fix: 'raise the limit, or lower `memory`',
      };
    }
  }
  yield* at(`${name}.stage.cpu`, wrongCpu(stage.cpu));
  yield* at(`${name}.stage.memory`, wrongMemory(stage.memory));
  yield* at(`${name}.stage.timeoutMinutes`, wrongCount(stage.timeoutMinutes, 1));
  yield* at(`${name}.reaper.schedule`, wrongSchedule(reaper.schedule));
  yield* at(`${name}.reaper.deadlineSeconds`, wrongCount(reaper.deadlineSeconds, 30));
  if (reaper.pushgateway !== undefined) {
    const { opening, url } = reaper.pushgateway;
    yield* at(`${name}.reaper.pushgateway.url`, wrongPushgateway(url));
    yield* openingProblems(opening, `${name}.reaper.pushgateway.opening`);
  }
  yield* variableProblems(deployment);
  const references = secretReferences(deployment);
  for (const { path, reference } of references) {
    yield* secretProblems(path, reference, deployment);
    const first = references.find((other) => other.reference.name === reference.name);
    if (first === undefined || sourceOf(first.reference) === sourceOf(reference)) continue;
    yield {
      code: 'settings-secret-sources',
      path,
      message: `the Secret "${reference.name}" comes from somewhere else already, see ${first.path}`,
      fix: 'give it another name: a Secret is made by one only',
    };
  }
}

/** Who makes the Secret. */
const sourceOf = (reference: SecretReference): string =>
  reference.kind === 'external-secrets'
    ? `${reference.kind} ${reference.store.kind} ${reference.store.name}`
    : reference.kind;

function* variableProblems({ name, runner }: Deployment): Generator<Problem> {
  const plain = Object.keys(runner.environment);
  const secret = Object.keys(runner.secretEnvironment);
  for (const [key, variables] of [
    ['environment', plain],
    ['secretEnvironment', secret],
  ] as const) {
    for (const variable of variables) {
      const path = `${name}.runner.${key}.${variable}`;
      if (!VARIABLE.test(variable)) {
        yield {
          code: 'settings-variable-name',
          path,
          message: `"${variable}" is no name of a variable`,
          fix: 'take letters, digits and underscores',
        };
      }
      const setting = OWN_VARIABLES.get(variable);
      if (setting !== undefined) {
        yield {
          code: 'settings-variable-taken',
          path,
          message: `${variable} is made of other settings`,
          fix: `remove it; see ${setting}`,
        };
      }
    }
  }
  for (const variable of plain) {
    if (!SECRET_VARIABLE.test(variable)) continue;
    yield {
      code: 'settings-variable-secret',
      path: `${name}.runner.environment.${variable}`,
      message: `${variable} is a secret, and everything here can be read in the repository`,
      fix: 'name the Secret that holds it under secretEnvironment',
    };
  }
}

function* secretProblems(
  path: string,
  reference: SecretReference,
  { name, gitops }: Deployment,
): Generator<Problem> {
  yield* at(`${path}.name`, wrongName(reference.name));
  if (!/^[-._a-zA-Z0-9]+$/.test(reference.key)) {
    yield {
      code: 'settings-secret-key',
      path: `${path}.key`,
      message: `"${reference.key}" cannot be a key of a Secret`,
      fix: 'take letters, digits, dashes, underscores and dots',
    };
  }
  if (reference.kind === 'sops' && gitops.flux?.sops === undefined) {
    yield {
      code: 'settings-secret-sops',
      path: `${path}.kind`,
      message: 'nobody decrypts files of SOPS here',
      fix: `set ${name}.gitops.flux.sops; Argo CD cannot decrypt them`,
    };
  }
  // What `kubeseal --raw` prints is long and in base64; a short text is the secret itself.
  if (reference.kind === 'sealed-secrets' && !/^[A-Za-z0-9+/]{100,}=*$/.test(reference.encrypted)) {
    yield {
      code: 'settings-secret-sealed',
      path: `${path}.encrypted`,
      message: 'the value does not look encrypted',
      fix: 'write what `kubeseal --raw` prints',
    };
  }
}
