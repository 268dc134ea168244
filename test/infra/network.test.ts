import { describe, expect, test } from '@jest/globals';
import { contains, exceptions, parseCidr } from '../../infra/environments/cidr.ts';
import type { Network } from '../../infra/environments/settings-network.ts';
import { at } from '../cluster/json.ts';
import { environmentOf, object, objects, type Manifest } from './support.ts';

const NETWORK: Network = {
  apiServer: [
    { cidr: '10.96.0.1/32', ports: [443] },
    { cidr: '192.0.2.10/32', ports: [6443] },
  ],
  drone: [{ cidr: '198.51.100.7/32', ports: [443] }],
};

const withNetwork = (network: Partial<Network> = {}): readonly Manifest[] =>
  objects(
    environmentOf({ network: { ...NETWORK, ...network }, trusted: { repos: ['platform/*'] } }),
  );

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Every address block that a policy opens. */
const blocks = (policy: Manifest): readonly unknown[] =>
  list(at(policy, 'spec', 'egress'))
    .flatMap((rule) => list(at(rule, 'to')))
    .map((peer) => at(peer, 'ipBlock'))
    .filter((block) => block !== undefined);

/** Whether the address is open by one of the policy's blocks. */
const isOpen = (policy: Manifest, address: string): boolean => {
  const wanted = parseCidr(address);
  const holds = (text: unknown): boolean => {
    const cidr = parseCidr(String(text));
    return cidr !== undefined && wanted !== undefined && contains(cidr, wanted);
  };
  return blocks(policy).some(
    (block) => holds(at(block, 'cidr')) && !list(at(block, 'except')).some(holds),
  );
};

const BUILDS = ['drone-trusted', 'drone-untrusted'];

test.each(['drone-system', ...BUILDS])('%s is closed in both directions', (namespace) => {
  expect(object(withNetwork(), 'NetworkPolicy', 'default-deny', namespace)['spec']).toEqual({
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
});

describe.each(BUILDS)('a stage in %s', (namespace) => {
  const policy = (network: Partial<Network> = {}): Manifest =>
    object(withNetwork(network), 'NetworkPolicy', 'builds', namespace);

  test.each(['8.8.8.8/32', '2001:db8::1/128', '198.51.100.7/32'])('reaches %s', (address) => {
    expect(isOpen(policy(), address)).toBe(true);
  });

  test.each([
    ['metadata of a cloud', '169.254.169.254/32'],
    ['metadata of a cloud', '100.100.100.200/32'],
    ['metadata of a cloud', '168.63.129.16/32'],
    ['metadata of a cloud', 'fd00:ec2::254/128'],
    ['the Service of the API server', '10.96.0.1/32'],
    ['the API server', '192.0.2.10/32'],
    ['other Pods', '10.244.3.7/32'],
    ['nodes', '172.16.0.9/32'],
  ])('does not reach %s at %s', (_, address) => {
    expect(isOpen(policy(), address)).toBe(false);
  });

  test.each(['169.254.169.254/32', 'fd00:ec2::254/128', '10.96.0.1/32', '192.0.2.10/32'])(
    'does not reach %s though somebody opens a network that it is in',
    (address) => {
      const wide = policy({ builds: [{ cidr: '0.0.0.0/0' }, { cidr: '::/0' }] });
      expect(isOpen(wide, address)).toBe(false);
      expect(isOpen(wide, '10.244.3.7/32')).toBe(true);
    },
  );

  test('reaches other ports at the address of the API server, where they are named', () => {
    const beside = { cidr: '192.0.2.10/32', ports: [3000] };
    const egress = list(at(policy({ git: [beside], internet: false }), 'spec', 'egress'));
    expect(egress).toContainEqual({
      to: [{ ipBlock: { cidr: '192.0.2.10/32' } }],
      ports: [{ port: 3000, protocol: 'TCP' }],
    });
  });

  test('does not reach them by a network that the API server is in', () => {
    const wide = policy({ git: [{ cidr: '192.0.2.0/24', ports: [3000] }], internet: false });
    expect(isOpen(wide, '192.0.2.10/32')).toBe(false);
    expect(isOpen(wide, '192.0.2.11/32')).toBe(true);
  });

  test('reaches nothing but what is named, without the internet', () => {
    const closed = policy({ internet: false, git: [{ cidr: '203.0.113.4/32', ports: [22] }] });
    expect(blocks(closed)).toEqual([{ cidr: '203.0.113.4/32' }, { cidr: '198.51.100.7/32' }]);
    expect(JSON.stringify(at(closed, 'spec', 'egress'))).toContain('k8s-app');
  });

  test('is reached by nobody', () => {
    expect(at(policy(), 'spec', 'ingress')).toBeUndefined();
  });
});

describe('the runner', () => {
  const policy = (network: Partial<Network> = {}): Manifest =>
    object(withNetwork(network), 'NetworkPolicy', 'drone-kube', 'drone-system');

  test('reaches the API server and the Drone server', () => {
    for (const address of ['10.96.0.1/32', '192.0.2.10/32', '198.51.100.7/32']) {
      expect(isOpen(policy({ internet: false }), address)).toBe(true);
    }
    expect(isOpen(policy(), '169.254.169.254/32')).toBe(false);
  });

  test('is read by the namespace of the metrics alone', () => {
    expect(at(policy(), 'spec', 'ingress')).toBeUndefined();
    expect(at(policy({ metricsFrom: 'monitoring' }), 'spec', 'ingress')).toEqual([
      {
        from: [
          { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
        ],
        ports: [{ port: 3000, protocol: 'TCP' }],
      },
    ]);
  });
});

test.each<[string, readonly string[], readonly string[] | undefined]>([
  ['0.0.0.0/0', ['10.0.0.0/8', 'fe80::/10'], ['10.0.0.0/8']],
  ['10.0.0.0/8', ['10.1.2.3/32', '11.0.0.0/8'], ['10.1.2.3/32']],
  ['10.1.2.0/24', ['10.0.0.0/8'], undefined],
  ['10.1.2.0/24', ['10.1.2.0/24'], undefined],
  ['2000::/3', ['2001:db8::1/128'], ['2001:db8::1/128']],
])('of %s without %j is left out', (network, closed, expected) => {
  expect(exceptions(network, closed)).toEqual(expected);
});

test.each(['10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/129', 'host/8', '10.0.0.0/8/8', ''])(
  '"%s" is no network',
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);
