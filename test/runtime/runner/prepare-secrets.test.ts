import { describe, expect, test } from '@jest/globals';
import { ExtensionError } from '../../../runtime/drone/extensions.ts';
import type { ServerSecret } from '../../../runtime/drone/rpc.ts';
import {
  findSecrets,
  lookUpSecret,
  type SecretSources,
} from '../../../runtime/runner/prepare-secrets.ts';
import type { SecretDocument } from '../../../runtime/pipeline/load.ts';
import { pipelineOf, stepOf } from '../support.ts';
import { encrypt, KEY } from './prepare-helpers.ts';

const stored = (data: string, pull_request = false, name = 'token'): ServerSecret => ({
  name,
  data,
  pull_request,
});
const encrypted = (data: string, name = 'token'): SecretDocument => ({
  kind: 'secret',
  name,
  data,
  get: undefined,
});
const external = (name = 'token'): SecretDocument => ({
  kind: 'secret',
  name,
  data: '',
  get: { path: 'secret/ci', name: 'key' },
});

const PUSH = { event: 'push', source_repo: '' };
const PULL_REQUEST = { event: 'pull_request', source_repo: '' };
const FORK = { event: 'pull_request', source_repo: 'stranger/hello' };

const sourcesOf = (sources: Partial<SecretSources>): SecretSources => ({
  server: [],
  documents: [],
  key: KEY,
  runner: new Map(),
  build: PUSH,
  repo: { private: false },
  ...sources,
});

const RUNNER = new Map([['token', 'runner']]);
const GET = { get: { path: 'secret/ci', name: 'key' } };
const lacks = (why: RegExp): object => ({
  lack: expect.objectContaining({ why: expect.stringMatching(why) }),
});
const WITHHELD = lacks(/pull requests/);
const UNDEFINED = lacks(/not defined/);

interface Case {
  readonly title: string;
  readonly sources: Partial<SecretSources>;
  readonly expected: object;
}

const CASES: readonly Case[] = [
  {
    title: 'the server is first',
    sources: {
      server: [stored('server')],
      documents: [encrypted(encrypt('file')), external()],
      runner: RUNNER,
    },
    expected: { value: 'server' },
  },
  {
    title: 'then what stands encrypted in the file',
    sources: { documents: [external(), encrypted(encrypt('file'))], runner: RUNNER },
    expected: { value: 'file' },
  },
  {
    title: 'then the runner',
    sources: { documents: [external()], runner: RUNNER },
    expected: { value: 'runner' },
  },
  { title: 'then the plug-in', sources: { documents: [external()] }, expected: GET },
  {
    title: 'nobody',
    sources: { server: [stored('x', true, 'other')], documents: [external('another')] },
    expected: UNDEFINED,
  },
  {
    title: 'capitals do not count',
    sources: { server: [stored('server', false, 'TOKEN')] },
    expected: { value: 'server' },
  },
  {
    title: 'of the repository before those of the organisation',
    sources: { server: [stored('repository'), stored('organisation')] },
    expected: { value: 'repository' },
  },
  {
    title: 'what is empty is not there',
    sources: {
      server: [stored('')],
      documents: [encrypted(encrypt(''))],
      runner: new Map([['token', '']]),
    },
    expected: UNDEFINED,
  },
  {
    title: 'what cannot be decrypted ends the search',
    sources: { documents: [encrypted(encrypt('x', 'o'.repeat(32)))], runner: RUNNER },
    expected: lacks(/decrypted/),
  },
  {
    title: 'what is no ciphertext at all, too',
    sources: { documents: [encrypted('plain text')], runner: RUNNER },
    expected: lacks(/decrypted/),
  },
  {
    title: 'pull request: not what the server keeps from it',
    sources: { server: [stored('server')], build: PULL_REQUEST },
    expected: WITHHELD,
  },
  {
    title: 'pull request: what the server lets it have',
    sources: { server: [stored('repository'), stored('organisation', true)], build: PULL_REQUEST },
    expected: { value: 'organisation' },
  },
  {
    title: 'pull request: what the file has, if it is not from another repository',
    sources: { documents: [encrypted(encrypt('file'))], build: PULL_REQUEST },
    expected: { value: 'file' },
  },
  {
    title: 'pull request from another repository: not what the file has',
    sources: { documents: [encrypted(encrypt('file'))], build: FORK },
    expected: WITHHELD,
  },
  {
    title: 'pull request from another repository of a private one: what the file has',
    sources: {
      documents: [encrypted(encrypt('file'))],
      build: FORK,
      repo: { private: true },
    },
    expected: { value: 'file' },
  },
  {
    title: 'pull request: nothing of the runner',
    sources: { runner: RUNNER, build: PULL_REQUEST },
    expected: WITHHELD,
  },
  {
    title: 'pull request: the plug-in decides, whatever others keep from it',
    sources: { server: [stored('server')], documents: [external()], build: PULL_REQUEST },
    expected: GET,
  },
];

test.each(CASES)('$title', ({ sources, expected }) => {
  expect(lookUpSecret('token', sourcesOf(sources))).toEqual(expected);
});

describe('all secrets of a pipeline', () => {
  const pipeline = pipelineOf({
    imagePullSecrets: ['Registry'],
    steps: [
      stepOf({
        environment: new Map([
          ['A', { fromSecret: 'Token' }],
          ['B', { fromSecret: 'token' }],
        ]),
        settings: new Map([['c', { fromSecret: 'nowhere' }]]),
      }),
    ],
  });
  const documents = [external('token'), external('registry')];

  test('the plug-in is asked once for each, and others are told', async () => {
    const asked: unknown[] = [];
    const found = await findSecrets(
      pipeline,
      sourcesOf({ documents, server: [stored('{}', false, 'registry')] }),
      async (get) => {
        asked.push(get);
        return stored('abc', false, 'key');
      },
    );
    expect(asked).toEqual([{ path: 'secret/ci', name: 'key' }]);
    expect(Object.fromEntries(found.values)).toEqual({ token: 'abc', registry: '{}' });
    expect(found.warnings).toEqual([
      'secret "nowhere" is not defined and counts as empty; add it to the secrets of the repository, or correct its name',
    ]);
  });

  test.each<
    [string, SecretSources['build'], (() => Promise<ServerSecret | undefined>) | undefined, RegExp]
  >([
    ['there is none', PUSH, undefined, /no plug-in.*DRONE_SECRET_PLUGIN_ENDPOINT/],
    ['it has no such secret', PUSH, async () => undefined, /not known to the secret plug-in/],
    ['it has an empty one', PUSH, async () => stored(''), /not known to the secret plug-in/],
    ['it is not for pull requests', PULL_REQUEST, async () => stored('abc'), /pull requests/],
    [
      'it fails',
      PUSH,
      async () => {
        throw new ExtensionError('extension-unavailable', 'the plug-in does not answer');
      },
      /could not be fetched and counts as empty; the plug-in does not answer/,
    ],
  ])('the plug-in has no value: %s', async (_, build, ask, expected) => {
    const found = await findSecrets(pipeline, sourcesOf({ documents, build }), ask);
    expect(found.values.size).toBe(0);
    expect(found.warnings[0]).toMatch(/^secret "token" /);
    expect(found.warnings[0]).toMatch(expected);
    expect(JSON.stringify(found.warnings)).not.toContain('abc');
  });

  test('a pull request gets what the plug-in lets it have', async () => {
    const found = await findSecrets(
      pipeline,
      sourcesOf({ documents, build: PULL_REQUEST }),
      async () => stored('abc', true),
    );
    expect(found.values.get('token')).toBe('abc');
  });

  test('an interruption is none of its answers', async () => {
    const ask = async (): Promise<never> => {
      throw new DOMException('stopped', 'AbortError');
    };
    await expect(findSecrets(pipeline, sourcesOf({ documents }), ask)).rejects.toThrow('stopped');
  });
});
