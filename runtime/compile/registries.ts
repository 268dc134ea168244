/** Credentials of registries: many sources, one `config.json` of Docker. */

/** Credentials of the runner, and over them the ones of `image_pull_secrets`, merged. */
export function pullCredentials(
  dockerConfigs: readonly string[],
  names: readonly string[],
  secrets: ReadonlyMap<string, string>,
): {
  readonly merged: string | undefined;
  /** Nobody defined these, in lower case. */
  readonly missing: readonly string[];
  /** The value of these is no `config.json`. */
  readonly invalid: readonly string[];
} {
  const keys = [...new Set(names.map((name) => name.toLowerCase()))];
  const missing = keys.filter((key) => (secrets.get(key) ?? '') === '');
  const defined = keys.filter((key) => !missing.includes(key));
  const texts = defined.map((key) => secrets.get(key) ?? '');
  const { merged, invalid } = mergeDockerConfigs([...dockerConfigs, ...texts]);
  return {
    merged,
    missing,
    invalid: invalid.flatMap((index) => defined[index - dockerConfigs.length] ?? []),
  };
}

/**
 * Merges texts of `config.json`; a later one wins for the same registry, however its address is
 * written. `invalid` are the indices of texts that are none.
 */
export function mergeDockerConfigs(configs: readonly string[]): {
  readonly merged: string | undefined;
  readonly invalid: readonly number[];
} {
  const auths = new Map<string, object>();
  const invalid: number[] = [];
  for (const [index, text] of configs.entries()) {
    const found = authsOf(text);
    if (found === undefined) invalid.push(index);
    else for (const [address, auth] of found) auths.set(registryOf(address), auth);
  }
  const merged = auths.size > 0 ? JSON.stringify({ auths: Object.fromEntries(auths) }) : undefined;
  return { merged, invalid };
}

/** Credentials by address as a `config.json`; undefined where there are none. */
export function dockerConfigOf(
  credentials: readonly {
    readonly address: string;
    readonly username: string;
    readonly password: string;
  }[],
): string | undefined {
  const auths = credentials
    .filter(({ address }) => address !== '')
    .map(({ address, username, password }) => {
      const auth = Buffer.from(`${username}:${password}`).toString('base64');
      return [address, { auth }] as const;
    });
  return auths.length === 0 ? undefined : JSON.stringify({ auths: Object.fromEntries(auths) });
}

/** One bad entry would make the kubelet drop all others, so those are left out. */
function authsOf(text: string): readonly (readonly [address: string, auth: object])[] | undefined {
  const parsed = parseObject(text);
  if (parsed === undefined) return undefined;
  const auths: unknown = 'auths' in parsed ? parsed.auths : parsed;
  if (!isObject(auths)) return undefined;
  return Object.entries(auths).flatMap(([address, auth]: [string, unknown]) =>
    isObject(auth) ? [[address, auth] as const] : [],
  );
}

function parseObject(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The address as the kubelet compares it: without scheme and version of the protocol. A path stays,
 * because one registry may have several credentials. Docker Hub has three names.
 */
function registryOf(address: string): string {
  const bare = address
    .replace(/^https?:\/\//i, '')
    .replace(/^([^/]+)\/v[12](?=\/|$)/, '$1')
    .replace(/\/+$/, '');
  return bare === 'docker.io' || bare === 'registry-1.docker.io' ? 'index.docker.io' : bare;
}
