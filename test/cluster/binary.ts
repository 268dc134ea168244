import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './commands.ts';
import { contentKey } from './keys.ts';
import { KUBERNETES_VERSION } from './settings.ts';

const SOURCE = join(import.meta.dirname, 'kubernetes');
const [MAJOR, MINOR] = KUBERNETES_VERSION.slice(1).split('.');

// Without the version the kubelet and every client report v0.0.0.
const VERSION_FLAGS = [
  `-X k8s.io/component-base/version.gitVersion=${KUBERNETES_VERSION}`,
  `-X k8s.io/component-base/version.gitMajor=${MAJOR}`,
  `-X k8s.io/component-base/version.gitMinor=${MINOR}`,
];

const LINKER_FLAGS = ['-s', '-w', ...VERSION_FLAGS].join(' ');
const BUILD = ['build', '-trimpath', '-tags', 'providerless', '-ldflags', LINKER_FLAGS];

/** Where the binary for the present sources and flags belongs in the cache, built or not. */
export function binaryPath(cache: string): string {
  const sources = ['main.go', 'go.mod', 'go.sum'].map((file) =>
    readFileSync(join(SOURCE, file), 'utf8'),
  );
  return join(cache, `kubernetes-${contentKey([...sources, ...BUILD])}`);
}

/** Builds the binary of all components. Takes minutes the first time; Go continues an interrupted build. */
export async function buildBinary(path: string): Promise<void> {
  const building = `${path}.${process.pid}`;
  mkdirSync(join(path, '..'), { recursive: true });
  try {
    await run('go', [...BUILD, '-o', building, '.'], {
      directory: SOURCE,
      environment: { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    });
    renameSync(building, path);
  } finally {
    rmSync(building, { force: true });
  }
}

/** The binary answers to the names of its links, as busybox does. */
export function linkBinary(path: string, bin: string): void {
  mkdirSync(bin, { recursive: true });
  for (const name of [
    'etcd',
    'kubectl',
    'kubelet',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-proxy',
    'kube-scheduler',
  ]) {
    rmSync(join(bin, name), { force: true });
    symlinkSync(path, join(bin, name));
  }
}
