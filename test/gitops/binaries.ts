/** The controllers of Flux, built from their Go modules. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { at, parseJson } from '../cluster/json.ts';
import { contentKey } from '../cluster/keys.ts';
import { phase, type Tell } from '../cluster/progress.ts';

/** A Go module, pinned to its content. */
interface Module {
  /** `path@version`. */
  readonly name: string;
  readonly sum: string;
}

interface Source extends Module {
  /** Modules that take the place of others, by the folder of the source that they are put into. */
  readonly inside: Readonly<Record<string, Module>>;
}

export type ControllerName = 'source-controller' | 'kustomize-controller';

const SOURCES: Readonly<Record<ControllerName, Source>> = {
  'source-controller': {
    name: 'github.com/fluxcd/source-controller@v1.9.6',
    sum: 'h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=',
    inside: {
      api: {
        name: 'github.com/fluxcd/source-controller/api@v1.9.6',
        sum: 'h1:h9+CsJVw4CNbMEsnEb11SGEhLfKzVTkWC0w7M8VX4Hk=',
      },
      // It asks for v0.18.3, which not every module proxy gives out.
      artifact: {
        name: 'github.com/fluxcd/pkg/artifact@v0.18.1',
        sum: 'h1:YSaEWpEKgtcvUCBx9R71VknpPUzss7hWuvzdG0wjxr8=',
      },
    },
  },
  'kustomize-controller': {
    name: 'github.com/fluxcd/kustomize-controller@v1.9.6',
    sum: 'h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=',
    inside: {
      api: {
        name: 'github.com/fluxcd/kustomize-controller/api@v1.9.6',
        sum: 'h1:7XiuW+l3YYXWeIwLJ8w34zHlJyMUEKosBIxLIki9J3I=',
      },
    },
  },
};

export const CONTROLLERS = ['source-controller', 'kustomize-controller'] as const;

const ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
// What its go.sum lacks because of the modules put inside, Go asks its checksum database for.
const BUILD = ['build', '-mod=mod', '-trimpath', '-ldflags=-s -w'];

/** The folders of the built controllers: the program under its own name, and its types in `crds`. */
export type Controllers = Readonly<Record<ControllerName, string>>;

/**
 * Builds what the cache has not, a few minutes each. Go continues an interrupted build. Nobody else may
 * do so at the same time.
 * @param cache a folder for them alone
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function buildControllers(cache: string, tell: Tell): Promise<Controllers> {
  const folder = (name: ControllerName): string => {
    const { sum, inside } = SOURCES[name];
    const sums = Object.values(inside).map((module) => module.sum);
    return join(cache, `${name}-${contentKey([sum, ...sums, ...BUILD])}`);
  };
  for (const name of CONTROLLERS) {
    const target = folder(name);
    if (existsSync(target)) continue;
    tell(`building ${name} of Flux from source: minutes, once`);
    await phase(tell, `${name} binary`, () => build(name, target));
  }
  return {
    'source-controller': folder('source-controller'),
    'kustomize-controller': folder('kustomize-controller'),
  };
}

async function build(name: ControllerName, target: string): Promise<void> {
  const making = `${target}.new`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  const source = join(making, 'source');
  const { inside, ...own } = SOURCES[name];
  try {
    await copy(own, source);
    for (const [folder, module] of Object.entries(inside)) {
      await copy(module, join(source, folder));
      const replacement = `-replace=${module.name.replace(/@.*/, '')}=./${folder}`;
      await run('go', ['mod', 'edit', replacement], { directory: source });
    }
    await run('go', [...BUILD, '-o', join(making, name), '.'], {
      directory: source,
      environment: ENVIRONMENT,
    });
    renameSync(join(source, 'config/crd/bases'), join(making, 'crds'));
    rmSync(source, { recursive: true });
    renameSync(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

async function copy({ name, sum }: Module, to: string): Promise<void> {
  const download = ['mod', 'download', '-json', name];
  const options = { directory: '/', environment: ENVIRONMENT };
  const found = parseJson(await run('go', download, options));
  if (at(found, 'Sum') !== sum) {
    throw new ClusterError('OTHER_MODULE', `${name} is not what it was: its sum is not ${sum}`);
  }
  // Go keeps modules unwritable.
  const plain = ['--recursive', '--no-preserve=mode', '--no-target-directory'];
  await run('cp', [...plain, String(at(found, 'Dir')), to]);
}
