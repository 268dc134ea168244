import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pipelineFiles } from '../../../runtime/cli/pipeline-files.ts';
import { temporaryFolder, write } from './git.ts';

describe('the files that are meant', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    const names = [
      '.drone.yml',
      'b/.drone.yaml',
      'a/release.drone.yml',
      'a/.drone/linux.yml',
      'a/.drone/deep/windows.yaml',
      'a/.drone/readme.md',
      'a/other.yml',
      'node_modules/x/.drone.yml',
      'c/empty.txt',
    ];
    write(folder, Object.fromEntries(names.map((name) => [name, ''])));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const found = async (...paths: readonly string[]): Promise<readonly string[]> => {
    const files = await pipelineFiles(paths.map((path) => join(folder, path)));
    return files.map((file) => file.slice(folder.length + 1));
  };

  test('of a folder, at any depth', async () => {
    expect(await found('.')).toEqual([
      '.drone.yml',
      'a/.drone/linux.yml',
      'a/release.drone.yml',
      'b/.drone.yaml',
    ]);
  });

  test('of a folder called .drone, all', async () => {
    expect(await found('a/.drone')).toEqual(['a/.drone/linux.yml']);
  });

  test('a file that is named is taken whatever it is called, and once', async () => {
    expect(await found('a/other.yml', '.drone.yml', 'no-such', '.drone.yml', 'b')).toEqual([
      'a/other.yml',
      '.drone.yml',
      'no-such',
      'b/.drone.yaml',
    ]);
  });

  test('standard input is no folder', async () => {
    expect(await pipelineFiles(['-'])).toEqual(['-']);
  });

  test('a folder without any is a mistake', async () => {
    await expect(found('c')).rejects.toThrow(
      expect.objectContaining({
        name: 'UsageError',
        message: `${join(folder, 'c')} has no pipeline file`,
      }),
    );
  });
});
