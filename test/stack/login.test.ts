import { describe, expect, test } from '@jest/globals';
import { keepCookies } from './login.ts';

describe('keepCookies', () => {
  const known = new Map([
    ['session', 'old'],
    ['state', 'x'],
  ]);

  test.each<[string, string[], [string, string][]]>([
    ['keeps what it knows', [], [...known]],
    ['adds', ['a=1; Path=/; HttpOnly', 'b=2'], [...known, ['a', '1'], ['b', '2']]],
    [
      'replaces',
      ['session=new; Max-Age=2147483647'],
      [
        ['session', 'new'],
        ['state', 'x'],
      ],
    ],
    ['takes a value with = in it', ['a=MTI=; Path=/'], [...known, ['a', 'MTI=']]],
    ['forgets what ends now', ['session=deleted; Path=/; Max-Age=0'], [['state', 'x']]],
    ['forgets what ended', ['session=x; max-age=-1; Path=/'], [['state', 'x']]],
    ['forgets what is empty', ['state=; Path=/'], [['session', 'old']]],
  ])('%s', (_, lines, expected) => {
    expect([...keepCookies(known, lines)]).toEqual(expected);
  });
});
