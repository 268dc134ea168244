/** The working tree of the caller as a tar stream. */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { isAbsolute, join, posix, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { pack, type Header, type Pack } from 'tar-stream';

type Entry = Partial<Header> & Pick<Header, 'name'>;

const run = promisify(execFile);

/**
 * Paths below the folder, with `/` between the parts: what git tracks or would track, and `.git`
 * itself, as a clone would have it; everything where the folder is in no git repository, or is
 * ignored by the one around it. A submodule that was never checked out has nothing to bring.
 */
export async function workingTreePaths(folder: string): Promise<string[]> {
  return treePaths(folder, folder);
}

async function treePaths(root: string, folder: string): Promise<string[]> {
  const tracked = await gitPaths(folder);
  if (tracked === undefined) return walk(folder, '');
  const nested: string[] = [];
  const plain: string[] = [];
  for (const path of tracked) {
    // A submodule is one entry for git, and a folder on disk.
    if (path.endsWith('/')) nested.push(path.slice(0, -1));
    else plain.push(path);
  }
  const inside = await Promise.all(
    nested.map(async (path) => {
      const repository = join(folder, path);
      // Asked about a folder without `.git`, git answers for the repository around it, forever.
      if ((await lstat(join(repository, '.git')).catch(() => undefined)) === undefined) return [];
      const paths = await treePaths(root, repository);
      return paths.map((inner) => posix.join(path, inner));
    }),
  );
  return [...plain, ...inside.flat(), ...(await gitFolder(root, folder))];
}

/** `.git` is a file in a submodule: it names a folder, which the tree may hold too. */
async function gitFolder(root: string, folder: string): Promise<string[]> {
  const path = join(folder, '.git');
  const status = await lstat(path).catch(() => undefined);
  if (status?.isDirectory() === true) return walk(folder, '.git');
  if (status?.isFile() !== true) return [];
  const target = (await readFile(path, 'utf8')).replace(/^gitdir: /, '').trim();
  const isInTree = !isAbsolute(target) && join(folder, target).startsWith(join(root, '.git', sep));
  return isInTree ? ['.git'] : [];
}

async function gitPaths(folder: string): Promise<string[] | undefined> {
  const list = ['-C', folder, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const { stdout } = await run('git', list, { maxBuffer: 1 << 28 });
    const paths = [...new Set(stdout.split('\0').filter((path) => path !== ''))];
    if (paths.length === 0 && (await isIgnored(folder))) return undefined;
    return await Promise.all(
      paths.map(async (path) => {
        const status = await lstat(join(folder, path)).catch(() => undefined);
        return status?.isDirectory() === true && !path.endsWith('/') ? `${path}/` : path;
      }),
    );
  } catch {
    return undefined;
  }
}

/**
 * The folder that a clone would have put into the workspace: the root of the repository that the
 * given folder is in; the folder itself where there is none, or where that one ignores it.
 */
export async function workingTreeRoot(folder: string): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', folder, 'rev-parse', '--show-toplevel']);
    const root = stdout.replace(/\n$/, '');
    return root === '' || (await isIgnored(folder)) ? folder : root;
  } catch {
    return folder;
  }
}

/** By a repository around it, such as one of a whole home folder. */
async function isIgnored(folder: string): Promise<boolean> {
  return run('git', ['-C', folder, 'check-ignore', '--quiet', '.']).then(
    () => true,
    () => false,
  );
}

async function walk(root: string, below: string): Promise<string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/'),
    );
}

/**
 * A gzipped tar of the paths. Files that are gone by now, sockets and devices are left out.
 * Nobody but the steps of the stage gets to see the tree, and they run as any user, so what the
 * owner may do, everybody may.
 */
export function packTree(folder: string, paths: readonly string[]): Readable {
  const tar = pack();
  const gzip = createGzip({ level: 1 });
  // Whoever reads learns of a failure from the end of the chain; here nobody may be left to ask.
  tar.on('error', () => undefined);
  const feeding = feed(tar, folder, paths);
  feeding.catch((error: unknown) => tar.destroy(error instanceof Error ? error : undefined));
  pipeline(tar, gzip).catch((error: unknown) => {
    gzip.destroy(error instanceof Error ? error : undefined);
  });
  return gzip;
}

async function feed(tar: Pack, folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (tar.destroyed) return;
    await add(tar, folder, path);
  }
  tar.finalize();
}

async function add(tar: Pack, folder: string, path: string): Promise<void> {
  const full = join(folder, path);
  const status = await lstat(full).catch(() => undefined);
  if (status === undefined) return;
  const header: Entry = { name: path, mtime: status.mtime };
  if (status.isSymbolicLink()) {
    const linkname = await readlink(full);
    await addWithoutBody(tar, { ...header, type: 'symlink', linkname });
    return;
  }
  if (!status.isFile()) return;
  const executable = (status.mode & 0o100) !== 0;
  const size = status.size;
  const file: Entry = { ...header, type: 'file', size, mode: executable ? 0o777 : 0o666 };
  if (size === 0) {
    await addWithoutBody(tar, file);
    return;
  }
  const target = tar.entry(file);
  target.on('error', () => undefined);
  // A file that grows meanwhile is taken as long as it was; one that shrinks is an error.
  await pipeline(createReadStream(full, { end: size - 1 }), target);
}

function addWithoutBody(tar: Pack, header: Entry): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink = tar.entry(header, '', (error) => (error ? reject(error) : resolve()));
    sink.on('error', reject);
  });
}
