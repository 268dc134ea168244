import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { format } from '../../../runtime/cli/format.ts';
import { temporaryFolder, write } from './git.ts';
import { Recorder } from './terminal.ts';

const HEAD = 'kind: pipeline\ntype: kubernetes\n';
const MESSY = `${HEAD}steps:\n- image: golang # c\n  name: build\n`;
const NEAT = `${HEAD}steps:\n  - name: build\n    image: golang # c\n`;
const BROKEN = `${HEAD}name: "a\n`;
const SIGNED = `${MESSY}---\nkind: signature\nhmac: x\n`;

describe('drone-kube format', () => {
  let folder = '';
  beforeEach(() => {
    folder = temporaryFolder();
    write(folder, {
      'messy.yml': MESSY,
      'neat.yml': NEAT,
      'broken.yml': BROKEN,
      'signed.yml': SIGNED,
      'in/.drone.yml': MESSY,
    });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const content = (name: string): string => readFileSync(join(folder, name), 'utf8');

  async function run(...args: readonly string[]): Promise<Recorder & { readonly code: number }> {
    const terminal = new Recorder();
    const paths = args.map((arg) => (arg.startsWith('-') ? arg : join(folder, arg)));
    const code = await format(paths, terminal);
    terminal.stdout = terminal.stdout.replaceAll(`${folder}/`, '');
    terminal.stderr = terminal.stderr.replaceAll(`${folder}/`, '');
    return Object.assign(terminal, { code });
  }

  test('prints', async () => {
    expect(await run('messy.yml')).toMatchObject({ code: 0, stdout: NEAT, stderr: '' });
    expect(content('messy.yml')).toBe(MESSY);
  });

  test.each<[string, readonly string[], number, string]>([
    ['nothing to do', ['neat.yml'], 0, ''],
    ['something to do', ['messy.yml', 'neat.yml', 'in'], 1, 'messy.yml\nin/.drone.yml\n'],
    ['a file that cannot be read', ['broken.yml', 'messy.yml'], 2, 'messy.yml\n'],
    ['a signed file', ['signed.yml'], 0, ''],
  ])('--check: %s', async (_, files, code, stdout) => {
    expect(await run('--check', ...files)).toMatchObject({ code, stdout });
    expect(content('messy.yml')).toBe(MESSY);
  });

  test('--write writes what has changed, and names it', async () => {
    const files = ['messy.yml', 'neat.yml', 'broken.yml', 'signed.yml', 'in'];
    const result = await run('--write', ...files);
    expect(result).toMatchObject({ code: 2, stdout: 'messy.yml\nin/.drone.yml\n' });
    expect(['messy.yml', 'neat.yml', 'in/.drone.yml'].map(content)).toEqual([NEAT, NEAT, NEAT]);
    expect(['broken.yml', 'signed.yml'].map(content)).toEqual([BROKEN, SIGNED]);
    expect(result.stderr).toMatch(/^broken\.yml:3:7: error: .*\[yaml-unclosed\]$/m);
    expect(result.stderr).toMatch(/^signed\.yml:6:1: warning: .*\[format-left\]$/m);
  });

  test.each<[readonly string[], string]>([
    [['--check', '--write', 'messy.yml'], '--check and --write were given'],
    [['--write', '-'], 'standard input cannot be written'],
    [['messy.yml', 'neat.yml'], 'more than one file was named'],
    [['--wirte', 'messy.yml'], 'there is no option --wirte'],
    [['no-such.yml'], `there is no such file`],
  ])('%j is a mistake', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});
