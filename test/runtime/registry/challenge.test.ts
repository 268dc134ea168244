import { describe, expect, test } from '@jest/globals';
import { parseChallenge, tokenUrl } from '../../../runtime/registry/challenge.ts';

describe('what a registry wants to see', () => {
  const bearer = (realm: string, service = '', scope = ''): object => ({
    scheme: 'bearer',
    realm,
    service,
    scope,
  });
  test.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
      bearer('https://auth.docker.io/token', 'registry.docker.io', 'repository:a/b:pull'),
    ],
    ['bearer service=x , realm = "https://a/t"', bearer('https://a/t', 'x')],
    ['Bearer realm="https://a/\\"t",realm="https://b"', bearer('https://a/"t')],
    ['Basic realm="x", Bearer realm="https://a/t"', bearer('https://a/t')],
    ['Basic realm="a registry"', { scheme: 'basic' }],
    ['BASIC', { scheme: 'basic' }],
    ['Negotiate', undefined],
    ['', undefined],
  ])('%s', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  test.each([
    ['', 'repository:a/b:pull'],
    ['repository:proxy/a/b:pull,push', 'repository:proxy/a/b:pull'],
    ['registry:catalog:*', 'repository:a/b:pull'],
  ])('asks for a token that may only pull: %s', (scope, asked) => {
    const url = tokenUrl(new URL('https://auth/token?x=1'), { service: 's t', scope }, 'a/b');
    expect(Object.fromEntries(url.searchParams)).toEqual({ x: '1', service: 's t', scope: asked });
  });
});
