import { at } from './json.ts';

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * The Service of the API server, and what is behind it: NetworkPolicies may be enforced before or after
 * the Service is resolved.
 * @param get a `kubectl get` in the namespace `default`, parsed
 */
export async function apiServerAddresses(
  get: (...what: readonly string[]) => Promise<unknown>,
): Promise<{ readonly service: Address; readonly own: Address }> {
  const service = await get('service', 'kubernetes');
  const slices = await get('endpointslices', '--selector=kubernetes.io/service-name=kubernetes');
  const slice = at(slices, 'items', '0');
  const address = (host: unknown, port: unknown): Address => ({
    host: String(host),
    port: Number(port),
  });
  return {
    service: address(at(service, 'spec', 'clusterIP'), at(service, 'spec', 'ports', '0', 'port')),
    own: address(at(slice, 'endpoints', '0', 'addresses', '0'), at(slice, 'ports', '0', 'port')),
  };
}

export function addressOf(url: string): Address {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** As NetworkPolicies and the settings of an environment name it. */
export const openingOf = ({ host, port }: Address): { cidr: string; ports: number[] } => ({
  cidr: `${host}/32`,
  ports: [port],
});
