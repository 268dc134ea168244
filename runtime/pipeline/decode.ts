/**
 * From a tree to values, guided by a schema. Each field decides what a scalar means, as in go-yaml:
 * a text field keeps `1.10` and `yes` as they are written; null is the same as absent.
 */
import { error, warning } from './codes.ts';
import { decodeCondition } from './decode-condition.ts';
import { decodeAny, decodeBool, decodeInt, decodeMemory, decodeString } from './decode-scalar.ts';
import { isNull, quoted, typeError, type Report } from './decode-report.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { ValueOrSecret } from './model.ts';
import { nearest } from './nearest.ts';
import type {
  ChoiceSchema,
  Decoded,
  Fields,
  ListSchema,
  MapSchema,
  ObjectSchema,
  Schema,
  SecretSchema,
} from './schema.ts';
import type { Node } from './tree.ts';

/**
 * Decodes the root of a document. What is wrong goes to `report`; what could be decoded is
 * returned all the same. undefined only if the root is no map.
 */
export function decodeDocument<Members extends Fields>(
  schema: ObjectSchema<Members>,
  root: Node,
  report: Report,
): Decoded<Members> | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see decode
  return decode(schema, root, schema.name, report) as Decoded<Members> | undefined;
}

/**
 * undefined where the value is refused; the reason has been reported then. The node is not null.
 * The result is what `Infer` says of the schema, which TypeScript cannot follow through a switch.
 */
function decode(schema: Schema, node: Node, what: string, report: Report): unknown {
  switch (schema.kind) {
    case 'string':
      return decodeString(node, what, report);
    case 'reference': {
      const name = decodeString(node, what, report);
      return name === undefined ? undefined : { name, position: node.position };
    }
    case 'choice':
      return decodeChoice(schema, node, what, report);
    case 'int':
      return decodeInt(node, what, schema.unit, report);
    case 'bool':
      return decodeBool(node, what, report);
    case 'memory':
      return decodeMemory(node, what, report);
    case 'any':
      return decodeAny(node, what, report);
    case 'condition':
      return decodeCondition([node], what, report);
    case 'list':
      return decodeList(schema, node, what, report);
    case 'map':
      return decodeMap(schema, node, what, report);
    case 'secret':
      return decodeSecret(schema, node, what, report);
    case 'object':
      return decodeObject(schema, node, what, report);
  }
}

function decodeChoice(
  schema: ChoiceSchema,
  node: Node,
  what: string,
  report: Report,
): string | undefined {
  const text = decodeString(node, what, report);
  if (text === undefined || (text === '' && !schema.strict)) return text;
  const value = schema.ignoreCase ? text.toLowerCase() : text;
  if (schema.values.includes(value)) return value;
  const known = schema.values.map((name) => `\`${name}\``).join(', ');
  const near = nearest(text, schema.values);
  const one = schema.values.length === 1 ? '' : 'one of ';
  const fix = near === undefined ? `write ${one}${known}` : `did you mean \`${near}\`?`;
  if (schema.strict) {
    const message = `${what} is ${quoted(text)}, which is not ${one}${known}`;
    report(error('type-value', node.position, message, fix));
    return undefined;
  }
  const message = `${what} is ${quoted(text)}, which has no meaning and is ignored`;
  report(warning('type-choice', node.position, message, fix));
  return undefined;
}

/** The name of a single thing in a list called `what`. */
const itemOf = (what: string): string => `an entry of ${what}`;

function decodeList(
  schema: ListSchema,
  node: Node,
  what: string,
  report: Report,
): readonly unknown[] | undefined {
  if (node.kind !== 'list') {
    const fix =
      node.kind === 'scalar'
        ? `write \`- \` before it, on a line of its own: \`- ${firstLine(node.text)}\``
        : 'write each entry on a line of its own, with `- ` before it';
    report(typeError('type-list', what, 'a list', node, fix));
    return undefined;
  }
  const items: unknown[] = [];
  for (const item of node.items) {
    const value = isNull(item)
      ? decodeNullItem(schema.items, item, what, report)
      : decode(schema.items, item, itemOf(what), report);
    if (value !== undefined) items.push(value);
  }
  return items;
}

/** An empty text is a text; any other entry of a list has to say something. */
function decodeNullItem(schema: Schema, node: Node, what: string, report: Report): unknown {
  if (schema.kind === 'string') return '';
  if (schema.kind === 'reference') return { name: '', position: node.position };
  const message = `${itemOf(what)} is empty`;
  const fix = 'remove the `-`, or write the entry behind it';
  report(error('type-empty-item', node.position, message, fix));
  return undefined;
}

function decodeMap(
  schema: MapSchema,
  node: Node,
  what: string,
  report: Report,
): ReadonlyMap<string, unknown> | undefined {
  if (node.kind !== 'map') {
    const fix = 'write `key: value` on a line of its own for each entry';
    report(typeError('type-map', what, 'a map', node, fix));
    return undefined;
  }
  const values = new Map<string, unknown>();
  for (const { key, value } of node.entries) {
    if (isNull(value)) {
      // go-yaml makes '' of a null where the values are texts, and drops it where they are not.
      if (schema.values.kind === 'string') values.set(key.text, '');
      else values.delete(key.text);
      continue;
    }
    const decoded = decode(schema.values, value, `\`${key.text}\` of ${what}`, report);
    if (decoded !== undefined) values.set(key.text, decoded);
  }
  return values;
}

function decodeSecret(
  schema: SecretSchema,
  node: Node,
  what: string,
  report: Report,
): ValueOrSecret<unknown> | undefined {
  if (node.kind === 'map') {
    const secret = entryOf(node, 'from_secret');
    if (secret?.kind === 'scalar' && !isNull(secret) && secret.text !== '') {
      return { fromSecret: secret.text };
    }
    if (schema.value.kind === 'string') {
      const value = entryOf(node, 'value');
      if (value?.kind === 'scalar') return { value: isNull(value) ? '' : value.text };
    }
  }
  if (schema.value.kind === 'any') {
    const value = decodeAny(node, what, report);
    return value === undefined ? undefined : { value };
  }
  if (node.kind !== 'scalar') {
    const fix = 'write a text, or `from_secret: name`';
    report(typeError('type-secret', what, 'a text or `from_secret`', node, fix));
    return undefined;
  }
  const value = decodeString(node, what, report);
  return value === undefined ? undefined : { value };
}

const entryOf = (node: Node & { readonly kind: 'map' }, name: string): Node | undefined =>
  node.entries.findLast(({ key }) => key.text === name)?.value;

function decodeObject(
  schema: ObjectSchema,
  node: Node,
  what: string,
  report: Report,
): Decoded | undefined {
  if (node.kind !== 'map') {
    const some = Object.keys(schema.fields).slice(0, 2).join(': …` or `');
    const fix = `write its keys on lines of their own, such as \`${some}: …\``;
    report(typeError('type-map', what, 'a map', node, fix));
    return undefined;
  }
  const given = new Map<string, Node[]>();
  for (const { key, value } of node.entries) {
    if (!Object.hasOwn(schema.fields, key.text)) {
      report(unknownKey(schema, key.text, key.position));
    } else if (isNull(value)) {
      given.delete(key.text);
    } else {
      const earlier = given.get(key.text);
      if (earlier === undefined) given.set(key.text, [value]);
      else earlier.push(value);
    }
  }
  const fields: Record<string, unknown> = {};
  const places = new Map<string, Position>();
  const failed = new Set<string>();
  for (const [name, values] of given) {
    places.set(name, values.at(-1)!.position);
    const inner = schema.fields[name]!.schema;
    if (inner.kind === 'map') for (const each of values) addPlaces(places, name, each);
    const decoded = decodeValues(inner, values, `\`${name}\``, report);
    if (decoded === undefined) failed.add(name);
    else fields[name] = decoded;
  }
  return { position: node.position, fields, places, failed };
}

/** The places of the values of a map, as `environment.PATH`. */
function addPlaces(places: Map<string, Position>, name: string, map: Node): void {
  if (map.kind !== 'map') return;
  for (const { key, value } of map.entries) places.set(`${name}.${key.text}`, value.position);
}

/**
 * All values of one key of an object; there are several where the key is given again or merged. As
 * in go-yaml, maps are put together key by key; of anything else the last one counts.
 */
function decodeValues(
  schema: Schema,
  nodes: readonly Node[],
  what: string,
  report: Report,
): unknown {
  if (schema.kind === 'condition') return decodeCondition(nodes, what, report);
  const last = nodes.at(-1)!;
  if (nodes.length === 1 || (schema.kind !== 'object' && schema.kind !== 'map')) {
    return decode(schema, last, what, report);
  }
  const maps = nodes.flatMap((node) => (node.kind === 'map' ? [node] : []));
  const other = nodes.find((node) => node.kind !== 'map');
  const whole = { ...maps.at(-1)!, entries: maps.flatMap(({ entries }) => entries) };
  return decode(schema, other ?? whole, what, report);
}

/** Keys that other runners of Drone know. */
const KEYS_OF_OTHERS: ReadonlySet<string> = new Set([
  'build',
  'devices',
  'dns',
  'dns_search',
  'extra_hosts',
  'mem_limit',
  'memswap_limit',
  'network_mode',
  'ports',
  'push',
  'shm_size',
  'tty',
]);

function unknownKey(schema: ObjectSchema, key: string, position: Position): Diagnostic {
  const message = `\`${key}\` is not a key of ${schema.name} and has no effect`;
  const known = Object.keys(schema.fields);
  const near = nearest(key, known);
  let fix = `remove it; the keys are ${known.join(', ')}`;
  if (KEYS_OF_OTHERS.has(key)) fix = 'remove it; only other runners of Drone know it';
  else if (near !== undefined) fix = `did you mean \`${near}\`?`;
  return warning('type-unknown-key', position, message, fix);
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 40);
