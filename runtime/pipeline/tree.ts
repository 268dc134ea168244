/** A YAML document as a tree with positions: aliases followed, merge keys merged. */
import type { Position } from './diagnostics.ts';
import type { ScalarSource } from './scalars.ts';

interface NodeBase {
  readonly position: Position;
  /** As it is written, `!!int`; '' without one. */
  readonly tag: string;
  /** Values in it, itself included, aliases expanded. */
  readonly size: number;
  /** Levels of lists and maps in it, aliases expanded; 0 for a scalar. */
  readonly depth: number;
}

export interface ScalarNode extends NodeBase, ScalarSource {
  readonly kind: 'scalar';
  readonly tag: string;
}

export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface MapEntry {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  /**
   * In the order in which they count: of entries with the same key a later one goes over an
   * earlier one. Those of merged maps stand in the place of the `<<`.
   */
  readonly entries: readonly MapEntry[];
}

export type Node = ScalarNode | ListNode | MapNode;

/** Bounds of what one file may cost. */
export const LIMITS = {
  /** Levels of lists and maps. */
  depth: 100,
  aliases: 10_000,
  /** Values in the file, aliases expanded and merged entries counted. */
  values: 100_000,
} as const;
