/** Keys in the order of the documentation, which is the order of the schema. */
import type { ConditionSchema, Fields, Schema } from '../pipeline/schema.ts';
import type { Concrete, ConcreteMap, Flow } from './concrete.ts';

/**
 * Orders the keys of every object that the schema knows; keys that it does not know come last, in
 * the order in which they are. Maps of the user, such as variables, stay as they are.
 */
export function orderMap(map: ConcreteMap, schema: Schema): ConcreteMap {
  const members = membersOf(schema);
  const pairs = map.pairs.map((pair) => {
    const inner = innerOf(schema, pair.name);
    return inner === undefined ? pair : { ...pair, value: orderValue(pair.value, inner) };
  });
  return { ...map, pairs: members === undefined ? pairs : sorted(pairs, members) };
}

function orderValue(value: Concrete, schema: Schema): Concrete {
  switch (value.kind) {
    case 'map':
      return orderMap(value, schema);
    case 'list': {
      if (schema.kind !== 'list') return value;
      const items = value.items.map((item) => ({
        ...item,
        value: orderValue(item.value, schema.items),
      }));
      return { ...value, items };
    }
    case 'flow':
      return { ...value, flow: orderFlow(value.flow, schema) };
    case 'none':
    case 'scalar':
    case 'block':
    case 'verbatim':
      return value;
  }
}

function orderFlow(flow: Flow, schema: Schema): Flow {
  if (flow.kind === 'list') {
    if (schema.kind !== 'list') return flow;
    return { ...flow, items: flow.items.map((item) => orderFlow(item, schema.items)) };
  }
  if (flow.kind === 'atom') return flow;
  const members = membersOf(schema);
  const pairs = flow.pairs.map((pair) => {
    const inner = innerOf(schema, pair.name);
    return inner === undefined ? pair : { ...pair, value: orderFlow(pair.value, inner) };
  });
  return { ...flow, pairs: members === undefined ? pairs : sorted(pairs, members) };
}

const CONDITION_MEMBERS: readonly string[] = ['include', 'exclude'];

/** undefined where the keys are those of the user. */
function membersOf(schema: Schema): readonly string[] | undefined {
  if (schema.kind === 'object') return Object.keys(schema.fields);
  return isCondition(schema) ? CONDITION_MEMBERS : undefined;
}

const isCondition = (schema: Schema): schema is ConditionSchema => schema.kind === 'condition';

function innerOf(schema: Schema, name: string): Schema | undefined {
  if (schema.kind === 'map') return schema.values;
  if (schema.kind !== 'object') return undefined;
  const fields: Fields = schema.fields;
  return Object.hasOwn(fields, name) ? fields[name]?.schema : undefined;
}

/** Where a key is given twice or merged, the order has a meaning. */
function sorted<Pair extends { readonly name: string }>(
  pairs: readonly Pair[],
  members: readonly string[],
): readonly Pair[] {
  const names = new Set(pairs.map(({ name }) => name));
  if (names.size < pairs.length || names.has('<<')) return pairs;
  const rank = ({ name }: Pair): number => {
    const index = members.indexOf(name);
    return index < 0 ? members.length : index;
  };
  return pairs.toSorted((a, b) => rank(a) - rank(b));
}
