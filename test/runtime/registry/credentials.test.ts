import { describe, expect, test } from '@jest/globals';
import { credentialsFor } from '../../../runtime/registry/credentials.ts';

const basic = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

const CONFIG = JSON.stringify({
  auths: {
    'index.docker.io': basic('hub:one'),
    'ghcr.io': { username: 'cat', password: 'two' },
    'ghcr.io/octocat': basic('octo:th:ree'),
    '*.example.com': basic('wild:four'),
    'empty.io': {},
    'empty.io/team': { auth: 7 },
    'token.io': { identitytoken: 'secret' },
  },
});

describe('credentials for an image', () => {
  test.each([
    ['index.docker.io/library/golang', 'hub', 'one'],
    ['ghcr.io/others/x', 'cat', 'two'],
    ['ghcr.io/octocat/x', 'octo', 'th:ree'],
    ['ghcr.io/octocatfish/x', 'cat', 'two'],
    ['a.example.com/x', 'wild', 'four'],
  ])('%s', (name, username, password) => {
    expect(credentialsFor(CONFIG, name)).toEqual({ username, password });
  });

  test.each(['quay.io/x', 'a.b.example.com/x', 'empty.io/team/x', 'token.io/x', 'ghcr.io:443/x'])(
    'none for %s',
    (name) => expect(credentialsFor(CONFIG, name)).toBeUndefined(),
  );

  test.each([undefined, '', 'no JSON', '[]', '{"auths":[]}', '{"auths":{"a.io":1}}'])(
    'none in %j',
    (config) => expect(credentialsFor(config, 'a.io/x')).toBeUndefined(),
  );
});
