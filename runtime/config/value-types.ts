/**
 * The types of variables: how the text of one is read, and what is said where it does not fit.
 * Where drone-runner-kube reads the same variable, everything that it takes means the same here.
 */
import { nearest } from '../pipeline/nearest.ts';
import { isNamespace, isSubdomain, TEMPORARY_NAMESPACE } from './kubernetes-names.ts';

/** `wrong` follows the name of the variable: `is "x", not a boolean`. */
export type Parsed<T> = { readonly value: T } | { readonly wrong: string; readonly fix: string };

export interface ValueType<T = unknown> {
  /** As the documentation calls it. */
  readonly name: string;
  /** Of the problem of a text that does not fit. */
  readonly code: string;
  /** No message may show any part of the text. */
  readonly secret: boolean;
  /** The text is never empty: an empty variable is one that is not set. */
  readonly parse: (text: string) => Parsed<T>;
}

const plain = <T>(
  name: string,
  code: string,
  parse: (text: string) => Parsed<T>,
): ValueType<T> => ({
  name,
  code: `config-${code}`,
  secret: false,
  parse,
});

const not = (text: string, what: string): string =>
  `is "${text.length > 60 ? `${text.slice(0, 60)}…` : text}", not ${what}`;

export const text: ValueType<string> = plain('text', 'text', (value) => ({ value }));

export const secret: ValueType<string> = { ...text, name: 'secret', secret: true };

/** A secret that is sent in the header of a request; a line break at its end is easily overlooked. */
export const headerSecret: ValueType<string> = {
  ...secret,
  parse: (value) =>
    /^[\t\x20-\x7E]+$/.test(value) && value === value.trim()
      ? { value }
      : {
          wrong: 'has a character that no header can carry, or blanks or a line break at an end',
          fix: 'write the secret without them; `kubectl create secret --from-file` keeps the last line break of the file',
        },
};

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'False', 'FALSE']);

export const boolean: ValueType<boolean> = plain('boolean', 'boolean', (value) => {
  if (TRUE.has(value)) return { value: true };
  if (FALSE.has(value)) return { value: false };
  return { wrong: not(value, 'a boolean'), fix: 'write true or false' };
});

/** Decimal, or with the prefixes of Go: `0x`, `0o`, `0b`, and `0` for octal. */
export const integer = (min: number, max = 2 ** 31 - 1): ValueType<number> =>
  plain('integer', 'integer', (value) => {
    const number = goInteger(value);
    if (number !== undefined && number >= min && number <= max) return { value: number };
    const range = max === 2 ** 31 - 1 ? `of at least ${min}` : `from ${min} to ${max}`;
    return { wrong: not(value, `a whole number ${range}`), fix: `write a whole number ${range}` };
  });

function goInteger(value: string): number | undefined {
  const match = /^([-+]?)(?:(0[xX][\da-fA-F]+|0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9]\d*))$/.exec(
    value,
  );
  if (match === null || value.length > 40) return undefined;
  const [, sign, prefixed, octal, decimal] = match;
  const magnitude = Number(prefixed ?? decimal ?? `0o${octal}`);
  return sign === '-' ? -magnitude : magnitude;
}

/** A number above 0, with a fraction or without. */
export const positive: ValueType<number> = plain('number', 'number', (value) => {
  const number = /^\d{1,9}(?:\.\d{1,9})?$/.test(value) ? Number(value) : 0;
  if (number > 0) return { value: number };
  return { wrong: not(value, 'a number above 0'), fix: 'write a number above 0, such as 50' };
});

/** Millicores. */
export const cpu: ValueType<number> = plain('millicores', 'cpu', (value) => {
  const number = goInteger(value);
  if (number !== undefined && number >= 0 && number < 2 ** 31) return { value: number };
  const quantity = /^(\d{1,7})m$/.exec(value)?.[1];
  const cores = /^\d{1,5}\.\d{1,3}$/.test(value) ? String(Math.round(Number(value) * 1000)) : '500';
  return {
    wrong: not(value, 'a whole number of millicores'),
    fix: `write ${quantity ?? cores}; 1000 is one core`,
  };
});

const SIZE_UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** Bytes. The units are binary whatever they are called: `100mb`, `100MiB` and `100m` are the same. */
export const size: ValueType<number> = plain('size', 'size', (value) => {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(value);
  const power = SIZE_UNITS.indexOf(match?.[2]?.toLowerCase() ?? '');
  const bytes = match === null ? Number.NaN : Math.floor(Number(match[1]) * 1024 ** power);
  if (Number.isSafeInteger(bytes)) return { value: bytes };
  return { wrong: not(value, 'a size'), fix: 'write bytes, or a size such as 512MiB or 2GiB' };
});

/** Whole seconds, as a number or as `10m` or `1h30m`. */
export const seconds = (min: number): ValueType<number> =>
  plain('seconds', 'seconds', (value) => {
    const match = /^(?=\d)(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s?)?$/.exec(value);
    const [h, m, s] = [match?.[1] ?? 0, match?.[2] ?? 0, match?.[3] ?? 0].map(Number);
    const total = match === null ? -1 : (h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0);
    if (total >= min) return { value: total };
    const least = `at least ${min}`;
    return {
      wrong: not(value, `a number of seconds of ${least}`),
      fix: `write whole seconds, ${least}, such as 600, or a time such as 10m`,
    };
  });

export const choice = <T extends string>(...choices: readonly T[]): ValueType<T> =>
  plain(choices.join(' or '), 'choice', (value) => {
    const chosen = choices.find((candidate) => candidate === value);
    if (chosen !== undefined) return { value: chosen };
    return { wrong: not(value, choices.join(' or ')), fix: `write ${choices.join(' or ')}` };
  });

/** Blanks around an entry do not count. A list of nothing must not pass for "no limit". */
export const list: ValueType<readonly string[]> = plain('list', 'list', (value) => {
  const entries = value.split(',').map((entry) => entry.trim());
  const given = entries.filter((entry) => entry !== '');
  if (given.length > 0) return { value: given };
  return { wrong: 'is a list without an entry', fix: 'write entries with commas, or leave it out' };
});

/** A list of such words only. */
export const words = <T extends string>(known: readonly T[]): ValueType<readonly T[]> =>
  plain('list', 'list', (value) => {
    const parsed = list.parse(value);
    if ('wrong' in parsed) return parsed;
    const found = parsed.value.map((entry) => known.find((word) => word === entry) ?? { entry });
    const wrong = found.find((word) => typeof word === 'object');
    if (wrong === undefined) return { value: found.filter((word) => typeof word === 'string') };
    const near = nearest(wrong.entry, known);
    const fix = near === undefined ? `write some of ${known.join(', ')}` : `did you mean ${near}?`;
    return { wrong: `has the entry "${wrong.entry}", which is not known`, fix };
  });

/** The value of an entry may contain colons, but no comma. */
export const map: ValueType<ReadonlyMap<string, string>> = mapOf(false);

/** A map whose values are nobody's business. */
export const secretMap: ValueType<ReadonlyMap<string, string>> = mapOf(true);

function mapOf(hidden: boolean): ValueType<ReadonlyMap<string, string>> {
  const parse = (value: string): Parsed<ReadonlyMap<string, string>> => {
    const entries = new Map<string, string>();
    for (const [index, entry] of value.split(',').entries()) {
      const colon = entry.indexOf(':');
      const key = entry.slice(0, Math.max(colon, 0)).trim();
      if (key === '') {
        const shown = hidden ? '' : ` ("${entry}")`;
        const lack = colon === -1 ? 'has no colon' : 'has no name before its colon';
        return {
          wrong: `is no map: its entry ${index + 1}${shown} ${lack}`,
          fix: 'write name:value,name:value; a value cannot contain a comma',
        };
      }
      entries.set(key, entry.slice(colon + 1));
    }
    return { value: entries };
  };
  return { name: hidden ? 'secret map' : 'map', code: 'config-map', secret: hidden, parse };
}

/** A map that has to hold more than its form; `wrongWith` gives the end of a sentence. */
export const mapWhere = (
  wrongWith: (entries: ReadonlyMap<string, string>) => string | undefined,
  fix: string,
): ValueType<ReadonlyMap<string, string>> =>
  plain('map', 'map', (value) => {
    const parsed = map.parse(value);
    const wrong = 'value' in parsed ? wrongWith(parsed.value) : undefined;
    return wrong === undefined ? parsed : { wrong, fix };
  });

export const namespace: ValueType<string> = plain('namespace', 'namespace', (value) =>
  isNamespace(value)
    ? { value }
    : {
        wrong: not(value, 'the name of a namespace'),
        fix: 'write at most 63 lower-case letters, digits and `-`, with a letter or digit at both ends',
      },
);

/** A namespace, or `drone-` for one that is made for each stage. */
export const stageNamespace: ValueType<string> = {
  ...namespace,
  parse: (value) => (value === TEMPORARY_NAMESPACE ? { value } : namespace.parse(value)),
};

export const objectName: ValueType<string> = plain('name', 'name', (value) =>
  isSubdomain(value)
    ? { value }
    : {
        wrong: not(value, 'the name of a Kubernetes object'),
        fix: 'write lower-case letters, digits, `-` and `.`, with a letter or digit at both ends',
      },
);

/** A path; whoever reads the variable reads the file. */
export const file: ValueType<string> = plain('file', 'file', (value) => ({ value }));
