import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { contentKey } from '../keys.ts';
import { TEST_IMAGES } from './catalogue.ts';
import { pushImage } from './registry.ts';

export const IMAGE_SOURCES = import.meta.dirname;

/** Files that decide what the layers hold. */
const LAYER_SOURCES = [
  'rootfs.sh',
  'clone',
  'plugin-echo',
  'fake-tmate/copy',
  'fake-tmate/tmate',
  'hello/main.go',
  'pause/main.go',
];

/**
 * Changes when an image would: with a script, or with `packages`, which says which versions of
 * Debian's programs go in.
 */
export function layersKey(packages: string): string {
  const sources = LAYER_SOURCES.map((file) => readFileSync(join(IMAGE_SOURCES, file), 'utf8'));
  return contentKey([...sources, packages]);
}

/** Changes with the layers or with the catalogue: then all images are pushed again. */
export function imagesKey(packages: string): string {
  return contentKey([layersKey(packages), JSON.stringify(TEST_IMAGES)]);
}

/**
 * The folder with a tar per layer, made by `lay` into an empty folder unless the cache has it.
 */
export async function makeLayers(
  cache: string,
  packages: string,
  lay: (out: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, `layers-${layersKey(packages)}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const making = mkdtempSync(join(cache, 'making-'));
    try {
      await lay(making);
      renameSync(making, folder);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
    for (const old of readdirSync(cache)) {
      if (old.startsWith('layers-') && join(cache, old) !== folder) {
        rmSync(join(cache, old), { recursive: true, force: true });
      }
    }
  }
  return folder;
}

/** Pushes every image of the catalogue. */
export async function pushImages(registry: string, layersFolder: string): Promise<void> {
  for (const { names, layers, ...start } of TEST_IMAGES) {
    const content = layers.map((layer) => readFileSync(join(layersFolder, `${layer}.tar`)));
    await pushImage(registry, names, { ...start, layers: content });
  }
}
