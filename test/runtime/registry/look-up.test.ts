import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { KnownImages, WantedImages } from '../../../runtime/compile/known-images.ts';
import type { Clock } from '../../../runtime/kube/clock.ts';
import { createLookUp, PATIENCE_MS, type LookUp } from '../../../runtime/registry/look-up.ts';
import { registryDouble, type Auth, type Double } from './double.ts';

interface Setup {
  readonly registry: Double;
  readonly lookUp: LookUp;
  readonly failures: string[];
  readonly end: AbortController;
  /** Moves the clock on and lets everything happen that was to happen until then. */
  readonly pass: (milliseconds: number) => Promise<void>;
}

function setup(auth?: Auth): Setup {
  const registry = registryDouble(auth);
  const failures: string[] = [];
  const end = new AbortController();
  let now = 0;
  let sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: async (milliseconds, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      sleepers.push({ until: now + milliseconds, wake: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      return promise;
    },
  };
  const options = {
    mirrors: new Map<string, string>(),
    fetch: registry.fetch,
    clock,
    onFailure: (image: string, error: unknown) => failures.push(`${image}: ${String(error)}`),
  };
  return {
    registry,
    failures,
    end,
    lookUp: createLookUp(options, end.signal),
    pass: async (milliseconds) => {
      now += milliseconds;
      const due = sleepers.filter(({ until }) => until <= now);
      sleepers = sleepers.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
      for (let i = 0; i < 20; i++) await turn();
    },
  };
}

const wanted = (...images: string[]): WantedImages => ({
  images,
  credentials: undefined,
  platform: { os: 'linux', arch: 'amd64', variant: '' },
});

const names = (found: KnownImages): string[] => [...found.keys()].sort();

describe('looking images up', () => {
  test('asks for all at once, and once only', async () => {
    const { lookUp, registry } = setup();
    registry.put('a:1', { entrypoint: ['/a'] });
    registry.put('b:1', { entrypoint: ['/b'] });
    const both = wanted('r.io/a:1', 'r.io/b:1', 'r.io/none:1', 'not valid');
    const [first, second] = await Promise.all([lookUp(both), lookUp(both)]);
    expect(names(first)).toEqual(['r.io/a:1', 'r.io/b:1']);
    expect(second).toEqual(first);
    const { length } = registry.asked;
    expect(length).toBe(5);
    await lookUp(both);
    expect(registry.asked).toHaveLength(length);
  });

  test('looks again at a tag after a minute, and never at a digest', async () => {
    const { lookUp, registry, pass } = setup();
    const digest = registry.put('a:1', { entrypoint: ['/old'] });
    const both = wanted('r.io/a:1', `r.io/a@${digest}`);
    await lookUp(both);
    registry.put('a:1', { entrypoint: ['/new'] });
    await pass(59_000);
    expect((await lookUp(both)).get('r.io/a:1')?.entrypoint).toEqual(['/old']);
    await pass(1000);
    registry.asked.length = 0;
    const found = await lookUp(both);
    expect(found.get('r.io/a:1')?.entrypoint).toEqual(['/new']);
    expect(found.get(`r.io/a@${digest}`)?.entrypoint).toEqual(['/old']);
    expect(registry.asked.filter((line) => line.endsWith(digest))).toEqual([]);
  });

  test('a stage waits for two seconds, and what comes later is there for the next', async () => {
    const { lookUp, registry, pass } = setup();
    registry.put('a:1', { entrypoint: ['/a'] });
    registry.silent.add('slow.io');
    let found: KnownImages | undefined;
    const looking = lookUp(wanted('slow.io/b:1', 'r.io/a:1')).then((images) => (found = images));
    await pass(PATIENCE_MS - 1);
    expect(found).toBeUndefined();
    await pass(1);
    await looking;
    expect(names(found ?? new Map())).toEqual(['r.io/a:1']);
    // The next stage does not wait for the same thing once more.
    expect(names(await lookUp(wanted('slow.io/b:1')))).toEqual([]);
  });

  test('a registry that does not answer is left alone for a minute', async () => {
    const { lookUp, registry, pass, failures } = setup();
    registry.put('a:1', { entrypoint: ['/a'] });
    registry.silent.add('slow.io');
    registry.away.add('away.io');
    const looking = lookUp(wanted('slow.io/a:1', 'away.io/a:1'));
    await pass(PATIENCE_MS);
    await looking;
    await pass(10_000);
    expect(failures).toHaveLength(2);
    expect(failures.join()).toContain('slow.io did not answer in 10 s');
    registry.silent.clear();
    registry.away.clear();
    registry.asked.length = 0;
    const others = wanted('slow.io/a:1', 'away.io/a:1');
    expect(names(await lookUp(others))).toEqual([]);
    expect(registry.asked).toEqual([]);
    await pass(60_000);
    expect(names(await lookUp(others))).toEqual(['away.io/a:1', 'slow.io/a:1']);
  });

  test('an image that may not be read is left alone for a minute, by this user only', async () => {
    const { lookUp, registry, failures } = setup({ kind: 'basic', user: 'robot:swordfish' });
    registry.put('a:1', { entrypoint: ['/a'] });
    const image = wanted('r.io/a:1');
    const auth = Buffer.from('robot:swordfish').toString('base64');
    const known = { ...image, credentials: JSON.stringify({ auths: { 'r.io': { auth } } }) };
    expect(names(await lookUp(image))).toEqual([]);
    expect(names(await lookUp(known))).toEqual(['r.io/a:1']);
    expect(names(await lookUp(image))).toEqual([]);
    expect(failures).toEqual([
      'r.io/a:1: RegistryError: r.io/a:1 may not be read without credentials',
    ]);
  });

  test('an image that runs a whole book is not kept', async () => {
    const { lookUp, registry } = setup();
    registry.put('a:1', { entrypoint: ['x'.repeat(20_000)] });
    expect(names(await lookUp(wanted('r.io/a:1')))).toEqual([]);
  });

  test('the end of the runner ends it', async () => {
    const { lookUp, registry, end, failures } = setup();
    registry.silent.add('slow.io');
    const looking = lookUp(wanted('slow.io/a:1'));
    end.abort();
    expect(names(await looking)).toEqual([]);
    expect(names(await lookUp(wanted('r.io/a:1')))).toEqual([]);
    expect(failures).toEqual([]);
  });
});
