/**
 * A document as it is written: its comments and blank lines, and each value as text. Only where
 * things stand is forgotten, because that is what formatting decides.
 */

export interface Comment {
  /** From the `#` on. */
  readonly text: string;
  /** Of the `#`, from 0. */
  readonly column: number;
  /** Whether a blank line stands above it. */
  readonly blank: boolean;
}

/** The place of one value in a list or a map. */
export interface Slot {
  /** Comments on lines of their own above it. */
  readonly lead: readonly Comment[];
  /** Whether a blank line stands above it, below `lead`. */
  readonly blank: boolean;
  /** A comment behind the key or the dash, whose value begins on a later line; '' without one. */
  readonly note: string;
  readonly value: Concrete;
}

export interface ConcretePair extends Slot {
  /** As it is written, quotes included. */
  readonly key: string;
  /** What the key says. */
  readonly name: string;
}

export interface ConcreteMap {
  readonly kind: 'map';
  /** Anchor and tag, '' without them. */
  readonly properties: string;
  readonly pairs: readonly ConcretePair[];
  /** Comments below the last pair. */
  readonly tail: readonly Comment[];
}

export interface ConcreteList {
  readonly kind: 'list';
  readonly properties: string;
  readonly items: readonly Slot[];
  readonly tail: readonly Comment[];
}

export type Flow =
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'list'; readonly properties: string; readonly items: readonly Flow[] }
  | { readonly kind: 'map'; readonly properties: string; readonly pairs: readonly FlowPair[] };

export interface FlowPair {
  readonly key: string;
  readonly name: string;
  readonly value: Flow;
}

/** Shared by values that stand on the line of their key, or below it where comments are between. */
interface Inline {
  /** Comments between the key and the value. */
  readonly below: readonly Comment[];
  /** A comment behind the value; '' without one. */
  readonly after: string;
}

export type Concrete =
  | { readonly kind: 'none'; readonly below: readonly Comment[] }
  | (Inline & {
      readonly kind: 'scalar';
      /** Anchor and tag included; lines after the first without their indentation. */
      readonly lines: readonly string[];
      /** Whether it begins below its key. */
      readonly apart: boolean;
    })
  | {
      readonly kind: 'block';
      /** `|-` for instance, with anchor, tag and comment. */
      readonly header: string;
      /** Without their common indentation. */
      readonly lines: readonly string[];
    }
  | (Inline & { readonly kind: 'flow'; readonly flow: Flow })
  | (Inline & {
      readonly kind: 'verbatim';
      /** In brackets, with comments for instance; indentation relative to the list or map it is in. */
      readonly lines: readonly { readonly indent: number; readonly text: string }[];
    })
  | ConcreteMap
  | ConcreteList;

export interface ConcreteDocument {
  /** Comments at the top; they stay there whatever becomes the first key. */
  readonly head: readonly Comment[];
  /** Whether a blank line stands below `head`. */
  readonly blank: boolean;
  readonly root: ConcreteMap;
  /**
   * Whether the order of its keys has a meaning: an anchor has to stand above its aliases, and to a
   * text under `|+` belong all blank lines that follow it.
   */
  readonly ordered: boolean;
  /** All comments, in the order of the text. */
  readonly comments: readonly string[];
}
