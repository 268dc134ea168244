import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  BUILD_OPTIONS,
  buildContext,
  gitFacts,
  type GitFacts,
} from '../../../runtime/cli/build-context.ts';
import { parseOptions } from '../../../runtime/cli/options.ts';
import type { BuildContext } from '../../../runtime/drone/types.ts';
import { git, repository, temporaryFolder, write } from './git.ts';

const FACTS: GitFacts = {
  branch: 'feature/x',
  commit: 'abc123',
  before: 'def456',
  message: 'Say hello',
  authorName: 'Octo Cat',
  authorEmail: 'octocat@example.com',
  remote: 'https://git.example.com/octocat/hello.git',
};
const NOTHING: GitFacts = {
  branch: '',
  commit: '',
  before: '',
  message: '',
  authorName: '',
  authorEmail: '',
  remote: '',
};

const contextOf = (args: readonly string[], facts: GitFacts = FACTS, name = ''): BuildContext =>
  buildContext(parseOptions(args, BUILD_OPTIONS).values, facts, '/home/me/project', name, 1000);

describe('the build that a run pretends to be', () => {
  test('a push of what git says', () => {
    const { build, repo, stage, netrc } = contextOf([]);
    expect(build).toMatchObject({
      event: 'push',
      number: 1,
      ref: 'refs/heads/feature/x',
      source: 'feature/x',
      target: 'feature/x',
      after: 'abc123',
      before: 'def456',
      message: 'Say hello',
      author_name: 'Octo Cat',
      author_email: 'octocat@example.com',
      status: 'running',
      started: 1000,
      created: 1000,
    });
    expect(repo).toMatchObject({ slug: 'octocat/hello', trusted: false, timeout: 60 });
    expect([stage.name, netrc]).toEqual(['default', undefined]);
  });

  test('outside of a repository the folder gives the name', () => {
    const { build, repo } = contextOf([], NOTHING);
    expect(repo).toMatchObject({ slug: 'local/project', namespace: 'local', name: 'project' });
    expect(build).toMatchObject({ target: 'main', ref: 'refs/heads/main', after: '' });
  });

  test.each<readonly [readonly string[], Partial<BuildContext['build']>]>([
    [['--branch', 'release'], { target: 'release', source: 'release', ref: 'refs/heads/release' }],
    [['--tag', 'v1.0'], { event: 'tag', ref: 'refs/tags/v1.0', target: 'feature/x' }],
    [['--tag', 'v1.0', '--event', 'promote'], { event: 'promote', ref: 'refs/tags/v1.0' }],
    [['--ref', 'refs/pull/7/head'], { event: 'push', ref: 'refs/pull/7/head' }],
    [
      ['--event', 'pull_request', '--action', 'opened'],
      { event: 'pull_request', action: 'opened', ref: 'refs/heads/feature/x' },
    ],
    [['--event', 'promote', '--target', 'production'], { deploy_to: 'production' }],
    [['--event', 'cron', '--cron', 'nightly'], { event: 'cron', cron: 'nightly' }],
    [['--commit', 'fff', '--build', '42'], { after: 'fff', number: 42 }],
  ])('%j', (args, expected) => {
    expect(contextOf(args).build).toMatchObject(expected);
  });

  test.each<readonly [readonly string[], Partial<BuildContext['repo']>]>([
    [['--repo', 'a/b/c'], { slug: 'a/b/c', namespace: 'a/b', name: 'c' }],
    [['--repo', 'alone'], { slug: 'alone', namespace: '', name: 'alone' }],
    [['--trusted'], { trusted: true }],
    [['--timeout', '90s'], { timeout: 2 }],
    [['--timeout', '2h'], { timeout: 120 }],
  ])('%j', (args, expected) => {
    expect(contextOf(args).repo).toMatchObject(expected);
  });

  test('the stage is named like its pipeline', () => {
    expect(contextOf([], FACTS, 'linux').stage.name).toBe('linux');
  });

  test.each([
    ['https://git.example.com/octocat/hello.git', 'octocat/hello'],
    ['https://git.example.com/octocat/hello/', 'octocat/hello'],
    ['git@git.example.com:octocat/hello.git', 'octocat/hello'],
    ['ssh://git@git.example.com:2222/octocat/hello.git', 'octocat/hello'],
    ['https://git.example.com/group/sub/hello.git', 'sub/hello'],
    ['https://git.example.com/octocat/hello.js', 'octocat/hello.js'],
    ['hello', 'local/project'],
  ])('of the remote %s the slug is %s', (remote, slug) => {
    expect(contextOf([], { ...FACTS, remote }).repo.slug).toBe(slug);
  });

  test.each([
    'https://hunter2@git.example.com/octocat/hello.git',
    'https://me:hunter2@git.example.com/octocat/hello.git',
    'HTTPS://me:hunter2@x@git.example.com/octocat/hello.git',
  ])('credentials of the remote stay here: %s', (remote) => {
    const context = contextOf([], { ...FACTS, remote });
    expect(JSON.stringify(context)).not.toMatch(/hunter2/);
    expect(context.repo.git_http_url.toLowerCase()).toBe(FACTS.remote);
  });
});

describe('what git knows of a folder', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('branch, commits, author and remote, in a folder below as well', async () => {
    repository(folder, { 'below/file': '1' });
    const before = git(folder, 'rev-parse', 'HEAD');
    write(folder, { 'below/file': '2' });
    git(folder, 'commit', '--quiet', '--all', '--message', 'Say it\n\nagain');
    git(folder, 'remote', 'add', 'origin', FACTS.remote);
    expect(await gitFacts(join(folder, 'below'))).toEqual({
      branch: 'main',
      commit: git(folder, 'rev-parse', 'HEAD'),
      before,
      message: 'Say it\n\nagain',
      authorName: 'Octo Cat',
      authorEmail: 'octocat@example.com',
      remote: FACTS.remote,
    });
  });

  test('the first commit has none before it, a checked out commit has no branch', async () => {
    repository(folder, { file: '1' });
    git(folder, 'checkout', '--quiet', '--detach');
    expect(await gitFacts(folder)).toMatchObject({ branch: '', before: '', remote: '' });
  });

  test('a repository without a commit', async () => {
    git(folder, 'init', '--quiet', '--initial-branch', 'trunk');
    expect(await gitFacts(folder)).toEqual({ ...NOTHING, branch: 'trunk' });
  });

  test('nothing outside of a repository', async () => {
    expect(await gitFacts(folder)).toEqual(NOTHING);
  });
});
