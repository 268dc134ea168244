/** Programs that are built from their Go modules, at a version that is pinned with its checksum. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';
import { ClusterError } from './errors.ts';
import { at, parseJson } from './json.ts';
import { contentKey } from './keys.ts';

export interface GoModule {
  /** What the folder in the cache begins with. */
  readonly name: string;
  readonly module: string;
  readonly version: string;
  /** As in a go.sum; the module's own go.sum has those of what it needs. */
  readonly sum: string;
  /** Packages of the programs, such as `./cmd/one`. */
  readonly packages: readonly string[];
  /** Further arguments of `go build`. */
  readonly flags: readonly string[];
}

const ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };

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
  const name = `${go.module}@${go.version}`;
  const download = ['mod', 'download', '-json', name];
  const module = parseJson(await run('go', download, { directory: '/', environment: ENVIRONMENT }));
  if (at(module, 'Sum') !== go.sum) {
    throw new ClusterError('OTHER_MODULE', `${name} is not what it was: no ${go.sum}`);
  }
  // Always the same one: what a killed run has left there is written over.
  const making = `${folder}.new`;
  mkdirSync(making, { recursive: true });
  const output = ['-trimpath', '-ldflags=-s -w', ...go.flags, '-o', making];
  await run('go', ['build', ...output, ...go.packages], {
    directory: String(at(module, 'Dir')),
    environment: ENVIRONMENT,
  });
  renameSync(making, folder);
  return folder;
}
