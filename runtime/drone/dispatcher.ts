/** How to get to a host: through which proxy, and whom to trust on the way. */
import { BlockList, isIP } from 'node:net';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { DaemonConfig } from '../config/types.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Tls {
  /** Takes any certificate. */
  readonly skipVerify: boolean;
  /** Authorities in PEM; those of Node where there are none. */
  readonly ca?: string;
}

/** The proxies that the configuration names, in the way of Go programs. */
export const proxyEnvironment = ({ http, https, none }: DaemonConfig['proxy']): Environment => ({
  HTTP_PROXY: http,
  HTTPS_PROXY: https,
  NO_PROXY: none,
});

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connections to one server. Nothing but connecting is limited in time: the caller does that.
 *
 * @param connections at most so many at once; without a limit where it is null.
 */
export function createDispatcher(
  url: URL,
  tls: Tls,
  environment: Environment,
  connections: number | null,
): Dispatcher {
  const trust = {
    rejectUnauthorized: !tls.skipVerify,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
  };
  const connect = { ...trust, timeout: CONNECT_TIMEOUT_MS, keepAlive: true };
  const options = { connections, headersTimeout: 0, bodyTimeout: 0, allowH2: false };
  const uri = proxyFor(url, environment);
  if (uri === undefined) return new Agent({ ...options, connect });
  return new ProxyAgent({
    ...options,
    uri,
    requestTls: connect,
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
}

/**
 * The proxy for an address, as Go programs choose it: HTTPS_PROXY or HTTP_PROXY by its scheme,
 * except for this machine and for what NO_PROXY lists (names with all below them, `.name` for only
 * those below, addresses, networks such as `10.0.0.0/8`, each with a port or without, `*`).
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const either = (name: string): string =>
    environment[name] || environment[name.toLowerCase()] || '';
  const proxy = either(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '') return undefined;
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isInNetwork(host, '127.0.0.0/8') || host === '::1') return undefined;
  const entries = either('NO_PROXY').split(',');
  if (entries.some((entry) => isExempt(entry.trim().toLowerCase(), host, port))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExempt(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(host, entry);
  const match = /^(?<name>\[.*\]|[^:]*|.*:.*:.*?)(?::(?<port>\d+))?$/.exec(entry);
  if (match?.groups?.['port'] !== undefined && match.groups['port'] !== port) return false;
  const name = bare(match?.groups?.['name'] ?? entry).replace(/^\*(?=\.)/, '');
  if (isIP(name) !== 0) return host === name;
  return name.startsWith('.') ? host.endsWith(name) : host === name || host.endsWith(`.${name}`);
}

function isInNetwork(host: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const family = isIP(base);
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (length > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(base, length, type);
  return list.check(host, type);
}

/** In lower case, without the brackets of an IPv6 address and the dot at the end of a full name. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/(?<=.)\.$/, '');
