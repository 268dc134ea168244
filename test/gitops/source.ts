/** Programs whose Go module needs something put into it before it can be built. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { run } from '../cluster/commands.ts';
import { download, goEnvironment, type PinnedModule } from '../cluster/go-module.ts';
import { contentKey } from '../cluster/keys.ts';
import { phase, type Tell } from '../cluster/progress.ts';

export interface Source extends PinnedModule {
  /** What it is called, in the cache as well. */
  readonly name: string;
  /** Modules that take the place of others, by the folder of the source that they are put into. */
  readonly inside: Readonly<Record<string, PinnedModule>>;
  /** Folders of our own, by the same. */
  readonly own: Readonly<Record<string, string>>;
  /** The package of each program. */
  readonly programs: Readonly<Record<string, string>>;
  /** Files that they call, beside them. */
  readonly scripts: readonly string[];
  /** The folder with the types that they bring to a cluster. */
  readonly types: string;
}

// What its go.sum lacks because of what is put inside, Go asks its checksum database for.
const BUILD = ['build', '-mod=mod', '-trimpath', '-ldflags=-s -w'];

/**
 * Builds them unless the cache has them, minutes. Go continues an interrupted build. Nobody else may do
 * so at the same time.
 * @param cache a folder for them alone
 * @returns the folder of the programs, with the types in `crds`
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function buildSource(cache: string, source: Source, tell: Tell): Promise<string> {
  const { name, sum, inside, own, programs, scripts } = source;
  const sums = Object.values(inside).map((module) => module.sum);
  const texts = Object.values(own).flatMap((folder) =>
    readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')),
  );
  const wanted = [...Object.entries(programs).flat(), ...scripts];
  const target = join(
    cache,
    `${name}-${contentKey([sum, ...sums, ...BUILD, ...texts, ...wanted])}`,
  );
  if (!existsSync(target)) {
    tell(`building ${name} from source: minutes, once`);
    await phase(tell, `${name} built`, () => build(source, target));
  }
  return target;
}

async function build(source: Source, target: string): Promise<void> {
  const making = `${target}.new`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const directory = join(making, 'source');
  const go = { directory, environment: goEnvironment(source) };
  try {
    await copy(source, directory);
    for (const [folder, module] of Object.entries(source.inside)) {
      await copy(module, join(directory, folder));
      await run('go', ['mod', 'edit', `-replace=${module.module}=./${folder}`], go);
    }
    for (const [folder, from] of Object.entries(source.own)) {
      cpSync(from, join(directory, folder), { recursive: true });
    }
    for (const [program, folder] of Object.entries(source.programs)) {
      await run('go', [...BUILD, '-o', join(making, program), folder], go);
    }
    for (const script of source.scripts) {
      const copied = join(making, basename(script));
      renameSync(join(directory, script), copied);
      chmodSync(copied, 0o755);
    }
    const types = join(making, 'crds');
    renameSync(join(directory, source.types), types);
    // It would be taken for an object.
    rmSync(join(types, 'kustomization.yaml'), { force: true });
    rmSync(directory, { recursive: true });
    renameSync(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Go keeps modules unwritable. */
async function copy(module: PinnedModule, to: string): Promise<void> {
  const plain = ['--recursive', '--no-preserve=mode', '--no-target-directory'];
  await run('cp', [...plain, await download(module), to]);
}
