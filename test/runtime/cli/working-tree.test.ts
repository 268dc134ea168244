import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { packTree, workingTreePaths, workingTreeRoot } from '../../../runtime/cli/working-tree.ts';
import { git, repository, temporaryFolder, write } from './git.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = temporaryFolder();
  folder = join(root, 'project');
  mkdirSync(folder);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** What a Pod gets: packed here, unpacked by the tar of this machine. */
async function upload(): Promise<Record<string, string>> {
  const there = join(root, 'there');
  mkdirSync(there);
  const tar = spawn('tar', ['-xzf', '-', '-C', there], { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(tar, 'exit');
  await pipeline(packTree(folder, await workingTreePaths(folder)), tar.stdin);
  expect(await ended).toEqual([0, null]);
  return contents(there);
}

/** Path and text of each file, `-> TARGET` for a symbolic link; nothing of `.git`. */
async function contents(below: string): Promise<Record<string, string>> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true });
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(below, path).split('/').includes('.git'))
    .map((path) => [
      relative(below, path),
      lstatSync(path).isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, 'utf8'),
    ]);
  return Object.fromEntries(found);
}

const mode = (path: string): number => lstatSync(join(root, 'there', path)).mode & 0o111;

describe('a repository', () => {
  test('is what git tracks or would track, as it is on disk', async () => {
    repository(folder, {
      '.gitignore': 'build/\n*.log\n',
      'src/main.c': 'old',
      gone: 'x',
      'forced.log': 'x',
    });
    git(folder, 'add', '--force', 'forced.log');
    rmSync(join(folder, 'gone'));
    write(folder, {
      'src/main.c': 'new',
      'src/not added': 'x',
      staged: 'x',
      'build/output': 'x',
      'debug.log': 'x',
      'src/.gitignore': 'local\n',
      'src/local': 'x',
    });
    git(folder, 'add', 'staged');
    expect(await upload()).toEqual({
      '.gitignore': 'build/\n*.log\n',
      'forced.log': 'x',
      'src/.gitignore': 'local\n',
      'src/main.c': 'new',
      'src/not added': 'x',
      staged: 'x',
    });
  });

  test('comes with its history, as a clone would', async () => {
    repository(folder, { file: 'x' });
    write(folder, { file: 'changed' });
    await upload();
    const there = join(root, 'there');
    expect(git(there, 'log', '-1', '--format=%H %s')).toBe(
      `${git(folder, 'rev-parse', 'HEAD')} Say hello`,
    );
    expect(git(there, 'status', '--short')).toBe('M file');
  });

  test('keeps names of all kinds, empty files and large ones', async () => {
    const files = {
      'with space': '',
      'quote"s\'': '1',
      'Grüße 测试': '2',
      'two\nlines': '3',
      '-dash': '4',
      [`${'long/'.repeat(40)}${'n'.repeat(200)}`]: '5',
      large: 'abc'.repeat(1_000_000),
    };
    repository(folder, files);
    expect(await upload()).toEqual(files);
  });

  test('keeps symbolic links, wherever they point', async () => {
    repository(folder, { 'real/file': 'x' });
    symlinkSync('real/file', join(folder, 'to-file'));
    symlinkSync('real', join(folder, 'to-folder'));
    symlinkSync('/nowhere', join(folder, 'to-nothing'));
    git(folder, 'add', 'to-folder');
    expect(await upload()).toEqual({
      'real/file': 'x',
      'to-file': '-> real/file',
      'to-folder': '-> real',
      'to-nothing': '-> /nowhere',
    });
  });

  test('keeps what may be run, for whatever user a step runs as', async () => {
    repository(folder, { tool: '#!/bin/sh\n', text: 'x' });
    chmodSync(join(folder, 'tool'), 0o700);
    chmodSync(join(folder, 'text'), 0o600);
    await upload();
    expect(mode('tool')).toBe(0o111);
    expect(mode('text')).toBe(0);
  });

  test('brings its submodules, and repositories that lie in it', async () => {
    const library = join(root, 'library');
    repository(library, { 'lib.c': 'x', '.gitignore': 'out\n' });
    repository(folder, { 'main.c': 'x' });
    const allow = ['-c', 'protocol.file.allow=always'];
    git(folder, ...allow, 'submodule', '--quiet', 'add', library, 'vendor/lib');
    write(folder, { 'vendor/lib/out': 'x', 'vendor/lib/new.c': 'x' });
    repository(join(folder, 'nested'), { inner: 'x' });
    const { '.gitmodules': modules, ...files } = await upload();
    expect(modules).toContain('vendor/lib');
    expect(files).toEqual({
      'main.c': 'x',
      'nested/inner': 'x',
      'vendor/lib/.gitignore': 'out\n',
      'vendor/lib/lib.c': 'x',
      'vendor/lib/new.c': 'x',
    });
  });

  test('knows the history of a submodule as well', async () => {
    const library = join(root, 'library');
    repository(library, { 'lib.c': 'x' });
    repository(folder, { 'main.c': 'x' });
    const allow = ['-c', 'protocol.file.allow=always'];
    git(folder, ...allow, 'submodule', '--quiet', 'add', library, 'vendor/lib');
    await upload();
    expect(git(join(root, 'there', 'vendor/lib'), 'rev-parse', 'HEAD')).toBe(
      git(library, 'rev-parse', 'HEAD'),
    );
  });

  test('comes without a submodule that was never checked out', async () => {
    const library = join(root, 'library');
    repository(library, { 'lib.c': 'x' });
    const origin = join(root, 'origin');
    repository(origin, { 'main.c': 'x' });
    const allow = ['-c', 'protocol.file.allow=always'];
    git(origin, ...allow, 'submodule', '--quiet', 'add', library, 'vendor/lib');
    git(origin, 'commit', '--quiet', '--message', 'library');
    git(root, 'clone', '--quiet', 'origin', 'project');
    expect(Object.keys(await upload())).toEqual(['.gitmodules', 'main.c']);
  });

  test('of a folder in a repository only the folder counts', async () => {
    repository(folder, { '.gitignore': '*.log\n', outside: 'x', 'below/in': 'x' });
    write(folder, { 'below/debug.log': 'x' });
    folder = join(folder, 'below');
    expect(await upload()).toEqual({ in: 'x' });
  });

  test('a folder that a repository around it ignores counts as a whole', async () => {
    repository(folder, { '.gitignore': 'project/\n', outside: 'x' });
    write(folder, { 'project/in': 'x' });
    folder = join(folder, 'project');
    expect(await upload()).toEqual({ in: 'x' });
  });
});

test('the workspace is the root of the repository, wherever in it the pipeline file stands', async () => {
  const top = join(realpathSync(root), 'project');
  repository(top, { 'ci/.drone.yml': '', '.gitignore': 'ignored/\n', 'a.txt': '' });
  write(top, { 'ignored/.drone.yml': '' });
  expect(await workingTreeRoot(join(top, 'ci'))).toBe(top);
  expect(await workingTreeRoot(top)).toBe(top);
  expect(await workingTreeRoot(join(top, 'ignored'))).toBe(join(top, 'ignored'));
  expect(await workingTreeRoot(root)).toBe(root);
});

test('without a repository everything counts', async () => {
  const files = { '.gitignore': '*.log\n', 'debug.log': 'x', 'a/b': 'y' };
  write(folder, files);
  symlinkSync('..', join(folder, 'a', 'loop'));
  expect(await upload()).toEqual({ ...files, 'a/loop': '-> ..' });
});

test('a file that vanishes before its turn is left out', async () => {
  write(folder, { a: '1', b: '2' });
  const paths = await workingTreePaths(folder);
  expect([...paths].sort()).toEqual(['a', 'b']);
  rmSync(join(folder, 'b'));
  expect(await upload()).toEqual({ a: '1' });
});

test('a stream that nobody reads to its end stops reading files', async () => {
  write(folder, { large: 'x'.repeat(5_000_000), more: 'x' });
  const stream = packTree(folder, ['large', 'more']);
  await once(stream, 'readable');
  stream.destroy();
  await once(stream, 'close');
  expect(stream.destroyed).toBe(true);
});
