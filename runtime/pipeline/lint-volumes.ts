/** Rules about volumes and where they are mounted. */
import { error, warning, type ErrorCode } from './codes.ts';
import { quoted } from './decode-report.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { Pipeline, Step, Volume, VolumeMount, VolumeSource } from './model.ts';
import { nearest } from './nearest.ts';
import { workspacePath } from './workspace.ts';

/** Volumes of drone-runner-kube itself. */
const RESERVED_MOUNTS: ReadonlySet<string> = new Set([
  'workspace',
  '_workspace',
  '_docker_socket',
  '_status',
]);
const RESERVED_VOLUMES: ReadonlySet<string> = new Set([...RESERVED_MOUNTS, '_addons']);

/** Where steps find the files of the runner. */
const RUN_DIRECTORY = '/run/drone';

export function lintMounts(step: Step, pipeline: Pipeline): readonly Diagnostic[] {
  const declared = new Set(pipeline.volumes.map(({ name }) => name));
  return [
    ...step.volumes.flatMap((mount) => lintMount(step, mount, declared)),
    ...lintMountPaths(step, pipeline),
  ];
}

/** The API server takes one mount a path, to the letter: `/a` and `/a/` are two. */
function lintMountPaths(step: Step, pipeline: Pipeline): readonly Diagnostic[] {
  const mounted = new Set(
    pipeline.volumes.flatMap(({ name, source }) => (source === undefined ? [] : [name])),
  );
  const workspace = workspacePath(pipeline.workspacePath);
  const paths = new Set<string>();
  return step.volumes.flatMap(({ name, path, position }) => {
    if (!mounted.has(name)) return [];
    if (path === workspace) {
      const message = `step \`${step.name}\` mounts a volume at ${path}, where the workspace is`;
      const fix = 'mount it at a folder below, or set `workspace.path` of the pipeline';
      return [error('mount-workspace', position, message, fix)];
    }
    if (paths.has(path)) {
      const message = `step \`${step.name}\` mounts two volumes at ${quoted(path)}`;
      return [error('mount-duplicate', position, message, 'mount one of them somewhere else')];
    }
    paths.add(path);
    return [];
  });
}

function lintMount(
  step: Step,
  mount: VolumeMount,
  declared: ReadonlySet<string>,
): readonly Diagnostic[] {
  const { name, path, position } = mount;
  const diagnostics: Diagnostic[] = [];
  if (RESERVED_MOUNTS.has(name)) {
    const message = `step \`${step.name}\` mounts \`${name}\`, a volume of the runner`;
    const fix = 'remove it; the workspace is mounted in every step';
    diagnostics.push(error('mount-name', position, message, fix));
  } else if (!declared.has(name)) {
    const near = nearest(name, declared);
    const message = `step \`${step.name}\` mounts \`${name}\`, which the pipeline does not declare; the mount is left out`;
    const fix =
      near === undefined
        ? `declare \`${name}\` under \`volumes\` of the pipeline`
        : `did you mean \`${near}\`?`;
    diagnostics.push(warning('mount-unknown', position, message, fix));
  }
  if (isBelow(path, RUN_DIRECTORY)) {
    const message = `step \`${step.name}\` mounts a volume at ${RUN_DIRECTORY}, where the runner keeps its own files`;
    diagnostics.push(error('mount-path', position, message, 'mount it somewhere else'));
  }
  return diagnostics;
}

function isBelow(path: string, directory: string): boolean {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}/`.startsWith(`${directory}/`);
}

const UNTRUSTED: Readonly<
  Record<VolumeSource['kind'], { readonly code: ErrorCode; readonly what: string }>
> = {
  temp: { code: 'volume-memory', what: 'a volume in memory' },
  host: { code: 'volume-host', what: 'a volume of the host' },
  claim: { code: 'volume-claim', what: 'a persistent volume claim' },
  config_map: { code: 'volume-config-map', what: 'a ConfigMap volume' },
  secret: { code: 'volume-secret', what: 'a Secret volume' },
};

export function lintVolume(volume: Volume, trusted: boolean): readonly Diagnostic[] {
  const { name, source, position } = volume;
  const diagnostics: Diagnostic[] = [];
  if (name === '') {
    const fix = 'add `name:` with the name that steps use';
    diagnostics.push(error('volume-name-missing', position, 'a volume has no name', fix));
  } else if (RESERVED_VOLUMES.has(name)) {
    const message = `\`${name}\` is the name of a volume of the runner`;
    diagnostics.push(error('volume-name-reserved', position, message, 'write another name'));
  }
  if (source === undefined) {
    const message = `volume \`${name}\` does not say what it is; mounts of it are left out`;
    const fix = 'add `temp: {}` for an empty folder, or `host`, `claim`, `config_map` or `secret`';
    diagnostics.push(warning('volume-kind-missing', position, message, fix));
  } else if (!trusted && needsTrust(source)) {
    const { code, what } = UNTRUSTED[source.kind];
    const message = `volume \`${name}\` is ${what}, but the repository is not trusted`;
    const fix =
      source.kind === 'temp'
        ? 'remove `medium`, or have an administrator mark the repository as trusted'
        : 'write `temp: {}`, or have an administrator mark the repository as trusted';
    diagnostics.push(error(code, position, message, fix));
  }
  return diagnostics;
}

/** drone-runner-kube looks for `memory` alone and lets `Memory` through to the Pod. */
const needsTrust = (source: VolumeSource): boolean =>
  source.kind !== 'temp' || source.medium.toLowerCase() === 'memory';
