/** Whether two files mean the same to every reader of YAML. */
import { parseSource } from '../pipeline/source.ts';
import type { Node } from '../pipeline/tree.ts';

/** The same documents, with the same values under the same keys; the order of keys does not count. */
export function isSame(a: string, b: string): boolean {
  return meaning(a) === meaning(b);
}

const meaning = (text: string): string => parseSource(text).documents.map(describe).join('\n');

function describe(node: Node): string {
  switch (node.kind) {
    case 'scalar':
      return JSON.stringify([node.tag, node.plain, node.text]);
    case 'list':
      return `${node.tag}[${node.items.map(describe).join()}]`;
    case 'map': {
      const entries = node.entries.map(
        ({ key, value }) => [key.text, `${describe(key)}:${describe(value)}`] as const,
      );
      // Of entries with the same key the later one counts, so their order stays.
      const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
      return `${node.tag}{${sorted.map(([, text]) => text).join()}}`;
    }
  }
}
