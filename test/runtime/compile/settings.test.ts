import { describe, expect, test } from '@jest/globals';
import { settingToString, settingsEnvironment } from '../../../runtime/compile/settings.ts';

test('settingsEnvironment names, leaves out nulls and passes secrets through', () => {
  const environment = settingsEnvironment(
    new Map([
      ['repo', { value: 'octocat/hello' }],
      ['build-args', { value: ['A=1', 'B=2'] }],
      ['some.key', { value: true }],
      ['password', { fromSecret: 'docker_password' }],
      ['nothing', { value: null }],
      ['empty', { value: '' }],
      ['nested', { value: { token: { from_secret: 'token' } } }],
    ]),
  );
  expect(environment).toEqual(
    new Map([
      ['PLUGIN_REPO', { value: 'octocat/hello' }],
      ['PLUGIN_BUILD-ARGS', { value: 'A=1,B=2' }],
      ['PLUGIN_SOME.KEY', { value: 'true' }],
      ['PLUGIN_PASSWORD', { fromSecret: 'docker_password' }],
      ['PLUGIN_EMPTY', { value: '' }],
      ['PLUGIN_NESTED', { value: '{"token":{"from_secret":"token"}}' }],
    ]),
  );
});

describe('settingToString', () => {
  test.each<[string, unknown, string]>([
    ['text', ' a "b" ', ' a "b" '],
    ['bool', false, 'false'],
    ['int', 42, '42'],
    ['negative int', -42, '-42'],
    ['seven digits', 1_000_000, '1000000'],
    ['int beyond doubles', 9_223_372_036_854_775_807n, '9223372036854775807'],
    ['uint64', 18_446_744_073_709_551_615n, '18446744073709551615'],
    ['float', 1.1, '1.1'],
    ['float, six digits', 123_456.5, '123456.5'],
    ['float, seven digits', 1_234_567.5, '1.2345675e+06'],
    ['small float', 0.0001, '0.0001'],
    ['smaller float', 0.000_01, '1e-05'],
    ['huge float', 1e300, '1e+300'],
    ['infinity', -Infinity, '-Inf'],
    ['not a number', Number.NaN, 'NaN'],
    ['bytes of a text', Buffer.from('grüße'), 'grüße'],
    ['bytes of no text', Uint8Array.of(255, 254), '//4='],
    ['bytes that no variable can hold', Uint8Array.of(65, 0), 'QQA='],
    ['empty list', [], ''],
    ['list of scalars', ['a', 1, true, 1.5, 'x,y', ''], 'a,1,true,1.5,x,y,'],
    ['list with null', ['a', null, 'b'], 'a,,b'],
    ['list with a float', [1_234_567.5], '1.2345675e+06'],
    ['list of lists', ['a', ['b']], '["a",["b"]]'],
    ['list of maps', [{ a: 1 }], '[{"a":1}]'],
    ['empty map', {}, '{}'],
    [
      'map: sorted keys',
      { b: 1, a: { d: null, c: [true, 'x'] } },
      '{"a":{"c":[true,"x"],"d":null},"b":1}',
    ],
    [
      'Map',
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
      '{"a":2,"b":1}',
    ],
    ['map: keys by bytes', { '\u{1F600}': 1, '\uFF5E': 2 }, '{"\uFF5E":2,"\u{1F600}":1}'],
    ['map: keys that look like numbers', { 10: 'a', 9: 'b' }, '{"10":"a","9":"b"}'],
    ['map: markup', { '<a>': '&\u2028\u2029' }, String.raw`{"\u003ca\u003e":"\u0026\u2028\u2029"}`],
    ['map: quotes and controls', { a: '"\\\n\t\u0001é' }, String.raw`{"a":"\"\\\n\t\u0001é"}`],
    ['map: numbers', { a: 1_234_567.5, b: 1e-7, c: 1e21 }, '{"a":1234567.5,"b":1e-7,"c":1e+21}'],
    ['map: int beyond doubles', { a: 12_345_678_901_234_567n }, '{"a":12345678901234567}'],
    ['map: bytes', { a: Buffer.from('hello') }, '{"a":"hello"}'],
  ])('%s', (_, value, expected) => {
    expect(settingToString(value)).toBe(expected);
  });
});
