/** The keys of a map: each once, and those that `<<` brings in. */
import { error, warning } from './codes.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import { LIMITS, type MapEntry, type MapNode, type Node, type ScalarNode } from './tree.ts';

export interface Pair {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface Merged {
  readonly entries: readonly MapEntry[];
  /** Values that merging has added, aliases expanded. */
  readonly added: number;
  /** Merged entries looked at. */
  readonly work: number;
}

/**
 * Entries in the order in which go-yaml decodes them: what `<<` brings stands where the `<<` is, so
 * it goes over what is written above it. In a list of maps the first one goes over the others.
 */
export function mergeEntries(pairs: readonly Pair[], diagnostics: Diagnostic[]): Merged {
  const entries: MapEntry[] = [];
  const written = new Map<string, Position>();
  let merge: Position | undefined;
  let work = 0;
  let added = 0;
  for (const { key, value } of pairs) {
    if (key.text === '<<' && key.tag === '' && key.plain) {
      if (merge !== undefined) diagnostics.push(duplicateMerge(key.position, merge));
      merge ??= key.position;
      const overwritten = new Set<string>();
      for (const map of mergedMaps(value, key.position, diagnostics).toReversed()) {
        work += map.entries.length + 1;
        // The caller stops the building; there is no use in going on until then.
        if (work > LIMITS.values) return { entries: [], added, work };
        for (const entry of map.entries) {
          if (written.has(entry.key.text)) overwritten.add(entry.key.text);
          entries.push(entry);
          added += entry.value.size;
        }
      }
      if (overwritten.size > 0) diagnostics.push(mergeOrder([...overwritten], key.position));
      continue;
    }
    const first = written.get(key.text);
    if (first === undefined) written.set(key.text, key.position);
    else diagnostics.push(duplicateKey(key, first));
    entries.push({ key, value });
  }
  return { entries, added, work };
}

function mergedMaps(
  value: Node,
  position: Position,
  diagnostics: Diagnostic[],
): readonly MapNode[] {
  if (value.kind === 'map') return [value];
  const maps = value.kind === 'list' ? value.items.filter((item) => item.kind === 'map') : [];
  if (value.kind !== 'list' || maps.length < value.items.length) {
    const message = 'a merge key `<<` takes a map, or a list of maps';
    const fix = 'write `<<: *anchor` where the anchor names a map';
    diagnostics.push(error('yaml-merge-type', position, message, fix));
  }
  return maps;
}

function duplicateKey(key: ScalarNode, first: Position): Diagnostic {
  const message = `\`${key.text}\` is given twice, ${firstPlace(first)}; what is given later goes over it`;
  return warning('yaml-duplicate-key', key.position, message, 'keep one of the two');
}

function duplicateMerge(position: Position, first: Position): Diagnostic {
  const message = `\`<<\` is given twice, ${firstPlace(first)}; what the later one brings goes over it`;
  const fix = 'write one `<<: [*a, *b]`, where the first of the list goes over the others';
  return warning('yaml-duplicate-key', position, message, fix);
}

const firstPlace = ({ line, column }: Position): string =>
  `first on line ${line}, column ${column}`;

function mergeOrder(keys: readonly string[], position: Position): Diagnostic {
  const list = keys.map((key) => `\`${key}\``).join(', ');
  const message = `\`<<\` stands below ${list} and brings ${keys.length === 1 ? 'it' : 'them'} too; what is merged goes over what is written`;
  return warning('yaml-merge-order', position, message, 'move `<<` to the top of the map');
}
