/** The options of the verbs, as one table: it parses the command line and prints the help. */
import { parseArgs } from 'node:util';
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

/** Throws a UsageError that names the nearest option for one that does not exist. */
export function parseOptions(args: readonly string[], options: readonly Option[]): Parsed {
  const table = Object.fromEntries(
    options.map((option) => [
      option.name,
      {
        type: option.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true as const,
      },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...table, help: { type: 'boolean', multiple: true, short: 'h' } },
      allowPositionals: true,
      strict: true,
    });
    const map = new Map(
      Object.entries(values).map(([name, found]) => [name, [found].flat().map(String)]),
    );
    for (const option of options) {
      if (option.many !== true && (map.get(option.name)?.length ?? 0) > 1) {
        throw new UsageError(`--${option.name} was given more than once`, `give it once`);
      }
    }
    return { values: map, positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split('.', 1)[0] ?? message, 'see the list with --help');
  }
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
