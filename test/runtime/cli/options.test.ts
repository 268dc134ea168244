import { describe, expect, test } from '@jest/globals';
import {
  count,
  flag,
  helpText,
  list,
  one,
  parseOptions,
  time,
  type Option,
  type Values,
} from '../../../runtime/cli/options.ts';

const OPTIONS: readonly Option[] = [
  { name: 'event', value: 'EVENT', help: 'the event (push)' },
  { name: 'include', value: 'STEPS', many: true, help: 'only these' },
  { name: 'trusted', help: 'host volumes' },
];

const parse = (...args: string[]): ReturnType<typeof parseOptions> => parseOptions(args, OPTIONS);
const valuesOf = (...texts: string[]): Values => new Map([['x', texts]]);

describe('the command line', () => {
  test('values, flags and the rest', () => {
    const { values, positionals } = parse('a.yml', '--event', 'tag', '--trusted', 'b', '--', '--c');
    expect([one(values, 'event'), flag(values, 'trusted'), positionals]).toEqual([
      'tag',
      true,
      ['a.yml', 'b', '--c'],
    ]);
  });

  test('nothing', () => {
    const { values, positionals } = parse();
    expect([one(values, 'event'), flag(values, 'trusted'), list(values, 'include')]).toEqual([
      undefined,
      false,
      [],
    ]);
    expect(positionals).toEqual([]);
  });

  test('a list is given by commas, several times, or both', () => {
    const { values } = parse('--include', 'a,b', '--include=c', '--include', ',');
    expect(list(values, 'include')).toEqual(['a', 'b', 'c']);
  });

  test.each([['--help'], ['-h']])('%s', (argument) => {
    expect(flag(parse(argument).values, 'help')).toBe(true);
  });

  test.each([
    [['--evnt', 'tag'], 'there is no option --evnt', 'did you mean --event?'],
    [['--trustd=1'], 'there is no option --trustd', 'did you mean --trusted?'],
    [['--something-else'], 'there is no option --something-else', 'see the list with --help'],
    [['-x'], 'there is no option -x', 'see the list with --help'],
    [['--event'], '--event has no value', 'write --event=EVENT'],
    [['--event', '--trusted'], '--event has no value', 'write --event=EVENT'],
    [['--trusted=yes'], '--trusted takes no value', 'write --trusted'],
    [['--event', 'a', '--event', 'b'], '--event was given more than once', 'give it once'],
    [['--trusted', '--trusted'], '--trusted was given more than once', 'give it once'],
  ])('%j is a mistake: %s', (args, message, fix) => {
    expect(() => parse(...args)).toThrow(
      expect.objectContaining({ name: 'UsageError', message, fix }),
    );
  });

  test.each([
    ['--event=', ''],
    ['--event=--x', '--x'],
    ['--event=-', '-'],
  ])('%s is a value all the same', (argument, expected) => {
    expect(one(parse(argument).values, 'event')).toBe(expected);
  });
});

describe('a count', () => {
  test.each([
    ['1', 1],
    ['42', 42],
    ['999999999', 999_999_999],
  ])('%s', (text, expected) => {
    expect(count(valuesOf(text), 'x', 7)).toBe(expected);
  });

  test('has a default', () => {
    expect(count(new Map(), 'x', 7)).toBe(7);
  });

  test.each(['0', '-1', '1.5', '01', '', 'one', '1000000000', ' 1'])('"%s" is none', (text) => {
    expect(() => count(valuesOf(text), 'x', 7)).toThrow(`--x is "${text}"`);
  });
});

describe('a time', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['10', 600_000],
  ])('%s is %i ms', (text, expected) => {
    expect(time(valuesOf(text), 'x', 1)).toBe(expected);
  });

  test('has a default', () => {
    expect(time(new Map(), 'x', 1)).toBe(1);
  });

  test.each(['0', '0s', '1d', '1.5h', '-5m', 'm', '', '1 m', '1234567s'])(
    '"%s" is none',
    (text) => {
      expect(() => time(valuesOf(text), 'x', 1)).toThrow(`--x is "${text}"`);
    },
  );
});

test('the help is a table of all options', () => {
  expect(helpText('drone-kube exec [FILE]', 'Runs a pipeline.', OPTIONS)).toBe(
    [
      'Usage: drone-kube exec [FILE]',
      '',
      'Runs a pipeline.',
      '',
      'Options:',
      '  --event EVENT    the event (push)',
      '  --include STEPS  only these',
      '  --trusted        host volumes',
      '',
    ].join('\n'),
  );
});
