import { describe, expect, test } from '@jest/globals';
import { HEAD, pipelineOf, stepOf } from './helpers.ts';

describe('values by the type of their field', () => {
  test.each<[string, string]>([
    ['1.10', '1.10'],
    ['yes', 'yes'],
    ['0644', '0644'],
    ['2001-01-01', '2001-01-01'],
    ['"~"', '~'],
    ['!!int 5', '5'],
    ['!!binary aGk=', 'hi'],
    ['!custom x', 'x'],
    ['~', ''],
    ['', ''],
  ])('text: %s', (source, expected) => {
    expect(stepOf(`working_dir: ${source}`).workingDir).toBe(expected);
  });

  test.each<[string, boolean]>([
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
      (word): [string, boolean] => [word, true],
    ),
    ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF', '~', ''].map(
      (word): [string, boolean] => [word, false],
    ),
    ['!!bool "yes"', true],
  ])('truth value: %s', (source, expected) => {
    expect(stepOf(`detach: ${source}`).detach).toBe(expected);
  });

  test.each<[string, number | undefined]>([
    ['10', 10],
    ['+5', 5],
    ['010', 8],
    ['0o10', 8],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['08', 8],
    ['1.0', 1],
    ['1e+3', 1000],
    ['!!int "5"', 5],
    ['~', undefined],
  ])('whole number: %s', (source, expected) => {
    expect(stepOf(`user: ${source}`).user).toBe(expected);
  });

  test.each<[string, number]>([
    ['100', 100],
    ['"100"', 100],
    ['1k', 1024],
    ['500MiB', 500 * 2 ** 20],
    ['512M', 512 * 2 ** 20],
    ['512 mb', 512 * 2 ** 20],
    ['1Gi', 2 ** 30],
    ['1.5G', 1.5 * 2 ** 30],
    ['1tb', 2 ** 40],
  ])('memory: %s', (source, expected) => {
    expect(stepOf(`resources: {limits: {memory: ${source}}}`).resources.limits.memory).toBe(
      expected,
    );
  });

  test.each<[string, unknown]>([
    ['yes', true],
    ['"yes"', 'yes'],
    ['010', 8],
    ['1_000', 1000],
    ['1.10', 1.1],
    ['1e3', '1e3'],
    ['.5', 0.5],
    ['.5e2', 50],
    ['._5', '._5'],
    ['1e+999', '1e+999'],
    ['12:30:45', '12:30:45'],
    ['2001-01-01', '2001-01-01'],
    ['!!str 1', '1'],
    ['!!binary aGk=', new Uint8Array([104, 105])],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['99999999999999999999', 1e20],
    ['.inf', Infinity],
    ['~', undefined],
    ['[1, yes, ~]', [1, true, null]],
    [
      '{b: 1, yes: {c: no}}',
      new Map<string, unknown>([
        ['b', 1],
        ['true', new Map([['c', false]])],
      ]),
    ],
    ['[{from_secret: x}]', [new Map([['from_secret', 'x']])]],
  ])('setting: %s', (source, expected) => {
    const setting = stepOf(`settings: {s: ${source}}`).settings.get('s');
    expect(setting === undefined || 'fromSecret' in setting ? setting : setting.value).toEqual(
      expected,
    );
  });

  test.each([
    ['from_secret', '{from_secret: x}', { fromSecret: 'x' }],
    ['value', '{value: 1.10}', { value: '1.10' }],
    ['text', '1.10', { value: '1.10' }],
    ['null', '~', undefined],
  ])('variable of a step: %s', (_, source, expected) => {
    expect(stepOf(`environment: {A: ${source}}`).environment.get('A')).toEqual(expected);
  });

  test('a null in a map or list of texts is an empty text', () => {
    expect(pipelineOf(`${HEAD}environment: {A: ~}`).environment).toEqual(new Map([['A', '']]));
    expect(stepOf('commands: [a, ~]').commands).toEqual(['a', '']);
  });

  test.each([
    ['failure', 'ignore', 'ignore'],
    ['failure', 'always', 'stop'],
    ['failure', '""', 'stop'],
    ['failure', 'fast', 'fast'],
    ['failure', 'fail-fast', 'fast'],
    ['failure', 'fast-fail', 'fast'],
    ['pull', 'always', 'Always'],
    ['pull', 'Never', 'Never'],
    ['pull', 'IF-NOT-EXISTS', 'IfNotPresent'],
    ['pull', '""', undefined],
  ] as const)('%s: %s', (key, source, expected) => {
    expect(stepOf(`${key}: ${source}`)[key]).toBe(expected);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['main', ['main'], []],
    ['1.10', ['1.10'], []],
    ['[main, dev]', ['main', 'dev'], []],
    ['[]', [], []],
    ['{include: [main]}', ['main'], []],
    ['{include: [main], exclude: [dev]}', ['main'], ['dev']],
    ['{exclude: ~}', [], []],
    ['{exclude: main}', [], ['main']],
    ['[[main, dev], rc]', ['main', 'dev', 'rc'], []],
  ])('condition: %s', (source, include, exclude) => {
    expect(stepOf(`when: {branch: ${source}}`).when.branch).toEqual({ include, exclude });
  });
});
