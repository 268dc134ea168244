import { describe, expect, test } from '@jest/globals';
import { endpointOf } from '../../../runtime/registry/endpoint.ts';

const MIRRORS = new Map([
  ['quay.io', 'https://mirror.example.com/v2/quay'],
  ['plain:5000', 'http://plain:5000'],
  ['deep.example.com', 'https://mirror.example.com/proxy/'],
]);

describe('where a registry is asked', () => {
  test.each([
    [
      'golang',
      'https://registry-1.docker.io/v2/',
      'library/golang',
      'latest',
      'index.docker.io/library/golang',
    ],
    [
      'docker.io/plugins/s3:1',
      'https://registry-1.docker.io/v2/',
      'plugins/s3',
      '1',
      'index.docker.io/plugins/s3',
    ],
    ['ghcr.io/a/b:c', 'https://ghcr.io/v2/', 'a/b', 'c', 'ghcr.io/a/b'],
    [
      `ghcr.io/a/b:c@sha256:${'1'.repeat(64)}`,
      'https://ghcr.io/v2/',
      'a/b',
      `sha256:${'1'.repeat(64)}`,
      'ghcr.io/a/b',
    ],
    ['host:5000/a:1', 'https://host:5000/v2/', 'a', '1', 'host:5000/a'],
    ['localhost/a:1', 'https://localhost/v2/', 'a', '1', 'localhost/a'],
    ['plain:5000/a:1', 'http://plain:5000/v2/', 'a', '1', 'plain:5000/a'],
    ['quay.io/a/b:1', 'https://mirror.example.com/v2/quay/', 'a/b', '1', 'mirror.example.com/a/b'],
    [
      'deep.example.com/a:1',
      'https://mirror.example.com/proxy/v2/',
      'a',
      '1',
      'mirror.example.com/a',
    ],
  ])('%s', (image, base, repository, reference, credentials) => {
    const found = endpointOf(image, MIRRORS);
    expect({ ...found, base: found?.base.href }).toEqual({
      base,
      repository,
      reference,
      credentials,
    });
  });

  test.each(['', 'UPPER case', 'a'.repeat(300), 'http://host/a'])('not for %j', (image) => {
    expect(endpointOf(image, MIRRORS)).toBeUndefined();
  });
});
