/** What tests ask of the stack: repositories, pushes, builds, as a person has them by both web pages. */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../cluster/errors.ts';
import { jsonClient } from './json-client.ts';
import type { Stack } from './state.ts';

/** A step as Drone's API shows it. Times are unix seconds, absent before they come. */
export interface ApiStep {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly errignore?: boolean;
  readonly exit_code: number;
  readonly started?: number;
  readonly stopped?: number;
  readonly version: number;
}

/** A stage, which is a pipeline of a build. `steps` is absent until a runner has told them. */
export interface ApiStage {
  readonly id: number;
  readonly build_id: number;
  readonly number: number;
  readonly name: string;
  readonly status: string;
  readonly error?: string;
  readonly exit_code: number;
  /** The runner that has accepted it; absent before. */
  readonly machine?: string;
  readonly started: number;
  readonly stopped: number;
  readonly version: number;
  readonly steps?: readonly ApiStep[];
}

export interface ApiBuild {
  readonly id: number;
  readonly number: number;
  readonly status: string;
  readonly error?: string;
  readonly event: string;
  /** The commit. */
  readonly after: string;
  readonly ref: string;
  readonly started: number;
  /** 0 while it is not over. */
  readonly finished: number;
  readonly stages: readonly ApiStage[];
}

export interface ApiLine {
  readonly pos: number;
  readonly out: string;
  readonly time: number;
}

/** Settings of a repository; those left out stay as they are. */
export interface RepoSettings {
  readonly trusted?: boolean;
  /** Builds of a pipeline file without a valid signature wait for an approval. */
  readonly protected?: boolean;
  /** Minutes, of each stage. */
  readonly timeout?: number;
  /** How many stages may run at a time; 0 for any number. */
  readonly throttle?: number;
}

export interface Repository {
  /** `owner/name`. */
  readonly slug: string;
  /** Over HTTP; a private repository wants credentials. */
  readonly cloneUrl: string;
}

/**
 * Both servers as the user of the stack. Every call rejects with a ClusterError API_REFUSED when a
 * server refuses it.
 */
export interface StackApi {
  /**
   * At Gitea, with a first commit on `main`, and active at Drone; there is no build yet. One of
   * this name that is there already is taken as it is.
   */
  createRepo(name: string, options?: { readonly private?: boolean }): Promise<Repository>;
  /** Gone at both servers, with its builds. */
  deleteRepo(slug: string): Promise<void>;
  /**
   * One commit that writes files (path to text).
   * @param branch `main`; another one begins at `main` if it is not there
   * @returns the commit; its build comes a moment later
   */
  push(
    slug: string,
    files: Readonly<Record<string, string>>,
    message: string,
    branch?: string,
  ): Promise<string>;
  /** A build of the event `custom` of the newest commit of `main`, without a push. */
  createBuild(slug: string, params?: Readonly<Record<string, string>>): Promise<ApiBuild>;
  /** The same build once more, with a new number. */
  restart(slug: string, number: number, options?: { readonly debug?: boolean }): Promise<ApiBuild>;
  build(slug: string, number: number): Promise<ApiBuild>;
  /**
   * Asks every 100 ms until the build is as wanted.
   * @param which its number, or the commit whose newest build it is
   * @throws ClusterError NOT_READY after `limitMs`, with the last that was seen of it
   */
  waitForBuild(
    slug: string,
    which: number | string,
    wanted: (build: ApiBuild) => boolean,
    limitMs: number,
  ): Promise<ApiBuild>;
  /** The stored log of a finished step; undefined when there is none. */
  logs(
    slug: string,
    number: number,
    stage: number,
    step: number,
  ): Promise<readonly ApiLine[] | undefined>;
  cancel(slug: string, number: number): Promise<void>;
  setSecret(slug: string, name: string, value: string, pullRequests?: boolean): Promise<void>;
  setRepo(slug: string, settings: RepoSettings): Promise<void>;
  /** All stages of all repositories that are pending or running. */
  queue(): Promise<readonly ApiStage[]>;
}

/** The most that Drone lists at a time. */
const PAGE = 100;

/** @param stack from `readStack()` */
export function stackApi(stack: Stack): StackApi {
  const drone = jsonClient(`${stack.drone}/api`, `Bearer ${stack.droneToken}`);
  const gitea = jsonClient(`${stack.gitea}/api/v1`, `token ${stack.giteaToken}`);

  const build = async (slug: string, number: number): Promise<ApiBuild> =>
    asBuild(await drone.call('GET', `/repos/${slug}/builds/${number}`));

  /** Without their stages, the newest first; pages count from 1. */
  const builds = async (slug: string, page: number): Promise<readonly ApiBuild[]> => {
    const path = `/repos/${slug}/builds?per_page=${PAGE}&page=${page}`;
    const found: readonly ApiBuild[] = JSON.parse(await drone.call('GET', path));
    return found;
  };

  /** The newest build of a commit; its webhook may still be on its way. */
  const numberOf = async (slug: string, commit: string): Promise<number | undefined> =>
    (await builds(slug, 1)).find((each) => each.after === commit)?.number;

  return {
    createRepo: async (name, options = {}) => {
      const slug = `${stack.user}/${name}`;
      if ((await gitea.ask('GET', `/repos/${slug}`)).status === 404) {
        await gitea.call('POST', '/user/repos', {
          name,
          private: options.private === true,
          auto_init: true,
          default_branch: 'main',
        });
      }
      await untilSynced(slug);
      await drone.call('POST', `/repos/${slug}`);
      return { slug, cloneUrl: `${stack.gitea}/${slug}.git` };
    },
    deleteRepo: async (slug) => {
      // Drone forgets the builds and still offers their stages to runners.
      for (let page = 1; ; page += 1) {
        const found = await builds(slug, page);
        for (const { number, finished } of found) {
          if (finished === 0) await drone.call('DELETE', `/repos/${slug}/builds/${number}`);
        }
        if (found.length < PAGE) break;
      }
      await drone.call('DELETE', `/repos/${slug}?remove=true`);
      await gitea.call('DELETE', `/repos/${slug}`);
    },
    push: async (slug, files, message, branch = 'main') => {
      const known = await gitea.ask('GET', `/repos/${slug}/branches/${encodeURIComponent(branch)}`);
      const text = await gitea.call('POST', `/repos/${slug}/contents`, {
        message,
        ...(known.status === 404 ? { branch: 'main', new_branch: branch } : { branch }),
        files: Object.entries(files).map(([path, content]) => ({
          operation: 'upload',
          path,
          content: Buffer.from(content).toString('base64'),
        })),
      });
      const pushed: { readonly commit: { readonly sha: string } } = JSON.parse(text);
      return pushed.commit.sha;
    },
    createBuild: async (slug, params = {}) => {
      const query = new URLSearchParams(params).toString();
      const created = asBuild(await drone.call('POST', `/repos/${slug}/builds?${query}`));
      return build(slug, created.number);
    },
    restart: async (slug, number, { debug = false } = {}) => {
      const path = `/repos/${slug}/builds/${number}?debug=${debug}`;
      const created = asBuild(await drone.call('POST', path));
      return build(slug, created.number);
    },
    build,
    waitForBuild: async (slug, which, wanted, limitMs) => {
      const end = performance.now() + limitMs;
      let seen: ApiBuild | undefined;
      while (performance.now() < end) {
        const number = typeof which === 'number' ? which : await numberOf(slug, which);
        if (number !== undefined) {
          seen = await build(slug, number);
          if (wanted(seen)) return seen;
        }
        await delay(100);
      }
      const last = seen === undefined ? 'there is no such build' : JSON.stringify(seen);
      throw new ClusterError(
        'NOT_READY',
        `build ${which} of ${slug} is not as wanted after ${limitMs} ms: ${last}`,
      );
    },
    logs: async (slug, number, stage, step) => {
      const path = `/repos/${slug}/builds/${number}/logs/${stage}/${step}`;
      const { status, text } = await drone.ask('GET', path);
      if (status !== 200) return undefined;
      const lines: readonly ApiLine[] = JSON.parse(text);
      return lines;
    },
    cancel: async (slug, number) => {
      await drone.call('DELETE', `/repos/${slug}/builds/${number}`);
    },
    setSecret: async (slug, name, value, pullRequests = false) => {
      const secret = { name, data: value, pull_request: pullRequests };
      // Whether there is one of this name or not.
      await drone.ask('DELETE', `/repos/${slug}/secrets/${name}`);
      await drone.call('POST', `/repos/${slug}/secrets`, secret);
    },
    setRepo: async (slug, settings) => {
      await drone.call('PATCH', `/repos/${slug}`, settings);
    },
    queue: async () => {
      const stages: readonly ApiStage[] | null = JSON.parse(await drone.call('GET', '/queue'));
      return stages ?? [];
    },
  };

  /** Drone learns of new repositories by a look at all of them; two looks at a time collide. */
  async function untilSynced(slug: string): Promise<void> {
    for (let tries = 0; tries < 10; tries += 1) {
      await drone.ask('POST', '/user/repos');
      if ((await drone.ask('GET', `/repos/${slug}`)).status === 200) return;
      await delay(100);
    }
    throw new ClusterError('NOT_READY', `Drone does not see ${slug} at Gitea`);
  }
}

/** A build that could not be started at all comes without stages. */
function asBuild(text: string): ApiBuild {
  const found: Omit<ApiBuild, 'stages'> & Partial<ApiBuild> = JSON.parse(text);
  return { ...found, stages: found.stages ?? [] };
}
