/**
 * What goes beside the bundle of each package that is in it: its licenses, which whoever passes the
 * package on has to pass on too, and its package.json. Scanners of images know a package by that file
 * alone; in the bundle they would find nothing.
 */
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `LICENSE`, `license.md`, `LICENCE-MIT`, `COPYING`, `NOTICE.txt` */
const LICENSE = /^(?:un)?licen[cs]e|^copying|^notice/i;

/**
 * The folders of the packages that these files are of, each once, sorted.
 * @param files paths relative to the root of the repository; what is not below `node_modules` is our own
 */
export function packagesOf(files: Iterable<string>): readonly string[] {
  const folders = new Set<string>();
  for (const file of files) {
    const folder = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort();
}

/**
 * Copies licenses and package.json of each package to `out/name@version`.
 * @param root the folder that `packages` are relative to
 * @returns `name@version` of each
 */
export async function copyLicenses(
  packages: readonly string[],
  root: string,
  out: string,
): Promise<readonly string[]> {
  const copied: string[] = [];
  for (const folder of packages) {
    const from = join(root, folder);
    const { name, version }: { name: string; version: string } = JSON.parse(
      await readFile(join(from, 'package.json'), 'utf8'),
    );
    const to = join(out, `${name}@${version}`);
    await mkdir(to, { recursive: true });
    for (const file of await readdir(from, { withFileTypes: true })) {
      if (!file.isFile() || !(file.name === 'package.json' || LICENSE.test(file.name))) continue;
      await copyFile(join(from, file.name), join(to, file.name));
    }
    copied.push(`${name}@${version}`);
  }
  return copied;
}
