/** The servers of Argo CD, and what they need beside them, built from their Go modules. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildModule, modulePath, type GoModule } from '../../cluster/go-module.ts';
import { phase, type Tell } from '../../cluster/progress.ts';
import { buildSource, type Source } from '../source.ts';

const VERSION = { version: 'v3.6.1', toolchain: 'go1.27.0' };

export const ARGOCD: Source = {
  ...VERSION,
  name: 'argocd',
  module: 'github.com/argoproj/argo-cd/v3',
  sum: 'h1:OmhqeKiR3C//awbFrhQqFdtRI+Qiv17j8vqm3UkMj/g=',
  inside: {
    // A folder of its own source, which is no part of its module.
    'gitops-engine': {
      ...VERSION,
      module: 'github.com/argoproj/argo-cd/gitops-engine/v3',
      sum: 'h1:e9NghanU6O6PrxHq4+PaYxd6Rpe0kC48C2Opkpgx/LQ=',
    },
  },
  // Here, because its go.sum has the Redis of its tests.
  own: { redis: join(import.meta.dirname, 'redis') },
  programs: { argocd: './cmd', redis: './redis' },
  // It looks at the signature of every commit, and then at whether it has to.
  scripts: ['hack/git-verify-wrapper.sh'],
  types: 'manifests/crds',
};

/** The image of Argo CD has v5.8.3, which needs a module that not every module proxy gives out. */
const KUSTOMIZE: GoModule = {
  name: 'kustomize',
  module: 'sigs.k8s.io/kustomize/kustomize/v5',
  version: 'v5.8.2',
  sum: 'h1:sSNeWwgkdSMGCIavtY63JQMgBJkGv3IwOltWVZy+LFQ=',
  packages: ['.'],
  flags: [],
};

export interface Programs {
  /** The folder of `argocd`, `redis`, and the types in `crds`. */
  readonly servers: string;
  /** The folder of `kustomize`. */
  readonly kustomize: string;
}

/**
 * @param cache a folder for them alone
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function buildPrograms(cache: string, tell: Tell): Promise<Programs> {
  const servers = await buildSource(cache, ARGOCD, tell);
  const kustomize = modulePath(cache, KUSTOMIZE);
  if (!existsSync(kustomize)) {
    await phase(tell, 'kustomize built', () => buildModule(cache, KUSTOMIZE));
  }
  return { servers, kustomize };
}
