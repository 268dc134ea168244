import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MASK, createMasker } from '../../../runtime/compile/mask.ts';

function mask(secrets: readonly string[], ...chunks: readonly string[]): string {
  const masker = createMasker(secrets);
  return chunks.map((chunk) => masker.write(chunk)).join('') + masker.flush();
}

const KEY = '-----BEGIN KEY-----\nMIIEpAIB\r\n  qqq+zzz/==  \n\nx\n-----END KEY-----\n';

describe('what is hidden', () => {
  test.each<[string, string[], string, string]>([
    ['no secrets', [], 'text\n', 'text\n'],
    ['one', ['hunter2'], 'pass hunter2 word\n', 'pass ****** word\n'],
    ['every time', ['hunter2'], 'hunter2hunter2,hunter2', '************,******'],
    ['at the end of the log', ['hunter2'], 'pass hunter2', 'pass ******'],
    ['two bytes', ['ab', 'é'], 'ab é', '****** ******'],
    ['not one byte', ['a', '', ' '], 'a b', 'a b'],
    ['trimmed', ['  hunter2 \t'], '[hunter2]', '[******]'],
    ['the longest', ['hunter', 'hunter2', 'unt'], 'hunter2 hunter unt', '****** ****** ******'],
    [
      'one inside another, started but not finished',
      ['ab', 'zabc'],
      'zab zabx',
      'z****** z******x',
    ],
    ['overlapping ones completely', ['abcd', 'cdef'], 'xabcdefx', 'x******x'],
    [
      'a short one before a long one',
      ['bc', 'cdefgh', 'abcdefghi'],
      'abcdefghi abcdefgh',
      '****** a******',
    ],
    ['two in one longer one', ['ab', 'cd', 'xabxcdx'], 'xabxcdx xabxcd', '****** x******x******'],
    ['special characters', ['a.b*$&'], 'aXb a.b*$&', 'aXb ******'],
    ['inside a JSON string', ['a"b\\c'], String.raw`{"x":"a\"b\\c"}`, '{"x":"******"}'],
    ['JSON of Go', ['a<b>&c'], String.raw`a\u003cb\u003e\u0026c`, '******'],
    [
      'JSON in pure ASCII',
      ['grüße😀'],
      String.raw`gr\u00fc\u00dfe\ud83d\ude00 grüße😀`,
      '****** ******',
    ],
    ['not base64', ['hunter2'], 'aHVudGVyMg==', 'aHVudGVyMg=='],
    [
      'line by line',
      [KEY],
      '-----BEGIN KEY-----\nMIIEpAIB\nqqq+zzz/==\nx\n-----END KEY-----\n',
      '******\n******\n******\nx\n******\n',
    ],
    [
      'indented, with carriage returns',
      [KEY],
      '    MIIEpAIB\r\n\tqqq+zzz/==\r\n',
      '    ******\r\n\t******\r\n',
    ],
    ['not across lines', ['hunter2'], 'hun\nter2', 'hun\nter2'],
  ])('%s', (_, secrets, log, expected) => {
    expect(mask(secrets, log)).toBe(expected);
    expect(mask(secrets, ...log.split(/(?:)/))).toBe(expected);
  });
});

describe('what is held back', () => {
  test.each<[string, string[], string, string]>([
    ['nothing without need', ['hunter2'], 'no secret', 'no secret'],
    ['the beginning of a secret', ['hunter2'], 'pass hunt', 'pass '],
    ['the longest such end', ['aab'], 'xaaa', 'xa'],
    ['a secret that could be longer', ['hunter', 'hunter2x'], 'hunter2', ''],
    ['not past a newline', ['hunter2'], 'pass hunt\n', 'pass hunt\n'],
    ['no mask for long', ['hunter2'], 'hunter2', '******'],
  ])('%s', (_, secrets, chunk, expected) => {
    expect(createMasker(secrets).write(chunk)).toBe(expected);
  });

  test('flush gives it back, and nothing of it counts for what follows', () => {
    const masker = createMasker(['hunter2']);
    expect(masker.write('hunt')).toBe('');
    expect(masker.flush()).toBe('hunt');
    expect(masker.flush()).toBe('');
    expect(masker.write('er2 hunter2')).toBe('er2 ******');
  });
});

/** The rule, slowly: hide every unit that belongs to some occurrence, one mask for those that overlap. */
function slowly(secrets: readonly string[], log: string): string {
  const ends = new Map<number, number>();
  for (const secret of secrets) {
    for (let at = log.indexOf(secret); at !== -1; at = log.indexOf(secret, at + 1)) {
      ends.set(at, Math.max(ends.get(at) ?? 0, at + secret.length));
    }
  }
  let output = '';
  for (let at = 0; at < log.length;) {
    let end = ends.get(at);
    if (end === undefined) {
      output += log[at];
      at += 1;
      continue;
    }
    for (let i = at; i < end; i += 1) end = Math.max(end, ends.get(i) ?? 0);
    output += MASK;
    at = end;
  }
  return output;
}

test('is the rule, however the log is cut', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 2, maxLength: 6 });
  const chunk = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), fc.array(chunk), (secrets, chunks) => {
      expect(mask(secrets, ...chunks)).toBe(slowly(secrets, chunks.join('')));
    }),
    { numRuns: 2000 },
  );
});

test('a log that only just misses the secrets is no slower', () => {
  const secrets = ['aa', `${'a'.repeat(4000)}b`, `c${'a'.repeat(4000)}d`];
  const masker = createMasker(secrets);
  const line = `c${'a'.repeat(3999)}`;
  const started = performance.now();
  for (let i = 0; i < 1000; i += 1) masker.write(line);
  // A search that starts anew at each position needs minutes for these 4 million units.
  expect(performance.now() - started).toBeLessThan(5000);
});
