/** Which files are meant by what stands on the command line. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { UsageError } from './usage.ts';

/** Where none is named. */
export const DEFAULT_FILE = '.drone.yml';

/** Folders in which nobody keeps pipelines of their own. */
const SKIPPED: ReadonlySet<string> = new Set(['.git', 'node_modules', 'vendor']);

/**
 * Files as they are named, `-` for standard input; of a folder, at any depth: files that end in
 * `.drone.yml`, and the YAML files of folders called `.drone`. Each file once. Throws a UsageError
 * for a folder without any.
 */
export async function pipelineFiles(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    // What cannot be looked at is told when it is read.
    const isFolder = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory();
    const found = isFolder === true ? await filesOf(path) : [path];
    if (found.length === 0) {
      throw new UsageError(
        `${path} has no pipeline file`,
        'name the file itself, or call it .drone.yml',
      );
    }
    files.push(...found);
  }
  return [...new Set(files)];
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const isDrone = basename(resolve(folder)) === '.drone';
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) files.push(...(await filesOf(path)));
    } else if ((isDrone ? /\.ya?ml$/ : /\.drone\.ya?ml$/).test(entry.name)) {
      files.push(path);
    }
  }
  return files;
}
