import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isInstalled, run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { contentKey } from '../cluster/keys.ts';
import { phase, type Tell } from '../cluster/progress.ts';
import type { StackLayout } from './settings.ts';

/** A server that is built from its Go module. */
interface Source {
  /** The folder here that pins the module, and the name of the program. */
  readonly name: 'drone-server' | 'gitea';
  readonly module: string;
  readonly main: string;
  /** Arguments of `go build`. */
  build(version: string): readonly string[];
  /** Folders of the module that the program reads at run time. */
  readonly data: readonly string[];
  readonly minutes: string;
}

const DRONE: Source = {
  name: 'drone-server',
  module: 'github.com/drone/drone',
  main: 'github.com/drone/drone/cmd/drone-server',
  // Without `nolimit` the server stops after a number of builds.
  build: () => ['-trimpath', '-tags', 'nolimit', '-ldflags', '-s -w'],
  data: [],
  minutes: '2',
};

const TAGS_OF_GITEA = ['-trimpath', '-tags', 'sqlite sqlite_unlock_notify'];

const GITEA: Source = {
  name: 'gitea',
  module: 'code.gitea.io/gitea',
  main: 'code.gitea.io/gitea',
  // Clients ask for the version and behave accordingly.
  build: (version) => [TAGS_OF_GITEA, ['-ldflags', `-s -w -X main.Version=${version}`]].flat(),
  data: ['templates', 'options', 'public'],
  minutes: '3 to 6',
};

const SQLITE_NEEDS_C = { CGO_ENABLED: '1', GOFLAGS: '', GOWORK: 'off' };

const sourceFolder = (name: string) => join(import.meta.dirname, name);

/** The arguments for the version, without its `v`, that the go.mod here requires. */
function buildArguments(source: Source): readonly string[] {
  const text = readFileSync(join(sourceFolder(source.name), 'go.mod'), 'utf8');
  const line = text.split('\n').find((each) => each.includes(`${source.module} v`)) ?? '';
  return ['build', ...source.build(/ v(\S+)/.exec(line)?.[1] ?? 'unknown')];
}

/** Folders with the built servers, `drone-server` and `gitea` in them, built or not. */
export interface Programs {
  readonly drone: string;
  readonly gitea: string;
}

/** Where the servers for the present sources and flags belong in the cache. */
export function programs(cache: string): Programs {
  return { drone: folder(cache, DRONE), gitea: folder(cache, GITEA) };
}

function folder(cache: string, source: Source): string {
  const pins = ['go.mod', 'go.sum'].map((file) =>
    readFileSync(join(sourceFolder(source.name), file), 'utf8'),
  );
  return join(
    cache,
    `${source.name}-${contentKey([...pins, source.main, ...buildArguments(source)])}`,
  );
}

/**
 * Builds what the cache has not, one after the other. Go continues an interrupted build.
 * @throws ClusterError NO_COMPILER, COMMAND_FAILED
 */
export async function buildPrograms(layout: StackLayout, tell: Tell): Promise<Programs> {
  for (const source of [DRONE, GITEA]) {
    const target = folder(layout.cache, source);
    if (!existsSync(target)) {
      await needTools();
      removeInterrupted(layout.cache);
      tell(`building ${source.name} from source: ${source.minutes} minutes, once`);
      await phase(tell, `${source.name} binary`, () => build(source, target));
    }
  }
  return programs(layout.cache);
}

async function needTools(): Promise<void> {
  for (const tool of ['go', 'gcc', 'git']) {
    if (!(await isInstalled(tool))) {
      throw new ClusterError(
        'NO_COMPILER',
        `\`${tool}\` is not on PATH: the Drone server and Gitea are built from source. Install Go (https://go.dev/dl), gcc with the headers of the C library, and git.`,
      );
    }
  }
}

async function build(source: Source, target: string): Promise<void> {
  const cache = dirname(target);
  mkdirSync(cache, { recursive: true });
  // Another one each time: the Go of a killed run may still be at work.
  const making = mkdtempSync(join(cache, 'making-'));
  const directory = sourceFolder(source.name);
  await run('go', [...buildArguments(source), '-o', join(making, source.name), source.main], {
    directory,
    environment: SQLITE_NEEDS_C,
  });
  if (source.data.length > 0) {
    const list = ['list', '-m', '-f', '{{.Dir}}', source.module];
    const module = (await run('go', list, { directory, environment: SQLITE_NEEDS_C })).trim();
    // Go keeps modules unwritable, and anybody may clean its cache.
    const from = source.data.map((name) => join(module, name));
    await run('cp', ['--recursive', '--no-preserve=mode', ...from, making]);
  }
  renameSync(making, target);
}

/** What a killed run was about to put into the cache. */
function removeInterrupted(cache: string): void {
  for (const entry of existsSync(cache) ? readdirSync(cache) : []) {
    if (entry.startsWith('making-')) {
      rmSync(join(cache, entry), { recursive: true, force: true });
    }
  }
}
