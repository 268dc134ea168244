/** The rules of NetworkPolicies, from the openings of the settings. Pure. */
import { k8s } from 'cdk8s-plus-27';
import { contains, exceptions, parseCidr } from '../environments/cidr.ts';
import type { Deployment } from '../environments/defaults.ts';
import type { OpenAddresses, Opening } from '../environments/settings-network.ts';

type Network = Deployment['network'];
type Rule = k8s.NetworkPolicyEgressRule;

/** Closed for all: link-local addresses, and where clouds answer with the credentials of the node. */
export const CLOSED: readonly string[] = [
  '169.254.0.0/16',
  '100.100.100.200/32',
  '168.63.129.16/32',
  'fe80::/10',
  'fd00:ec2::254/128',
];

/** Addresses of clusters and offices: nothing there is "the internet". */
const PRIVATE: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
];

const PUBLIC: readonly string[] = ['0.0.0.0/0', '2000::/3'];

/** What no stage can reach; through this opening, where one is given. */
export const closedForBuilds = ({ apiServer }: Network, opening?: Opening): readonly string[] => [
  ...CLOSED,
  ...apiServer.filter((own) => !isBeside(own, opening)).map(({ cidr }) => cidr),
];

/**
 * Other ports at the address of the API server: where one node is the whole cluster, the Git server
 * has no other address. A wider network is no word about that address.
 */
function isBeside(apiServer: OpenAddresses, opening: Opening | undefined): boolean {
  if (opening === undefined || !('cidr' in opening)) return false;
  const [outer, inner] = [parseCidr(apiServer.cidr), parseCidr(opening.cidr)];
  if (outer === undefined || inner === undefined || !contains(outer, inner)) return false;
  const [own, ports] = [apiServer.ports, opening.ports];
  return own !== undefined && ports !== undefined && ports.every((port) => !own.includes(port));
}

/** What a stage may open connections to. */
export function buildEgress(network: Network): readonly Rule[] {
  const { git, registries, drone, builds } = network;
  return [
    ...dns(network),
    ...[...git, ...registries, ...drone, ...builds].flatMap((opening) =>
      opened([opening], closedForBuilds(network, opening)),
    ),
    ...(network.internet ? internet([...PRIVATE, ...closedForBuilds(network)], undefined) : []),
  ];
}

/** The same for the runner. It asks registries for the entrypoints of images. */
export const runnerEgress = (network: Network): readonly Rule[] => [
  ...dns(network),
  ...opened(
    [...network.apiServer, ...network.drone, ...network.registries, ...network.runner],
    CLOSED,
  ),
  ...(network.internet ? internet([...PRIVATE, ...CLOSED], [443]) : []),
];

/** And for the reaper. */
export const reaperEgress = ({
  network,
  reaper: { pushgateway },
}: Pick<Deployment, 'network' | 'reaper'>): readonly Rule[] => [
  ...dns(network),
  ...opened([...network.apiServer, ...network.drone], CLOSED),
  ...(pushgateway === undefined ? [] : opened([pushgateway.opening], CLOSED)),
];

const dns = (network: Network): readonly Rule[] =>
  network.dns.map((opening) => ({
    to: [peer(opening, CLOSED)],
    ports: (opening.ports ?? [53]).flatMap((port) => [tcp(port, 'UDP'), tcp(port, 'TCP')]),
  }));

const opened = (openings: readonly Opening[], closed: readonly string[]): readonly Rule[] =>
  openings.map((opening) => rule([peer(opening, closed)], opening.ports));

const internet = (
  closed: readonly string[],
  ports: readonly number[] | undefined,
): readonly Rule[] => [
  rule(
    PUBLIC.map((cidr) => addresses({ cidr }, closed)),
    ports,
  ),
];

const rule = (to: k8s.NetworkPolicyPeer[], ports: readonly number[] | undefined): Rule => ({
  to,
  ...(ports === undefined ? {} : { ports: ports.map((port) => tcp(port, 'TCP')) }),
});

const tcp = (port: number, protocol: 'TCP' | 'UDP'): k8s.NetworkPolicyPort => ({
  port: k8s.IntOrString.fromNumber(port),
  protocol,
});

const peer = (opening: Opening, closed: readonly string[]): k8s.NetworkPolicyPeer =>
  'cidr' in opening
    ? addresses(opening, closed)
    : {
        namespaceSelector: inNamespace(opening.namespace),
        ...(opening.labels === undefined ? {} : { podSelector: { matchLabels: opening.labels } }),
      };

function addresses({ cidr }: OpenAddresses, closed: readonly string[]): k8s.NetworkPolicyPeer {
  const except = exceptions(cidr, closed) ?? [cidr];
  return { ipBlock: { cidr, ...(except.length > 0 ? { except: [...except] } : {}) } };
}

/** Kubernetes itself puts this label on each namespace. */
export const inNamespace = (namespace: string): k8s.LabelSelector => ({
  matchLabels: { 'kubernetes.io/metadata.name': namespace },
});
