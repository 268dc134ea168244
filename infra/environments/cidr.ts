/** Networks, as NetworkPolicies name them. Pure. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export interface Cidr {
  readonly address: string;
  readonly length: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** undefined where it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', digits = '', ...more] = text.split('/');
  if (more.length > 0 || !/^\d{1,3}$/.test(digits)) return undefined;
  const length = Number(digits);
  if (isIPv4(address) && length <= 32) return { address, length, family: 'ipv4' };
  if (isIPv6(address) && length <= 128) return { address, length, family: 'ipv6' };
  return undefined;
}

/** Whether all of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.length, outer.family);
  return list.check(inner.address, inner.family);
}

/**
 * What is to be left out of a network so that nothing of the closed ones is in it; undefined where
 * the network is itself inside of a closed one. In the order of `closed`.
 */
export function exceptions(
  network: string,
  closed: readonly string[],
): readonly string[] | undefined {
  const open = parseCidr(network);
  if (open === undefined) return undefined;
  const parsed = closed.flatMap((text) => {
    const cidr = parseCidr(text);
    return cidr === undefined ? [] : [{ text, cidr }];
  });
  if (parsed.some(({ cidr }) => contains(cidr, open))) return undefined;
  return parsed.filter(({ cidr }) => contains(open, cidr)).map(({ text }) => text);
}
