/**
 * The image of the runner for the test cluster, made without a base image: the Node that runs this,
 * the shared libraries that it names, and the built program. Linux only, as the cluster is.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../commands.ts';
import { imageStart } from './dockerfile.ts';
import { pushImage } from './registry.ts';

const NAME = 'drone-kube/runner';

/** As distroless images have it. */
const USER = '65532:65532';

/**
 * Pushes `docker.io/drone-kube/runner:dev` and returns the name of just this image, with its
 * digest: a node does not pull a tag again that it has.
 * @param registry `host:port`, spoken to in plain HTTP
 * @param program path of the built command
 * @param cache folder in which the layer of Node is kept
 * @throws ClusterError COMMAND_FAILED, REGISTRY_REFUSED
 */
export async function pushRunnerImage(
  registry: string,
  program: string,
  cache: string,
): Promise<string> {
  const layers = [await nodeLayer(cache), await programLayer(dirname(program))];
  await pushImage(registry, [`${NAME}:dev`], {
    layers,
    ...imageStart(),
    user: USER,
  });
  return `docker.io/${NAME}@${await digestOf(registry, NAME, 'dev')}`;
}

/**
 * Pushes the Node of that image alone, to build the Dockerfile upon.
 * @returns its name in the registry, with its digest
 * @throws ClusterError COMMAND_FAILED, REGISTRY_REFUSED
 */
export async function pushNodeImage(registry: string, cache: string): Promise<string> {
  const name = 'drone-kube/node';
  await pushImage(registry, [`${name}:dev`], { layers: [await nodeLayer(cache)], user: USER });
  return `${registry}/${name}@${await digestOf(registry, name, 'dev')}`;
}

async function digestOf(registry: string, name: string, tag: string): Promise<string> {
  const pushed = await fetch(`http://${registry}/v2/${name}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  return pushed.headers.get('docker-content-digest') ?? '';
}

/** A hundred megabytes that hardly ever change. */
async function nodeLayer(cache: string): Promise<Buffer> {
  const file = join(cache, `runner-node-${process.version}-${process.arch}.tar`);
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, 'making-'));
    try {
      const root = join(work, 'root');
      mkdirSync(join(root, 'nodejs/bin'), { recursive: true });
      await run('cp', ['--dereference', process.execPath, join(root, 'nodejs/bin/node')]);
      const libraries = (await run('ldd', [process.execPath])).match(/\/[^ ]+(?= \()/g) ?? [];
      await run('cp', ['--parents', '--dereference', ...libraries, root]);
      await pack(root, join(work, 'layer.tar'));
      renameSync(join(work, 'layer.tar'), file);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return readFileSync(file);
}

async function programLayer(build: string): Promise<Buffer> {
  const work = mkdtempSync(join(tmpdir(), 'drone-kube-runner-'));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    // What the Dockerfile takes.
    const app = join(root, 'app');
    await run('cp', ['--recursive', build, app]);
    rmSync(join(app, 'constructs'), { recursive: true, force: true });
    await run('cp', [join(build, '../LICENSE'), join(build, '../package.json'), app]);
    await pack(root, join(work, 'layer.tar'));
    return readFileSync(join(work, 'layer.tar'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Order, owner and time of the entries are fixed: equal content makes an equal layer. */
async function pack(root: string, file: string): Promise<void> {
  const fixed = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await run('tar', ['--create', `--file=${file}`, `--directory=${root}`, ...fixed, '.']);
}
