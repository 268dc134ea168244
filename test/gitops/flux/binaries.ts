/** The controllers of Flux, built from their Go modules. */
import type { Tell } from '../../cluster/progress.ts';
import { buildSource, type Source } from '../source.ts';

export const CONTROLLERS = ['source-controller', 'kustomize-controller'] as const;

export type ControllerName = (typeof CONTROLLERS)[number];

const VERSION = 'v1.9.6';

const module = (path: string, version: string, sum: string) => ({
  module: `github.com/fluxcd/${path}`,
  version,
  sum,
});

const controller = (
  name: ControllerName,
  sum: string,
  api: string,
  inside: Source['inside'] = {},
): Source => ({
  ...module(name, VERSION, sum),
  name,
  inside: { api: module(`${name}/api`, VERSION, api), ...inside },
  own: {},
  programs: { [name]: '.' },
  scripts: [],
  types: 'config/crd/bases',
});

export const FLUX: Readonly<Record<ControllerName, Source>> = {
  'source-controller': controller(
    'source-controller',
    'h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=',
    'h1:h9+CsJVw4CNbMEsnEb11SGEhLfKzVTkWC0w7M8VX4Hk=',
    {
      // It asks for v0.18.3, which not every module proxy gives out.
      artifact: module(
        'pkg/artifact',
        'v0.18.1',
        'h1:YSaEWpEKgtcvUCBx9R71VknpPUzss7hWuvzdG0wjxr8=',
      ),
    },
  ),
  'kustomize-controller': controller(
    'kustomize-controller',
    'h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=',
    'h1:7XiuW+l3YYXWeIwLJ8w34zHlJyMUEKosBIxLIki9J3I=',
  ),
};

/** The folders of the built controllers: the program under its own name, and its types in `crds`. */
export type Controllers = Readonly<Record<ControllerName, string>>;

/**
 * @param cache a folder for them alone
 * @throws ClusterError COMMAND_FAILED, OTHER_MODULE
 */
export async function buildControllers(cache: string, tell: Tell): Promise<Controllers> {
  const built = async (name: ControllerName) => buildSource(cache, FLUX[name], tell);
  return {
    'source-controller': await built('source-controller'),
    'kustomize-controller': await built('kustomize-controller'),
  };
}
