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
  /** Merged entries looked at, whether taken or not. */
  readonly work: number;
}

/**
 * A key that is written wins over a merged one, and an earlier merged map over a later one.
 * A key that is written twice is an error.
 */
export function mergeEntries(pairs: readonly Pair[], diagnostics: Diagnostic[]): Merged {
  const entries = new Map<string, MapEntry>();
  const merges: { readonly value: Node; readonly position: Position; readonly above: number }[] =
    [];
  for (const { key, value } of pairs) {
    if (key.text === '<<' && key.tag === '' && key.plain) {
      merges.push({ value, position: key.position, above: entries.size });
      continue;
    }
    const first = entries.get(key.text);
    if (first === undefined) entries.set(key.text, { key, value });
    else diagnostics.push(duplicateKey(key, first.key.position));
  }
  if (merges.length === 0) return { entries: [...entries.values()], added: 0, work: 0 };

  const written = [...entries.keys()];
  let added = 0;
  let work = 0;
  for (const { value, position, above } of merges) {
    const writtenAbove = new Set(written.slice(0, above));
    const overridden = new Set<string>();
    for (const map of mergedMaps(value, position, diagnostics)) {
      work += map.entries.length + 1;
      // The caller stops the building; there is no use in going on until then.
      if (work > LIMITS.values) return { entries: [], added, work };
      for (const entry of map.entries) {
        if (writtenAbove.has(entry.key.text)) overridden.add(entry.key.text);
        if (entries.has(entry.key.text)) continue;
        entries.set(entry.key.text, entry);
        added += entry.value.size;
      }
    }
    if (overridden.size > 0) diagnostics.push(mergeOrder([...overridden], position));
  }
  return { entries: [...entries.values()], added, work };
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
  const message = `\`${key.text}\` is given twice, first on line ${first.line}, column ${first.column}`;
  return error('yaml-duplicate-key', key.position, message, 'keep one of the two');
}

function mergeOrder(keys: readonly string[], position: Position): Diagnostic {
  const list = keys.map((key) => `\`${key}\``).join(', ');
  const message = `\`<<\` stands below ${list} and brings ${keys.length === 1 ? 'it' : 'them'} too; drone-runner-kube takes what is merged, this runner what is written`;
  return warning('yaml-merge-order', position, message, 'move `<<` to the top of the map');
}
