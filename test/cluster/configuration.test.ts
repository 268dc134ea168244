import { describe, expect, test } from '@jest/globals';
import { components } from './components.ts';
import { nameservers } from './configuration.ts';

describe('nameservers', () => {
  test.each([
    ['one server', 'nameserver 192.0.2.1\n', ['192.0.2.1']],
    [
      'several, among other lines',
      '# a comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver  192.0.2.2 \n',
      ['192.0.2.1', '192.0.2.2'],
    ],
    ['a loopback, which a Pod cannot reach', 'nameserver 127.0.0.53\n', ['10.244.0.1']],
    ['IPv6, which Pods do not have', 'nameserver 2001:db8::1\n', ['10.244.0.1']],
    ['nothing', '', ['10.244.0.1']],
  ])('with %s', (_, resolvConf, expected) => {
    expect(nameservers(resolvConf)).toEqual(expected);
  });
});

describe('components', () => {
  const all = components('/state', 'nameserver 192.0.2.1\n');

  test('can be started in some order', () => {
    const started = new Set<string>();
    for (let round = 0; round < all.length; round++) {
      all
        .filter((each) => each.after.every((name) => started.has(name)))
        .forEach((each) => started.add(each.name));
    }
    expect(started.size).toBe(all.length);
  });

  test('keep all they write inside the state folder', () => {
    for (const path of all.flatMap((each) => Object.keys(each.files))) {
      expect(path).toMatch(/^\/state\//);
    }
  });

  test('listen nowhere but on the loopback or the bridge', () => {
    const text = JSON.stringify(all);
    const addresses = text.match(/\b\d+\.\d+\.\d+\.\d+(?=:\d)/g) ?? [];
    expect([...new Set(addresses)].sort()).toEqual(['10.244.0.1', '127.0.0.1']);
  });
});
