/** What a registry wants to see before it answers. Pure. */

export type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      /** Where tokens are given out. */
      readonly realm: string;
      readonly service: string;
      readonly scope: string;
    };

/** Reads a WWW-Authenticate header; of several challenges a token goes first. undefined: neither. */
export function parseChallenge(header: string): Challenge | undefined {
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const parameters = parametersOf(bearer);
    const realm = parameters.get('realm') ?? '';
    const service = parameters.get('service') ?? '';
    const scope = parameters.get('scope') ?? '';
    return { scheme: 'bearer', realm, service, scope };
  }
  return /(?:^|,)\s*basic(?:\s|,|$)/i.test(header) ? { scheme: 'basic' } : undefined;
}

/** `key="value"` or `key=value`, with commas between them; the first of each key counts. */
function parametersOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, key = '', quoted, plain] of text.matchAll(
    /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi,
  )) {
    const name = key.toLowerCase();
    if (!found.has(name)) found.set(name, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
  }
  return found;
}

/** The request for a token that may pull, and nothing else, whatever the registry asked for. */
export function tokenUrl(
  realm: URL,
  { service, scope }: { readonly service: string; readonly scope: string },
  repository: string,
): URL {
  const url = new URL(realm);
  if (service !== '') url.searchParams.set('service', service);
  // A mirror may keep the repository below another name, which only its own scope has.
  const pull = /^repository:[^\s:]+(?::\d+)?[^\s:]*:/.exec(scope)?.[0];
  url.searchParams.set(
    'scope',
    pull === undefined ? `repository:${repository}:pull` : `${pull}pull`,
  );
  return url;
}
