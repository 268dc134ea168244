/** Which credentials of a config.json are for an image. Pure. */
import { fieldsOf, reader, type Fields } from '../drone/decode.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * The entry with the longest matching address, as the kubelet compares them: a `*` stands for a part
 * of the host, and a path for all images below it. Only user and password count; an entry that
 * has neither is none.
 *
 * @param config text of a config.json whose addresses have neither scheme nor version
 * @param name `host/repository`
 */
export function credentialsFor(config: string | undefined, name: string): Credentials | undefined {
  if (config === undefined) return undefined;
  const matching = entriesOf(config)
    .filter(([address]) => covers(address, name))
    .sort(([a], [b]) => b.length - a.length);
  for (const [, entry] of matching) {
    const found = userOf(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

function entriesOf(config: string): readonly (readonly [string, Fields])[] {
  try {
    const parsed: unknown = JSON.parse(config);
    const auths = fieldsOf(fieldsOf(parsed, 'config')['auths'], 'auths');
    return Object.keys(auths).map((address) => [address, fieldsOf(auths[address], address)]);
  } catch {
    return [];
  }
}

function covers(address: string, name: string): boolean {
  const [host = '', ...path] = address.split('/');
  const [wantedHost = '', ...wantedPath] = name.split('/');
  const parts = host.split('.');
  const wantedParts = wantedHost.split('.');
  return (
    parts.length === wantedParts.length &&
    parts.every((part, index) => part === '*' || part === wantedParts[index]) &&
    path.every((part, index) => part === wantedPath[index])
  );
}

function userOf(entry: Fields): Credentials | undefined {
  try {
    const { text } = reader(entry, 'auths');
    const decoded = Buffer.from(text('auth'), 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    const [username, password] =
      colon > 0
        ? [decoded.slice(0, colon), decoded.slice(colon + 1).replace(/\0+$/, '')]
        : [text('username'), text('password')];
    return username === '' || password === '' ? undefined : { username, password };
  } catch {
    return undefined;
  }
}
