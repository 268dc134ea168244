/** From what is written in a document to its text, always in the same layout. */
import type { Comment, Concrete, ConcreteDocument, ConcreteMap, Flow, Slot } from './concrete.ts';

/** A list or map in brackets that makes its line longer than this gets a line for each entry. */
const WIDTH = 80;

const INDENT = 2;

/** The lines of the document, without `---`. */
export function printDocument({ head, blank, root }: ConcreteDocument): readonly string[] {
  const top = comments(head, 0, true);
  return [...top, ...(top.length > 0 && blank ? [''] : []), ...printMap(root, 0)];
}

const pad = (indent: number): string => ' '.repeat(indent);

function comments(list: readonly Comment[], indent: number, first: boolean): string[] {
  return list.flatMap(({ text, blank }, index) => [
    ...(blank && !(first && index === 0) ? [''] : []),
    pad(indent) + text,
  ]);
}

/** Comments and blank lines above an entry; there is no blank line above the first. */
const above = ({ lead, blank }: Slot, indent: number, first: boolean): string[] => [
  ...comments(lead, indent, first),
  ...(blank && !(first && lead.length === 0) ? [''] : []),
];

function printMap({ pairs, tail }: ConcreteMap, indent: number): string[] {
  const lines = pairs.flatMap((pair, index) => [
    ...above(pair, indent, index === 0),
    ...printValue(`${pad(indent)}${pair.key}:`, pair, indent),
  ]);
  return [...lines, ...comments(tail, indent, false)];
}

function printList(items: readonly Slot[], tail: readonly Comment[], indent: number): string[] {
  const lines = items.flatMap((slot, index) => {
    const item = hoist(slot);
    return [
      ...above(item, indent, index === 0),
      ...(printItem(item, indent) ?? printValue(`${pad(indent)}-`, item, indent)),
    ];
  });
  return [...lines, ...comments(tail, indent, false)];
}

/** Comments above the first entry of an item stand above its dash. */
function hoist(slot: Slot): Slot {
  if (!isCompact(slot)) return slot;
  const { value } = slot;
  const entries = value.kind === 'map' ? value.pairs : value.items;
  const first = value.kind === 'map' ? entries[0] : entries[0] && hoist(entries[0]);
  if (first === undefined) return slot;
  const [comment, ...others] = first.lead;
  const bare = { lead: [], blank: false };
  const whole =
    value.kind === 'map'
      ? { ...value, pairs: value.pairs.map((pair, n) => (n === 0 ? { ...pair, ...bare } : pair)) }
      : { ...value, items: value.items.map((item, n) => (n === 0 ? { ...first, ...bare } : item)) };
  if (comment === undefined) return { ...slot, value: whole };
  const moved = [
    { ...comment, blank: slot.blank || (slot.lead.length > 0 && comment.blank) },
    ...others,
  ];
  return { ...slot, lead: [...slot.lead, ...moved], blank: first.blank, value: whole };
}

/** Whether it begins on the line of its dash: `- name: …`. */
const isCompact = (
  slot: Slot,
): slot is Slot & { readonly value: Concrete & { readonly kind: 'map' | 'list' } } =>
  (slot.value.kind === 'map' || slot.value.kind === 'list') &&
  slot.value.properties === '' &&
  slot.note === '';

function printItem(slot: Slot, indent: number): string[] | undefined {
  if (!isCompact(slot)) return undefined;
  const [first = '', ...others] = printCollection(slot.value, indent + INDENT);
  return [`${pad(indent)}- ${first.slice(indent + INDENT)}`, ...others];
}

const printCollection = (
  value: Concrete & { readonly kind: 'map' | 'list' },
  indent: number,
): string[] =>
  value.kind === 'map' ? printMap(value, indent) : printList(value.items, value.tail, indent);

const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');

/** `head` is the key or the dash with its indentation. */
function printValue(head: string, { note, value }: Slot, indent: number): string[] {
  const inner = indent + INDENT;
  switch (value.kind) {
    case 'none':
      return [join(head, note), ...comments(value.below, inner, true)];
    case 'map':
    case 'list':
      return [join(head, value.properties, note), ...printCollection(value, inner)];
    case 'block':
      return [
        join(head, value.header),
        ...value.lines.map((line) => (line === '' ? '' : pad(inner) + line)),
      ];
    case 'scalar': {
      const [first = '', ...others] = value.lines;
      const rest = others.map((line) => (line === '' ? '' : pad(inner) + line));
      const below = value.apart && others.length > 0;
      return placed(head, note, value, [first, ...rest], below, inner);
    }
    case 'verbatim': {
      const lines = value.lines.map(({ indent: own, text }, index) =>
        index === 0 || text === '' ? text : pad(indent + own) + text,
      );
      return placed(head, note, value, lines, false, inner);
    }
    case 'flow': {
      const text = printFlow(value.flow);
      const fits = join(head, text).length <= WIDTH || !canUnfold(value.flow, text);
      if (fits || value.below.length > 0 || note !== '') {
        return placed(head, note, value, [text], false, inner);
      }
      const slot = { lead: [], blank: false, note: value.after, value: unfold(value.flow) };
      return printSlot(head, slot, indent);
    }
  }
}

function printSlot(head: string, slot: Slot, indent: number): string[] {
  const compact = head.endsWith('-') ? printItem(slot, indent) : undefined;
  return compact ?? printValue(head, slot, indent);
}

/** On the line of the key, or below it where something is between. */
function placed(
  head: string,
  note: string,
  { below, after }: { readonly below: readonly Comment[]; readonly after: string },
  lines: readonly string[],
  apart: boolean,
  inner: number,
): string[] {
  const [first = '', ...others] = lines;
  const isApart = apart || note !== '' || below.length > 0;
  const whole = isApart
    ? [join(head, note), ...comments(below, inner, true), pad(inner) + first, ...others]
    : [join(head, first), ...others];
  return [...whole.slice(0, -1), join(whole.at(-1)!, after)];
}

function printFlow(flow: Flow): string {
  if (flow.kind === 'atom') return flow.text;
  const { properties } = flow;
  if (flow.kind === 'list') return join(properties, `[${flow.items.map(printFlow).join(', ')}]`);
  const pairs = flow.pairs.map(({ key, value }) => `${key}: ${printFlow(value)}`);
  return join(properties, pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`);
}

/** What a `${…}` stands for may have commas. */
const canUnfold = (flow: Flow, text: string): boolean =>
  flow.kind !== 'atom' &&
  (flow.kind === 'list' ? flow.items : flow.pairs).length > 0 &&
  !text.includes('${');

function unfold(flow: Flow): Concrete {
  const slot = (value: Flow): Slot => ({
    lead: [],
    blank: false,
    note: '',
    value:
      value.kind === 'atom'
        ? { kind: 'scalar', lines: [value.text], below: [], after: '', apart: false }
        : { kind: 'flow', flow: value, below: [], after: '' },
  });
  if (flow.kind === 'map') {
    const pairs = flow.pairs.map(({ key, name, value }) => ({ ...slot(value), key, name }));
    return { kind: 'map', properties: flow.properties, pairs, tail: [] };
  }
  const items = flow.kind === 'list' ? flow.items : [];
  const properties = flow.kind === 'list' ? flow.properties : '';
  return { kind: 'list', properties, items: items.map(slot), tail: [] };
}
