/** Which secrets a stage uses, and the object that carries their values to the containers. */
import type { Pipeline, Step } from '../pipeline/model.ts';
import { netrcEnvironment, type Environment } from './environment.ts';
import type { ObjectMeta, Secret } from './objects.ts';
import type { SourcePlan } from './plan.ts';
import type { CompileInput } from './types.ts';

/** Keys of the Secret object of a stage. */
export interface SecretKeys {
  /** Name of the Secret object. */
  readonly object: string;
  /** By the name of the secret in lower case; a secret that nobody defined is absent. */
  readonly byName: ReadonlyMap<string, string>;
  /** DRONE_NETRC_* variables, which are keys as well. */
  readonly netrc: readonly string[];
  /** By the name of a variable that every container gets. */
  readonly shared: ReadonlyMap<string, string>;
}

/** A host name is no secret; hidden, it would take every address of the server out of the logs. */
const NETRC_HOST = 'DRONE_NETRC_MACHINE';

/**
 * What no log of the stage may show, out of the data of its Secret object (decoded, or the
 * `stringData`): all that is needed to show logs of a stage that somebody else has compiled.
 */
export const masksOf = (data: Readonly<Record<string, string>>): string[] =>
  Object.entries(data).flatMap(([key, value]) => (key === NETRC_HOST ? [] : [value]));

/**
 * The Secret with every value that some container gets: secrets of the pipeline, `shared`
 * variables, and credentials of the Git server. Without any there is no object.
 */
export function stageSecret(
  input: CompileInput,
  plan: SourcePlan,
  shared: Environment,
  metadata: ObjectMeta,
): {
  readonly secret: Secret | undefined;
  readonly secretKeys: SecretKeys;
  readonly missingSecrets: readonly string[];
} {
  const used = usedSecrets(input.pipeline);
  const valueOf = (name: string): string => input.secrets.get(name) ?? '';
  const byName = assignKeys(used.filter((name) => valueOf(name) !== ''));
  const sharedKeys = new Map([...shared.keys()].map((name, index) => [name, `VARIABLE-${index}`]));
  const isCloning = plan.steps.some((step) => step.source === undefined && step.kind !== 'upload');
  const netrc =
    input.runner.netrcCloneOnly && !isCloning
      ? new Map<string, string>()
      : netrcEnvironment(input.context.netrc);
  const stringData = Object.fromEntries([
    ...[...byName].map(([name, key]) => [key, valueOf(name)] as const),
    ...[...sharedKeys].map(([name, key]) => [key, shared.get(name) ?? ''] as const),
    ...netrc,
  ]);
  const secret: Secret | undefined =
    Object.keys(stringData).length === 0
      ? undefined
      : { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', stringData };
  return {
    secret,
    secretKeys: { object: metadata.name, byName, netrc: [...netrc.keys()], shared: sharedKeys },
    missingSecrets: used.filter((name) => !byName.has(name)),
  };
}

/** Names of secrets in lower case, each once, in the order of the pipeline. */
export function usedSecrets(pipeline: Pipeline): string[] {
  const names = [...pipeline.services, ...pipeline.steps].flatMap(secretsOfStep);
  return [...new Set(names)];
}

function secretsOfStep(step: Step): string[] {
  return [...step.environment.values(), ...step.settings.values()].flatMap((setting) =>
    'fromSecret' in setting ? [setting.fromSecret.toLowerCase()] : [],
  );
}

/**
 * A key for each secret: its name where Kubernetes allows that as a key, else a number. Names are
 * told apart from numbers and from all other keys by their case.
 */
export function assignKeys(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.map((name, index) => [
      name,
      /^(?!\.$|\.\.)[a-z0-9._-]{1,200}$/.test(name) ? name : `SECRET-${index}`,
    ]),
  );
}
