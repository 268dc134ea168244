/** Which secrets a stage uses, and the object that carries their values to the containers. */
import type { Pipeline, Step } from '../pipeline/model.ts';

/** Keys of the Secret object of a stage. */
export interface SecretKeys {
  /** Name of the Secret object. */
  readonly object: string;
  /** By the name of the secret in lower case; a secret that nobody defined is absent. */
  readonly byName: ReadonlyMap<string, string>;
  /** DRONE_NETRC_* variables, which are keys as well. */
  readonly netrc: readonly string[];
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
 * told apart from numbers and from netrc keys by their case.
 */
export function assignKeys(names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.map((name, index) => [
      name,
      /^(?!\.$|\.\.)[a-z0-9._-]{1,200}$/.test(name) ? name : `SECRET-${index}`,
    ]),
  );
}

/** The credentials of `image_pull_secrets`, merged. Names in lower case tell what could not be. */
export function pullCredentials(
  names: readonly string[],
  secrets: ReadonlyMap<string, string>,
): {
  readonly merged: string | undefined;
  /** Nobody defined these. */
  readonly missing: readonly string[];
  /** The value of these is no `config.json`. */
  readonly invalid: readonly string[];
} {
  const keys = [...new Set(names.map((name) => name.toLowerCase()))];
  const missing = keys.filter((key) => (secrets.get(key) ?? '') === '');
  const defined = keys.filter((key) => !missing.includes(key));
  const { merged, invalid } = mergeDockerConfigs(defined.map((key) => secrets.get(key) ?? ''));
  return { merged, missing, invalid: invalid.flatMap((index) => defined[index] ?? []) };
}

/** Merges registry credentials (`config.json` of Docker); a later one wins for the same registry. */
export function mergeDockerConfigs(configs: readonly string[]): {
  readonly merged: string | undefined;
  readonly invalid: readonly number[];
} {
  const auths: Record<string, unknown> = {};
  const invalid: number[] = [];
  for (const [index, text] of configs.entries()) {
    const found = authsOf(text);
    if (found === undefined) invalid.push(index);
    else Object.assign(auths, found);
  }
  const merged = Object.keys(auths).length > 0 ? JSON.stringify({ auths }) : undefined;
  return { merged, invalid };
}

function authsOf(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const auths: unknown = 'auths' in parsed ? parsed.auths : parsed;
    return typeof auths === 'object' && auths !== null ? auths : undefined;
  } catch {
    return undefined;
  }
}
