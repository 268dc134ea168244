/** Where the working tree is in every container. */
import { posix } from 'node:path';

export const DEFAULT_WORKSPACE = '/drone/src';

/**
 * The workspace of a pipeline: `workspace.path` as an absolute path without `.`, `..` and trailing
 * slashes; a relative one starts at `/`. A path that would cover folders of the system in every
 * container becomes the default, without an error, as in drone-runner-kube.
 */
export function workspacePath(path: string): string {
  if (path === '') return DEFAULT_WORKSPACE;
  const absolute = posix.resolve('/', path);
  return isRestrictedPath(absolute) ? DEFAULT_WORKSPACE : absolute;
}

const RESTRICTED: ReadonlySet<string> = new Set(['/', '/etc', '/var']);

const RESTRICTED_WITH_ALL_BELOW = [
  '/etc/docker',
  '/var/run',
  '/proc',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/bin',
  '/bin',
  '/mnt',
  '/mount',
  '/media',
  '/sys',
  '/dev',
];

/** Upper and lower case are the same here: a file system may see it so, too. */
function isRestrictedPath(absolute: string): boolean {
  const path = absolute.toLowerCase();
  return (
    RESTRICTED.has(path) ||
    RESTRICTED_WITH_ALL_BELOW.some((folder) => path === folder || path.startsWith(`${folder}/`))
  );
}
