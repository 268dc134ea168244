/** Where the value of a secret comes from: the server, the file, the runner, or a plug-in. */
import { Buffer } from 'node:buffer';
import { usedSecrets } from '../compile/secrets.ts';
import { ExtensionError } from '../drone/extensions.ts';
import type { ServerSecret } from '../drone/rpc.ts';
import { decrypt } from '../drone/signature.ts';
import type { Build, Repo } from '../drone/types.ts';
import type { SecretDocument } from '../pipeline/load.ts';
import type { Pipeline } from '../pipeline/model.ts';

export interface SecretSources {
  /** Those of the repository before those of the organisation. */
  readonly server: readonly ServerSecret[];
  /** Of the pipeline file. */
  readonly documents: readonly SecretDocument[];
  /** The key of the repository, for what stands encrypted in the file. */
  readonly key: string;
  /** DRONE_RUNNER_SECRETS, by name as it is written. */
  readonly runner: ReadonlyMap<string, string>;
  readonly build: Pick<Build, 'event' | 'source_repo'>;
  readonly repo: Pick<Repo, 'private'>;
}

export type Lookup =
  | { readonly value: string }
  /** Only the plug-in can tell. */
  | { readonly get: NonNullable<SecretDocument['get']> }
  | { readonly lack: Lack };

/** Why there is no value. Texts are parts of a sentence. */
export interface Lack {
  readonly why: string;
  readonly fix: string;
}

/** Asks the secret plug-in. */
export type AskSecret = (
  wanted: NonNullable<SecretDocument['get']>,
) => Promise<ServerSecret | undefined>;

const UNDEFINED: Lack = {
  why: 'is not defined',
  fix: 'add it to the secrets of the repository, or correct its name',
};
const WITHHELD: Lack = {
  why: 'is not given to builds of pull requests',
  fix: 'allow that where the secret is defined, or do without it',
};

/**
 * Looks a secret up, whether its name has capitals or not. The first source that has a value wins:
 * the server; the file, where it stands encrypted; DRONE_RUNNER_SECRETS; the plug-in, where the
 * file says where the plug-in finds it. What cannot be decrypted ends the search. Pure.
 */
export function lookUpSecret(name: string, sources: SecretSources): Lookup {
  const { build, documents, key, repo, runner, server } = sources;
  const isSame = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  const isPullRequest = build.event === 'pull_request';

  const stored = server.filter((secret) => isSame(secret.name) && secret.data !== '');
  const given = stored.find((secret) => !isPullRequest || secret.pull_request);
  if (given !== undefined) return { value: given.data };

  const encrypted = documents.find((each) => isSame(each.name) && each.data !== '');
  const isFromOutside = isPullRequest && build.source_repo !== '' && !repo.private;
  if (encrypted !== undefined && !isFromOutside) {
    const value = decrypt(key, Buffer.from(encrypted.data, 'base64'));
    if (value === undefined) return { lack: UNREADABLE };
    if (value !== '') return { value };
  }

  const own = [...runner].find(([other, value]) => isSame(other) && value !== '');
  if (own !== undefined && !isPullRequest) return { value: own[1] };

  const get = documents.find((each) => isSame(each.name) && each.get !== undefined)?.get;
  if (get !== undefined) return { get };
  const isWithheld = [stored[0], encrypted, own].some((each) => each !== undefined);
  return { lack: isPullRequest && isWithheld ? WITHHELD : UNDEFINED };
}

const UNREADABLE: Lack = {
  why: 'cannot be decrypted with the key of this repository',
  fix: 'encrypt it again with `drone encrypt`',
};

export interface FoundSecrets {
  /** By name in lower case, as the compiler wants them. */
  readonly values: ReadonlyMap<string, string>;
  /** What to tell of the others, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The values of all secrets that the pipeline names. `ask` is undefined where there is no plug-in;
 * what it rejects with is a warning if it is an ExtensionError, and passed on otherwise.
 */
export async function findSecrets(
  pipeline: Pipeline,
  sources: SecretSources,
  ask: AskSecret | undefined,
): Promise<FoundSecrets> {
  const pulls = pipeline.imagePullSecrets.map((name) => name.toLowerCase());
  const names = [...new Set([...usedSecrets(pipeline), ...pulls])];
  const found = await Promise.all(
    names.map(async (name) => {
      const lookup = lookUpSecret(name, sources);
      return 'get' in lookup ? askFor(lookup.get, sources, ask) : lookup;
    }),
  );
  const values = new Map<string, string>();
  const warnings: string[] = [];
  for (const [index, name] of names.entries()) {
    const result = found[index];
    if (result === undefined) continue;
    if ('value' in result) values.set(name, result.value);
    else
      warnings.push(`secret "${name}" ${result.lack.why} and counts as empty; ${result.lack.fix}`);
  }
  return { values, warnings };
}

async function askFor(
  get: NonNullable<SecretDocument['get']>,
  { build }: SecretSources,
  ask: AskSecret | undefined,
): Promise<Exclude<Lookup, { readonly get: unknown }>> {
  if (ask === undefined) return { lack: NO_PLUGIN };
  try {
    const secret = await ask(get);
    if (secret === undefined || secret.data === '') return { lack: NOT_THERE };
    if (build.event === 'pull_request' && !secret.pull_request) return { lack: WITHHELD };
    return { value: secret.data };
  } catch (error) {
    if (!(error instanceof ExtensionError)) throw error;
    return { lack: { why: 'could not be fetched', fix: error.message } };
  }
}

const NO_PLUGIN: Lack = {
  why: 'is to be fetched by `get`, for which this runner has no plug-in,',
  fix: 'let its operator set DRONE_SECRET_PLUGIN_ENDPOINT',
};
const NOT_THERE: Lack = {
  why: 'is not known to the secret plug-in',
  fix: 'correct `path` and `name` of its `get`',
};
