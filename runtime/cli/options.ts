/** The options of the verbs, as one table: it parses the command line and prints the help. */
import { parseArgs } from 'node:util';
import { nearest } from '../pipeline/nearest.ts';
import { UsageError } from './usage.ts';

export interface Option {
  readonly name: string;
  /** Absent for a flag. */
  readonly value?: string;
  readonly many?: boolean;
  readonly help: string;
}

export type Values = ReadonlyMap<string, readonly string[]>;

export interface Parsed {
  readonly values: Values;
  readonly positionals: readonly string[];
}

const HELP: Option = { name: 'help', help: 'this text' };

/** Throws a UsageError that names the nearest option for one that does not exist. */
export function parseOptions(args: readonly string[], options: readonly Option[]): Parsed {
  const known = new Map([...options, HELP].map((option) => [option.name, option]));
  const table = [...known.values()].map(({ name, value }) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [name, name === HELP.name ? { type, short: 'h' } : { type }] as const;
  });
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(table),
    allowPositionals: true,
    // What is wrong is told here, in the words of this program.
    strict: false,
    tokens: true,
  });
  const values = new Map<string, readonly string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, [...known.keys()]);
    const before = values.get(option.name) ?? [];
    if (before.length > 0 && option.many !== true) {
      throw new UsageError(`--${option.name} was given more than once`, 'give it once');
    }
    values.set(option.name, [...before, valueOf(option, token)]);
  }
  return { values, positionals };
}

function unknownOption(given: string, names: readonly string[]): UsageError {
  const near = nearest(given.replace(/^-+/, ''), names);
  return new UsageError(
    `there is no option ${given}`,
    near === undefined ? 'see the list with --help' : `did you mean --${near}?`,
  );
}

/** The next word is no value where it looks like an option: the value was forgotten, most likely. */
function valueOf(
  { name, value: expected }: Option,
  token: { readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
): string {
  const { inlineValue, value } = token;
  if (expected === undefined) {
    if (value !== undefined) throw new UsageError(`--${name} takes no value`, `write --${name}`);
    return 'true';
  }
  if (value === undefined || (inlineValue !== true && /^-./.test(value))) {
    throw new UsageError(`--${name} has no value`, `write --${name}=${expected}`);
  }
  return value;
}

export const one = (values: Values, name: string): string | undefined => values.get(name)?.at(-1);

export const flag = (values: Values, name: string): boolean => one(values, name) === 'true';

/** All values of an option that takes a list: given several times, or separated by commas. */
export const list = (values: Values, name: string): string[] =>
  (values.get(name) ?? []).flatMap((text) => text.split(',')).filter((text) => text !== '');

/** A whole number of at least 1. */
export function count(values: Values, name: string, fallback: number): number {
  const text = one(values, name);
  if (text === undefined) return fallback;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new UsageError(`--${name} is "${text}"`, 'give a whole number of at least 1');
  }
  return Number(text);
}

/** `90s`, `5m`, `1h`, or a number of minutes, as milliseconds. */
export function time(values: Values, name: string, fallback: number): number {
  const text = one(values, name);
  if (text === undefined) return fallback;
  const match = /^([1-9]\d{0,5})([smh]?)$/.exec(text);
  if (match === null) {
    throw new UsageError(`--${name} is "${text}"`, 'give a time such as 90s, 5m or 1h');
  }
  const seconds = { s: 1, m: 60, h: 3600, '': 60 }[match[2] ?? ''] ?? 60;
  return Number(match[1]) * seconds * 1000;
}

export function helpText(usage: string, about: string, options: readonly Option[]): string {
  const rows = options.map((option) => [
    `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.help,
  ]);
  const width = Math.max(...rows.map(([left]) => left?.length ?? 0));
  const lines = rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`);
  return [`Usage: ${usage}`, '', about, '', 'Options:', ...lines, ''].join('\n');
}
