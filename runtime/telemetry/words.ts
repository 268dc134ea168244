/** What happened, in words: times, and why a build exists. Pure. */
import type { StageEntry } from './history.ts';

/** `0.7 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function spellDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, 'min', 's');
  if (whole < 86_400) return pair(Math.floor(whole / 60), 60, 'h', 'min');
  return pair(Math.floor(whole / 3600), 24, 'd', 'h');
}

function pair(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Why the build exists; the message of the commit is apart. */
export function describeBuild(build: StageEntry['build']): string {
  const author = build.author || 'somebody';
  const branch = build.target || build.source || build.ref;
  const commit = build.after.slice(0, 8);
  switch (build.event) {
    case 'push':
      return `${author} pushed ${commit} to ${branch}`;
    case 'pull_request': {
      const number = /^refs\/(?:pull|pull-requests|merge-requests)\/(\d+)\//.exec(build.ref)?.[1];
      const what = number === undefined ? 'a pull request' : `pull request #${number}`;
      const verb = build.action === 'opened' ? 'opened' : 'updated';
      return `${author} ${verb} ${what} from ${build.source} into ${build.target}`;
    }
    case 'tag':
      return `${author} pushed tag ${build.ref.replace(/^refs\/tags\//, '')}`;
    case 'promote':
      return `${author} promoted ${commit} to ${build.deploy_to}`;
    case 'rollback':
      return `${author} rolled ${build.deploy_to} back to ${commit}`;
    case 'cron':
      return `the cron job ${build.cron} built ${branch}`;
    default:
      return `${author} built ${branch} (${build.event})`;
  }
}

/** The title of a pull request or the first line of the commit's message. */
export const headline = (build: StageEntry['build']): string =>
  build.title || (build.message.split('\n', 1)[0] ?? '');
