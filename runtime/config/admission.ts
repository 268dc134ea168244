/** Whether the runner works for a build at all: DRONE_LIMIT_REPOS, _EVENTS and _TRUSTED. Pure. */
import { matchesGlob } from '../pipeline/glob.ts';
import type { Refusal } from './refusal.ts';
import type { DaemonConfig } from './types.ts';

export interface Candidate {
  /** `owner/name` of the repository. */
  readonly slug: string;
  readonly trusted: boolean;
  readonly event: string;
}

/** undefined where the runner takes the build. */
export function refuseBuild(
  { events, repos, trusted }: DaemonConfig['limits'],
  build: Candidate,
): Refusal | undefined {
  if (trusted && !build.trusted) {
    return {
      code: 'admission-trusted',
      message: `this runner works for trusted repositories only, and ${build.slug} is not trusted`,
      fix: 'let an administrator of Drone trust the repository, or use another runner (DRONE_LIMIT_TRUSTED)',
    };
  }
  if (!allows(repos, build.slug)) {
    return {
      code: 'admission-repo',
      message: `this runner does not work for the repository ${build.slug}`,
      fix: 'let its operator add the repository to DRONE_LIMIT_REPOS, or use another runner',
    };
  }
  if (!allows(events, build.event)) {
    return {
      code: 'admission-event',
      message: `this runner does not work for builds of the event ${build.event}`,
      fix: 'let its operator add the event to DRONE_LIMIT_EVENTS, or use another runner',
    };
  }
  return undefined;
}

const allows = (patterns: readonly string[], text: string): boolean =>
  patterns.length === 0 || patterns.some((pattern) => matchesGlob(simple(pattern), text));

/**
 * The globs of these variables are simpler than those of conditions, and a limit must not let in
 * more than it does in drone-runner-kube: braces are letters, and `**` is no more than `*`.
 */
const simple = (pattern: string): string =>
  pattern
    .split('/')
    .map((part) => (part === '**' ? '*' : part))
    .join('/')
    .replaceAll(/\\[^]|\{/g, (found) => (found === '{' ? '\\{' : found));
