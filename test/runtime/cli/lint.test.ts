import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { lint } from '../../../runtime/cli/lint.ts';
import { temporaryFolder, write } from './git.ts';
import { Recorder } from './terminal.ts';

const pipeline = (image: string, more = ''): string =>
  `kind: pipeline\ntype: kubernetes\nsteps:\n  - name: build\n    image: ${image}\n${more}`;

describe('drone-kube lint', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    write(folder, {
      'good.yml': pipeline('golang:1.25'),
      'warning.yml': pipeline('golang'),
      'bad.yml': pipeline('golang:1.25', '    privileged: true\n'),
      'other.yml': 'kind: pipeline\ntype: docker\n',
      'in/.drone.yml': pipeline('golang:1.25'),
    });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(...args: readonly string[]): Promise<Recorder & { readonly code: number }> {
    const terminal = new Recorder();
    const paths = args.map((arg) => (arg.startsWith('--') ? arg : join(folder, arg)));
    const code = await lint(paths, terminal);
    return Object.assign(terminal, { code });
  }

  test('says ok, or that there is nothing to check', async () => {
    const { code, stdout, stderr } = await run('good.yml', 'in', 'other.yml');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replaceAll(`${folder}/`, '')).toBe(
      'good.yml: ok\nin/.drone.yml: ok\nother.yml: no pipeline of type kubernetes, nothing was checked\n',
    );
  });

  test.each([
    ['a warning', ['warning.yml'], 0, 'warning.yml:5:12: warning: step `build` runs `golang`'],
    ['a warning, strictly', ['--strict', 'warning.yml'], 2, 'warning.yml:5:12: error: step'],
    ['an error', ['bad.yml'], 2, 'bad.yml:6:17: error: step `build` asks for privileged'],
    ['an error among others', ['good.yml', 'bad.yml', 'warning.yml'], 2, 'bad.yml:6:17: error'],
  ])('%s', async (_, args, code, told) => {
    const result = await run(...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(told);
  });

  test('a trusted repository may do more', async () => {
    expect(await run('--trusted', 'bad.yml')).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['json', /^\[\n {2}\{\n {4}"file": ".*bad\.yml",\n {4}"line": 6,/],
    ['github', /^::error file=.*bad\.yml,line=6,col=17,/],
    ['sarif', /"ruleId": "step-privileged"/],
  ])('--format %s goes to standard output', async (format, printed) => {
    const result = await run(`--format=${format}`, 'bad.yml', 'good.yml');
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(result.stdout).toMatch(printed);
  });

  test.each([
    [['--format=xml', 'good.yml'], '--format is "xml"'],
    [['--stric', 'good.yml'], 'there is no option --stric'],
    [['no-such.yml'], /^cannot read .*no-such\.yml: there is no such file$/],
  ])('%j is a mistake', async (args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
  });
});
