/** Programs that are built from their Go modules, at a version that is pinned with its checksum. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';
import { ClusterError } from './errors.ts';
import { at, parseJson } from './json.ts';
import { contentKey } from './keys.ts';

/** A module as it is kept for good: its checksum is pinned. */
export interface PinnedModule {
  readonly module: string;
  readonly version: string;
  /** As in a go.sum; the module's own go.sum has those of what it needs. */
  readonly sum: string;
  /** Version of Go, where it needs a newer one than may be at hand, as in `go1.27.0`. */
  readonly toolchain?: string;
}

export interface GoModule extends PinnedModule {
  /** What the folder in the cache begins with. */
  readonly name: string;
  /** Packages of the programs, such as `./cmd/one`. */
  readonly packages: readonly string[];
  /** Further arguments of `go build`. */
  readonly flags: readonly string[];
}

/** Of every `go` command for it. */
export const goEnvironment = ({ toolchain }: PinnedModule): Readonly<Record<string, string>> => ({
  CGO_ENABLED: '0',
  GOFLAGS: '',
  GOWORK: 'off',
  ...(toolchain === undefined ? {} : { GOTOOLCHAIN: toolchain }),
});

/** The folder with the programs in the cache, built or not. */
export function modulePath(cache: string, go: GoModule): string {
  return join(cache, `${go.name}-${contentKey([go.sum, ...go.packages, ...go.flags])}`);
}

/**
 * Builds the programs unless the cache has them; Go continues an interrupted build. One at a time.
 * @returns the folder with them
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function buildModule(cache: string, go: GoModule): Promise<string> {
  const folder = modulePath(cache, go);
  if (existsSync(folder)) return folder;
  const directory = await download(go);
  // Always the same one: what a killed run has left there is written over.
  const making = `${folder}.new`;
  mkdirSync(making, { recursive: true });
  const output = ['-trimpath', '-ldflags=-s -w', ...go.flags, '-o', making];
  await run('go', ['build', ...output, ...go.packages], {
    directory,
    environment: goEnvironment(go),
  });
  renameSync(making, folder);
  return folder;
}

/**
 * @returns the folder that Go keeps its source in, unwritable
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function download(pinned: PinnedModule): Promise<string> {
  const name = `${pinned.module}@${pinned.version}`;
  const options = { directory: '/', environment: goEnvironment(pinned) };
  const found = parseJson(await run('go', ['mod', 'download', '-json', name], options));
  if (at(found, 'Sum') !== pinned.sum) {
    throw new ClusterError('OTHER_MODULE', `${name} is not what it was: no ${pinned.sum}`);
  }
  return String(at(found, 'Dir'));
}
