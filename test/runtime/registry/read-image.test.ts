import { describe, expect, test } from '@jest/globals';
import type { KnownImage } from '../../../runtime/compile/known-images.ts';
import type { Credentials } from '../../../runtime/registry/credentials.ts';
import { endpointOf } from '../../../runtime/registry/endpoint.ts';
import { RegistryError } from '../../../runtime/registry/errors.ts';
import { digestOf } from '../../../runtime/registry/manifest.ts';
import { readImage } from '../../../runtime/registry/read-image.ts';
import { basic, registryDouble, type Double } from './double.ts';

const LINUX = { os: 'linux', arch: 'amd64', variant: '' };
const ROBOT: Credentials = { username: 'robot', password: 'swordfish' };
const HUB = { kind: 'token', realm: 'https://auth.docker.io/token' } as const;
const REGISTRY = 'registry-1.docker.io';

const read = async (
  { fetch }: Double,
  image: string,
  credentials?: Credentials,
  before?: KnownImage,
  platform = LINUX,
): Promise<KnownImage> => {
  const endpoint = endpointOf(
    image,
    new Map([
      ['plain', 'http://plain'],
      ['plain:1', 'http://plain:1'],
    ]),
  );
  if (endpoint === undefined) throw new Error('not an image');
  return readImage({ endpoint, platform, credentials }, fetch, AbortSignal.timeout(5000), before);
};

const codeOf = async (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'read',
    (error: unknown) => {
      const text = String(error);
      expect(text).not.toContain('swordfish');
      expect(text).not.toContain(basic('robot:swordfish').slice(6));
      return error instanceof RegistryError ? error.code : text;
    },
  );

describe('what an image runs', () => {
  test('is in its config, and the digest is the one of the tag', async () => {
    const registry = registryDouble();
    const digest = registry.put('a/b:1', { entrypoint: ['/x', '-y'], command: ['z'] });
    const image = { digest, entrypoint: ['/x', '-y'], command: ['z'] };
    expect(await read(registry, 'r.io/a/b:1')).toEqual(image);
    expect(await read(registry, `r.io/a/b@${digest}`)).toEqual(image);
  });

  test('of an index it is the image of the platform, and the digest the one of the index', async () => {
    const registry = registryDouble();
    const digest = registry.put('a:1', { entrypoint: ['/x'], platforms: ['linux/arm64'] });
    const arm = { ...LINUX, arch: 'arm64' };
    expect(await read(registry, 'r.io/a:1', undefined, undefined, arm)).toMatchObject({ digest });
    expect(await codeOf(read(registry, 'r.io/a:1'))).toBe('registry-platform');
  });

  test('is not asked for again while the tag stands for the same', async () => {
    const registry = registryDouble(HUB);
    registry.put('a/b:1', { entrypoint: ['/x'] });
    const first = await read(registry, 'a/b:1');
    registry.asked.length = 0;
    expect(await read(registry, 'a/b:1', undefined, first)).toBe(first);
    expect(
      registry.asked.filter((line) => line.startsWith('GET') && line.includes('/v2/')),
    ).toEqual([]);
    const digest = registry.put('a/b:1', { entrypoint: ['/y'] });
    const second = { digest, entrypoint: ['/y'], command: [] };
    expect(await read(registry, 'a/b:1', undefined, first)).toEqual(second);
  });

  test.each([
    ['a manifest of another digest', 'registry-answer', 'manifests'],
    ['a config of another digest', 'registry-answer', 'blobs'],
  ])('%s is refused', async (_, code, kind) => {
    const registry = registryDouble();
    const digest = registry.put('a:1', { entrypoint: ['/x'] });
    const config = digestOf(Buffer.from('{"os":"linux","config":{"Entrypoint":["/x"]}}'));
    registry.forge(
      `/v2/a/${kind}/${kind === 'blobs' ? config : digest}`,
      '{"config":{"Entrypoint":["/evil"]}}',
    );
    expect(await codeOf(read(registry, `r.io/a@${digest}`))).toBe(code);
  });

  test('an image that is not there', async () => {
    expect(await codeOf(read(registryDouble(), 'r.io/a:1'))).toBe('registry-missing');
  });

  test('an answer that is none of a registry', async () => {
    const registry = registryDouble();
    registry.forge('/v2/a/manifests/1', '<html>log in</html>');
    expect(await codeOf(read(registry, 'r.io/a:1'))).toBe('registry-answer');
  });
});

describe('who may read it', () => {
  test('everybody, with a token of Docker Hub for nobody', async () => {
    const registry = registryDouble(HUB);
    registry.put('plugins/s3:1', { entrypoint: ['/s3'] });
    expect(await read(registry, 'plugins/s3:1')).toMatchObject({ entrypoint: ['/s3'] });
    expect(registry.asked[1]).toBe('GET auth.docker.io /token');
    expect(registry.shown.get('auth.docker.io')).toBeUndefined();
  });

  test('a user, with a token of Docker Hub; the password goes to the giver of tokens only', async () => {
    const registry = registryDouble({ ...HUB, user: 'robot:swordfish' });
    registry.put('me/private:1', { command: ['/x'] });
    expect(await read(registry, 'me/private:1', ROBOT)).toMatchObject({ command: ['/x'] });
    expect([...(registry.shown.get('auth.docker.io') ?? [])]).toEqual([basic('robot:swordfish')]);
    expect([...(registry.shown.get(REGISTRY) ?? [])]).toEqual([
      'Bearer token-for-repository:me/private:pull',
    ]);
  });

  test('a user, with a password; it is shown only once it is asked for', async () => {
    const registry = registryDouble({ kind: 'basic', user: 'robot:swordfish' });
    registry.put('a:1', { entrypoint: ['/x'] });
    expect(await read(registry, 'r.io/a:1', ROBOT)).toMatchObject({ entrypoint: ['/x'] });
    const open = registryDouble();
    open.put('a:1', { entrypoint: ['/x'] });
    await read(open, 'r.io/a:1', ROBOT);
    expect(open.shown.size).toBe(0);
  });

  test.each([
    ['nobody without a password', { kind: 'basic', user: 'robot:other' } as const, undefined],
    ['nobody with another password', { kind: 'basic', user: 'robot:other' } as const, ROBOT],
    ['nobody without a token', { ...HUB, user: 'robot:other' }, undefined],
    ['nobody with another token', { ...HUB, user: 'robot:other' }, ROBOT],
  ])('%s', async (_, auth, credentials) => {
    const registry = registryDouble(auth);
    registry.put('a:1', { entrypoint: ['/x'] });
    expect(await codeOf(read(registry, 'docker.io/library/a:1', credentials))).toBe(
      'registry-denied',
    );
  });

  test('no password goes to an address without HTTPS, unless the registry has none either', async () => {
    const registry = registryDouble({
      kind: 'token',
      realm: 'http://169.254.169.254/token',
      user: 'robot:swordfish',
    });
    registry.put('a:1', { entrypoint: ['/x'] });
    expect(await codeOf(read(registry, 'r.io/a:1', ROBOT))).toBe('registry-redirect');
    expect(registry.asked.some((line) => line.includes('169.254'))).toBe(false);
    expect(await codeOf(read(registry, 'plain:1/a:1', ROBOT))).toBe('read');
  });
});
