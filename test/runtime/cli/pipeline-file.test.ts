import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { check, choose, readPipelineFile, report } from '../../../runtime/cli/pipeline-file.ts';
import { temporaryFolder, write } from './git.ts';

const pipeline = (name: string, more = ''): string =>
  `kind: pipeline\ntype: kubernetes\nname: ${name}\nsteps:\n  - name: build\n    image: alpine\n    commands: [make]\n${more}`;

const codes = (...args: Parameters<typeof check>): string[] =>
  check(...args).diagnostics.map(({ code }) => code);

describe('a pipeline file', () => {
  let folder = '';
  beforeAll(() => {
    folder = temporaryFolder();
    write(folder, { '.drone.yml': pipeline('linux'), 'large.yml': 'x'.repeat(5_000_000) });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('is read as it is', async () => {
    expect(await readPipelineFile(join(folder, '.drone.yml'))).toBe(pipeline('linux'));
  });

  test('that is far too large is not read, and is still told to be', async () => {
    const text = await readPipelineFile(join(folder, 'large.yml'));
    expect(codes(text, { trusted: false })).toEqual(['yaml-too-large']);
  });

  test.each([
    ['no file', 'nowhere.yml', 'there is no such file'],
    ['a folder', '', 'it is a folder'],
  ])('%s', async (_, name, reason) => {
    const path = join(folder, name);
    await expect(readPipelineFile(path)).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: `cannot read ${path}: ${reason}` }),
    );
  });
});

describe('what is wrong with it', () => {
  test('nothing', () => {
    expect(codes(pipeline('linux'), { trusted: false })).toEqual([]);
  });

  test('variables stand in the text before it is read', () => {
    const source = pipeline('${DRONE_BRANCH}');
    const variables = new Map([['DRONE_BRANCH', 'main']]);
    expect(choose(check(source, { trusted: false, variables }).documents, 'main').name).toBe(
      'main',
    );
    expect(choose(check(source, { trusted: false }).documents, undefined).name).toBe(
      '${DRONE_BRANCH}',
    );
  });

  test('a mistake in `${…}` is all that is told', () => {
    const checked = check(`${pipeline('linux')}# \${x-y}\n`, {
      trusted: false,
      variables: new Map(),
    });
    expect(checked.documents).toEqual([]);
    expect(checked.diagnostics).toMatchObject([{ severity: 'error', position: { line: 8 } }]);
  });

  test.each([
    [false, ['step-privileged']],
    [true, []],
  ])('a trusted repository (%s) may do more', (trusted, expected) => {
    expect(codes(pipeline('linux', '    privileged: true\n'), { trusted })).toEqual(expected);
  });

  test.each([
    ['an error', 2, '    privileged: true\n', /^\.drone\.yml:8:17: error: .*\[step-privileged\]$/m],
    [
      'a warning',
      undefined,
      '    when: {status: [sucess]}\n',
      /^\.drone\.yml:8:20: warning: .*\[step-status-unknown\]$/m,
    ],
    ['nothing', undefined, '', /^$/],
  ])('%s: exit code %s, and what is printed', (_, code, more, printed) => {
    let shown = '';
    const terminal = {
      out: () => undefined,
      err: (text: string) => {
        shown += text;
      },
      color: false,
    };
    const checked = check(pipeline('linux', more), { trusted: false });
    expect(report(checked, '.drone.yml', terminal)).toBe(code);
    expect(shown).toMatch(printed);
  });
});

describe('the pipeline to run', () => {
  const documentsOf = (...texts: string[]): Parameters<typeof choose>[0] =>
    check(texts.join('---\n'), { trusted: false }).documents;
  const NAMELESS = pipeline('').replace('name: \n', '');

  test.each([
    ['the only one', [pipeline('linux')], undefined, 'linux'],
    ['the one with this name', [pipeline('a'), pipeline('b')], 'b', 'b'],
    ['the one called `default`', [pipeline('a'), pipeline('default')], undefined, 'default'],
    ['the one without a name is `default`', [pipeline('a'), NAMELESS], 'default', ''],
    [
      'other documents do not count',
      ['kind: secret\nname: x\nget: {path: a, name: b}\n', pipeline('a')],
      undefined,
      'a',
    ],
  ])('%s', (_, texts, name, expected) => {
    expect(choose(documentsOf(...texts), name).name).toBe(expected);
  });

  test.each([
    [
      'several',
      [pipeline('a'), pipeline('b')],
      undefined,
      'the file has several pipelines',
      'choose one with --pipeline: a, b',
    ],
    [
      'none with this name',
      [pipeline('a'), NAMELESS],
      'c',
      'the file has no pipeline "c"',
      'choose one with --pipeline: a, default',
    ],
    [
      'none',
      ['kind: secret\nname: x\nget: {path: a, name: b}\n'],
      undefined,
      'the file has no pipeline of type kubernetes',
      'begin a document with `kind: pipeline` and `type: kubernetes`',
    ],
  ])('%s', (_, texts, name, message, fix) => {
    expect(() => choose(documentsOf(...texts), name)).toThrow(
      expect.objectContaining({ name: 'UsageError', message, fix }),
    );
  });
});
