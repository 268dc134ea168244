/** Single values, each by the type of its field. */
import { error, warning } from './codes.ts';
import { quoted, typeError, type Report } from './decode-report.ts';
import { resolveScalar, type ScalarValue } from './scalars.ts';
import type { Node, ScalarNode } from './tree.ts';

function resolve(node: ScalarNode, what: string, report: Report): ScalarValue | undefined {
  const value = resolveScalar(node);
  if (value === undefined) {
    const message = `the value of ${what} does not fit its tag \`${node.tag}\``;
    report(error('yaml-tag', node.position, message, `remove \`${node.tag}\``));
  }
  return value;
}

/** Any scalar, as it is written. */
export function decodeString(node: Node, what: string, report: Report): string | undefined {
  if (node.kind !== 'scalar') {
    report(typeError('type-string', what, 'a text', node, 'write a single text'));
    return undefined;
  }
  const value = resolve(node, what, report);
  if (value === undefined) return undefined;
  return value.kind === 'binary' ? new TextDecoder().decode(value.value) : node.text;
}

export function decodeBool(node: Node, what: string, report: Report): boolean | undefined {
  const value = node.kind === 'scalar' ? resolve(node, what, report) : undefined;
  if (value?.kind === 'bool') return value.value;
  if (node.kind !== 'scalar' || value !== undefined) {
    const isQuoted = node.kind === 'scalar' && !node.plain;
    const fix = isQuoted ? 'remove the quotes: `true` or `false`' : 'write `true` or `false`';
    report(typeError('type-bool', what, 'true or false', node, fix));
  }
  return undefined;
}

/** Fractions are cut off, as go-yaml does, with a warning. */
export function decodeInt(
  node: Node,
  what: string,
  unit: string,
  report: Report,
): number | undefined {
  const value = node.kind === 'scalar' ? resolve(node, what, report) : undefined;
  if (node.kind === 'scalar' && value === undefined) return undefined;
  if (value?.kind === 'int' && typeof value.value === 'number') return value.value;
  if (value?.kind === 'int' || (value?.kind === 'float' && !isSafe(value.value))) {
    const message = `${what} is ${node.kind === 'scalar' ? quoted(node.text) : ''}, more than a whole number can be`;
    report(error('type-int-range', node.position, message, 'write a smaller number'));
    return undefined;
  }
  if (value?.kind === 'float') {
    const whole = Math.trunc(value.value);
    if (whole !== value.value) {
      const message = `${what} is a whole number${unit === '' ? '' : ` of ${unit}`}; the fraction is dropped and ${whole} remains`;
      report(warning('type-int-fraction', node.position, message, `write \`${whole}\``));
    }
    return whole;
  }
  const expected = unit === '' ? 'a whole number' : `a whole number (${unit})`;
  report(typeError('type-int', what, expected, node, intFix(node, unit)));
  return undefined;
}

const isSafe = (value: number): boolean => Math.abs(value) <= Number.MAX_SAFE_INTEGER;

function intFix(node: Node, unit: string): string {
  if (node.kind === 'scalar') {
    if (!node.plain && /^[0-9]+$/.test(node.text)) return `remove the quotes: \`${node.text}\``;
    const milli = /^([0-9]+)m$/.exec(node.text);
    if (unit === 'millicores' && milli !== null) return `write \`${milli[1]}\`, without the m`;
    if (unit.endsWith(' id')) return 'write the numeric id, not the name';
  }
  return 'write digits, without quotes';
}

const MEMORY_UNITS = ['', 'k', 'm', 'g', 't', 'p'];

/** `500MiB`, `500 MB`, `500m` are the same; a fraction is allowed. undefined for other texts. */
export function memoryBytes(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)i?b?$/i.exec(text);
  if (match === null) return undefined;
  const unit = 1024 ** MEMORY_UNITS.indexOf(match[2]!.toLowerCase());
  const bytes = Math.floor(Number(match[1]) * unit);
  return isSafe(bytes) ? bytes : undefined;
}

export function decodeMemory(node: Node, what: string, report: Report): number | undefined {
  if (node.kind === 'scalar') {
    const value = resolve(node, what, report);
    if (value === undefined) return undefined;
    if (value.kind === 'int' && typeof value.value === 'number') return value.value;
    const bytes = memoryBytes(node.text);
    if (bytes !== undefined) return bytes;
  }
  const fix = 'write bytes as a number, or an amount such as `500MiB` or `2GiB`';
  report(typeError('type-memory', what, 'an amount of memory', node, fix));
  return undefined;
}

/** Plain data as `Step.settings` describes it; undefined where a tag does not fit. */
export function decodeAny(node: Node, what: string, report: Report): unknown {
  if (node.kind === 'list') return node.items.map((item) => decodeAny(item, what, report) ?? null);
  if (node.kind === 'map') {
    return new Map(
      node.entries.map(({ key, value }) => [keyName(key), decodeAny(value, what, report) ?? null]),
    );
  }
  const value = resolve(node, what, report);
  if (value === undefined) return undefined;
  return value.kind === 'null' ? null : value.value;
}

/** Drone writes such a map as JSON, where `yes` is the key `true` and `0x10` is `16`. */
function keyName(key: ScalarNode): string {
  const resolved = resolveScalar(key);
  switch (resolved?.kind) {
    case 'bool':
    case 'int':
    case 'float':
      return String(resolved.value);
    case 'null':
      return 'null';
    case 'string':
    case 'binary':
    case undefined:
      return key.text;
  }
}
