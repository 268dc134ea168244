import { describe, expect, test } from '@jest/globals';
import { Peers } from '../../../runtime/runner/peers.ts';

const lease = (name: string, renewed: string, podUid = '') => ({
  name,
  renewed,
  durationMs: 15_000,
  podUid,
});

/** Seen at 0 by a replica that watches since 0. */
function watching(...leases: ReturnType<typeof lease>[]): Peers {
  const peers = new Peers('own', 'pod-1');
  for (const each of leases) peers.seen(each, 0);
  peers.live(0);
  return peers;
}

describe('a replica is dead', () => {
  test('when its Lease did not change for its whole duration', () => {
    const peers = watching(lease('other', 'a'));
    expect(peers.isDead('other', 15_000)).toBe(false);
    expect(peers.isDead('other', 15_001)).toBe(true);
    expect(peers.dead(15_001)).toEqual(['other']);
  });

  test('at once when it ran in the own Pod, where only one process runs at a time', () => {
    expect(watching(lease('other', 'a', 'pod-1')).isDead('other', 1)).toBe(true);
  });
});

describe('a replica is not dead', () => {
  test('while it renews, whatever time it writes', () => {
    const peers = watching(lease('other', '2030-01-01'));
    peers.seen(lease('other', '1999-01-01'), 14_000);
    expect(peers.isDead('other', 20_000)).toBe(false);
  });

  test('when the same Lease is told again, which renews nothing', () => {
    const peers = watching(lease('other', 'a'));
    peers.seen(lease('other', 'a'), 14_000);
    expect(peers.isDead('other', 16_000)).toBe(true);
  });

  test('while nobody can see whether it renews, and for a whole duration after that', () => {
    const peers = watching(lease('other', 'a'));
    peers.cutOff();
    expect(peers.isDead('other', 60_000)).toBe(false);
    peers.live(61_000);
    expect(peers.isDead('other', 70_000)).toBe(false);
    expect(peers.isDead('other', 76_001)).toBe(true);
  });

  test('when it is this one', () => {
    expect(watching(lease('own', 'a', 'pod-1')).isDead('own', 99_000)).toBe(false);
  });
});

test('nobody knows of a Lease that was never seen, or is gone: it may be very new', () => {
  const peers = watching(lease('other', 'a'));
  peers.gone('other', 0);
  expect([peers.isDead('other', 1), peers.isDead('unheard', 1)]).toEqual([undefined, undefined]);
  expect(peers.dead(99_000)).toEqual([]);
});

describe('somebody has to look for stages that nobody has', () => {
  test('once at the beginning, as soon as all Leases are known', () => {
    const peers = new Peers('own', '');
    expect(peers.isLookDue(0)).toBe(false);
    peers.live(0);
    expect(peers.isLookDue(0)).toBe(true);
    peers.looked(0);
    expect(peers.isLookDue(0)).toBe(false);
  });

  test('when a replica ended in good order and took its Lease with it', () => {
    const peers = watching(lease('other', 'a'));
    peers.looked(0);
    peers.gone('other', 1);
    expect(peers.isLookDue(1)).toBe(true);
    peers.looked(1);
    expect(peers.isLookDue(2)).toBe(false);
    // Once more, for what it was just about to write.
    expect(peers.isLookDue(3_001)).toBe(true);
    peers.looked(3_001);
    expect(peers.isLookDue(99_000)).toBe(false);
  });

  test('for as long as there is a Lease that has run out', () => {
    const peers = watching(lease('other', 'a'));
    peers.looked(0);
    expect(peers.isLookDue(15_000)).toBe(false);
    expect(peers.isLookDue(15_001)).toBe(true);
    peers.looked(15_001);
    expect(peers.isLookDue(15_002)).toBe(true);
  });
});
