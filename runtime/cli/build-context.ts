/** The build that a run from the command line pretends to be: options first, then git. */
import { execFile } from 'node:child_process';
import { basename, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { BuildContext } from '../drone/types.ts';
import { count, flag, one, time, type Option, type Values } from './options.ts';

export const BUILD_OPTIONS: readonly Option[] = [
  {
    name: 'event',
    value: 'EVENT',
    help: 'push, pull_request, tag, promote, rollback, cron, custom (push)',
  },
  { name: 'branch', value: 'NAME', help: 'target branch (the current one)' },
  { name: 'ref', value: 'REF', help: 'git reference (refs/heads/BRANCH, refs/tags/TAG for --tag)' },
  { name: 'tag', value: 'NAME', help: 'tag; makes the event tag' },
  { name: 'commit', value: 'SHA', help: 'commit (the current one)' },
  {
    name: 'repo',
    value: 'OWNER/NAME',
    help: 'slug of the repository (from the remote, or the folder)',
  },
  { name: 'target', value: 'NAME', help: 'deployment target of promote and rollback' },
  { name: 'cron', value: 'NAME', help: 'name of the cron job' },
  { name: 'action', value: 'NAME', help: 'action of the event, opened for instance' },
  { name: 'build', value: 'NUMBER', help: 'number of the build (1)' },
  { name: 'trusted', help: 'the repository is trusted: host volumes, privileged steps' },
  { name: 'timeout', value: 'TIME', help: 'timeout of the steps, from the first one on (60m)' },
];

/** What git knows of a working tree; empty texts outside of one. */
export interface GitFacts {
  readonly branch: string;
  readonly commit: string;
  readonly before: string;
  readonly message: string;
  readonly authorName: string;
  readonly authorEmail: string;
  readonly remote: string;
}

const run = promisify(execFile);

/** Asks git about the folder. Whatever git cannot tell is empty. */
export async function gitFacts(folder: string): Promise<GitFacts> {
  const git = async (...args: string[]): Promise<string> => {
    try {
      const { stdout } = await run('git', ['-C', folder, ...args], { maxBuffer: 1 << 20 });
      return stdout.trim();
    } catch {
      return '';
    }
  };
  const [branch, log, before, remote] = await Promise.all([
    git('symbolic-ref', '--short', 'HEAD'),
    git('log', '-1', '--format=%H%x00%an%x00%ae%x00%B'),
    git('rev-parse', '--verify', '--quiet', 'HEAD^'),
    git('remote', 'get-url', 'origin'),
  ]);
  const [commit = '', authorName = '', authorEmail = '', message = ''] = log.split('\0');
  return { branch, commit, before, message, authorName, authorEmail, remote };
}

/** Pure. `now` is unix seconds; `folder` gives the repository its name where nothing else does. */
export function buildContext(
  values: Values,
  git: GitFacts,
  folder: string,
  pipeline: string,
  now: number,
): BuildContext {
  const tag = one(values, 'tag');
  const event = one(values, 'event') ?? (tag === undefined ? 'push' : 'tag');
  const branch = one(values, 'branch') ?? (git.branch || 'main');
  const remote = withoutCredentials(git.remote);
  const slug = one(values, 'repo') ?? (slugOf(remote) || `local/${basename(resolve(folder))}`);
  const slash = slug.lastIndexOf('/');
  const commit = one(values, 'commit') ?? git.commit;
  return {
    netrc: undefined,
    system: { proto: 'http', host: 'localhost', link: 'http://localhost', version: '' },
    repo: {
      id: 1,
      namespace: slug.slice(0, Math.max(slash, 0)),
      name: slug.slice(slash + 1),
      slug,
      scm: '',
      git_http_url: remote,
      git_ssh_url: remote,
      link: '',
      default_branch: branch,
      private: false,
      visibility: 'public',
      trusted: flag(values, 'trusted'),
      protected: false,
      timeout: Math.ceil(time(values, 'timeout', 3_600_000) / 60_000),
    },
    build: {
      id: 1,
      number: count(values, 'build', 1),
      parent: 0,
      status: 'running',
      event,
      action: one(values, 'action') ?? '',
      trigger: '@local',
      link: '',
      title: '',
      message: git.message,
      before: git.before,
      after: commit,
      ref: one(values, 'ref') ?? (tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`),
      source_repo: '',
      source: branch,
      target: branch,
      author_login: '',
      author_name: git.authorName,
      author_email: git.authorEmail,
      author_avatar: '',
      sender: '',
      params: {},
      cron: one(values, 'cron') ?? '',
      deploy_to: one(values, 'target') ?? '',
      deploy_id: 0,
      debug: false,
      started: now,
      finished: 0,
      created: now,
      stages: [],
    },
    stage: {
      id: 1,
      number: 1,
      name: pipeline || 'default',
      kind: 'pipeline',
      type: 'kubernetes',
      status: 'running',
      machine: 'local',
      os: 'linux',
      arch: 'amd64',
      variant: '',
      version: 1,
      started: now,
      stopped: 0,
      depends_on: [],
    },
  };
}

/** The address becomes a variable of every step; a token that stands in it must not. */
const withoutCredentials = (remote: string): string =>
  remote.replace(/^(https?:\/\/)[^/]*@/i, '$1');

/** `octocat/hello` out of the address of a remote, or ''. */
function slugOf(remote: string): string {
  const match = /[/:]([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(remote);
  return match === null ? '' : `${match[1]}/${match[2]}`;
}
