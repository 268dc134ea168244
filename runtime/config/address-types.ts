/** The types of variables that say where something is. */
import { isAbsolute } from 'node:path/posix';
import type { Parsed, ValueType } from './value-types.ts';

export interface ListenAddress {
  /** '' is every address of the machine. */
  readonly host: string;
  readonly port: number;
}

/** A folder of the node in every step of every stage. */
export interface HostVolume {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** `:3000`, `127.0.0.1:3000`, `[::1]:3000` or just `3000`. */
export const listenAddress: ValueType<ListenAddress> = {
  name: 'address',
  code: 'config-address',
  secret: false,
  parse: (text) => {
    const match = /^(?:([^:[\]\s]*):|\[([0-9a-fA-F:.]+)\]:)?(\d{1,5})$/.exec(text);
    const port = Number(match?.[3] ?? Number.NaN);
    if (match !== null && port <= 65_535)
      return { value: { host: match[1] ?? match[2] ?? '', port } };
    const wrong = `is "${text}", not an address to listen on`;
    return { wrong, fix: 'write :3000, or 127.0.0.1:3000' };
  },
};

/** A host name, with a port or a path if need be, and without a scheme. */
export const hostAddress: ValueType<string> = {
  name: 'host',
  code: 'config-host',
  secret: false,
  parse: (text) => {
    const scheme = /^(https?):\/\/(.*)$/i.exec(text);
    const rest = (scheme?.[2] ?? text).replace(/\/+$/, '');
    const address = parseUrl(`http://${rest}`);
    if (address === undefined || /[@?#]/.test(rest)) {
      // What stands before an @ may be a password.
      return { wrong: 'is not the name of a host', fix: 'write it as drone.example.com' };
    }
    if (scheme === null) return { value: rest };
    const proto = String(scheme[1]).toLowerCase();
    return {
      wrong: `begins with ${proto}://`,
      fix: `write DRONE_RPC_HOST=${rest} and DRONE_RPC_PROTO=${proto}`,
    };
  },
};

/** An http or https address. Never shown: it may have a password in it. */
export const url: ValueType<string> = {
  name: 'URL',
  code: 'config-url',
  secret: true,
  parse: (value) => absolute(value, ['http:', 'https:'], 'https://host.example.com'),
};

/** The address of a proxy, where the scheme may be left out: `proxy:3128`. */
export const proxyUrl: ValueType<string> = {
  ...url,
  parse: (value) =>
    absolute(
      value.includes('://') ? value : `http://${value}`,
      ['http:', 'https:', 'socks5:'],
      'http://proxy.example.com:3128',
    ),
};

function absolute(value: string, protocols: readonly string[], example: string): Parsed<string> {
  const protocol = parseUrl(value)?.protocol;
  if (protocol !== undefined && protocols.includes(protocol)) return { value };
  const schemes = protocols.map((name) => `${name}//`).join(' or ');
  const wrong = `is not a complete address that begins with ${schemes}`;
  return { wrong, fix: `write it as ${example}` };
}

function parseUrl(value: string): URL | undefined {
  return URL.canParse(value) && !/\s/.test(value) ? new URL(value) : undefined;
}

/** `docker.io=https://mirror.example.com`: the address of each registry that is asked elsewhere. */
export const mirrors: ValueType<ReadonlyMap<string, string>> = {
  name: 'map',
  code: 'config-mirrors',
  // An address may have a password in it.
  secret: true,
  parse: (text) => {
    const found = new Map<string, string>();
    for (const entry of text.split(',')) {
      const [, registry = '', address = ''] = /^([^=/\s]+)=(\S+)$/.exec(entry.trim()) ?? [];
      const to = parseUrl(address);
      const isWeb = to?.protocol === 'https:' || to?.protocol === 'http:';
      if (!isWeb || to.username !== '' || to.password !== '' || `${to.search}${to.hash}` !== '') {
        return {
          wrong: 'has an entry that does not name a registry and an address of it',
          fix: 'write docker.io=https://mirror.example.com, without user and password',
        };
      }
      found.set(registry, address);
    }
    return { value: found };
  },
};

/** Entries of the form `/folder/of/the/node:/folder/of/the/step`, with `:ro` behind for read-only. */
export const volumes: ValueType<readonly HostVolume[]> = {
  name: 'map',
  code: 'config-volumes',
  secret: false,
  parse: (text) => {
    const found: HostVolume[] = [];
    for (const entry of text.split(',')) {
      const [source = '', target = '', mode] = entry.trim().split(':');
      const known = mode === undefined || mode === 'ro' || mode === 'rw';
      if (!isAbsolute(source) || !isAbsolute(target) || !known || entry.split(':').length > 3) {
        return {
          wrong: `has the entry "${entry}", which does not name two folders`,
          fix: 'write /folder/of/the/node:/folder/of/the/step, with :ro behind it for read-only',
        };
      }
      found.push({ source, target, readOnly: mode === 'ro' });
    }
    return { value: found };
  },
};
