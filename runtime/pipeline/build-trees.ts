/** Builds the trees of documents from the events of the YAML parser. */
import {
  COLLECTION_STYLE,
  EVENT_ID,
  getScalarValue,
  SCALAR_STYLE,
  type Event,
  type ScalarEvent,
} from 'js-yaml';
import { error, type ErrorCode } from './codes.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import { mergeEntries, type Pair } from './merge.ts';
import { nearest } from './nearest.ts';
import type { Locate } from './position.ts';
import { LIMITS, type Node } from './tree.ts';

interface Frame {
  readonly kind: 'document' | 'list' | 'map';
  readonly position: Position;
  /** Offset of the bracket of a flow list or map. */
  readonly bracket: number | undefined;
  readonly tag: string;
  readonly anchor: string | undefined;
  readonly children: Node[];
  size: number;
  depth: number;
}

/** Stops the building; what has been built before is kept. */
class Stop {
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic) {
    this.diagnostic = diagnostic;
  }
}

export function buildTrees(
  events: readonly Event[],
  text: string,
  locate: Locate,
): { readonly documents: readonly Node[]; readonly diagnostics: readonly Diagnostic[] } {
  const builder = new TreeBuilder(text, locate);
  try {
    for (const event of events) builder.add(event);
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    builder.diagnostics.push(thrown.diagnostic);
  }
  return builder;
}

class TreeBuilder {
  readonly documents: Node[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #text: string;
  readonly #locate: Locate;
  readonly #frames: Frame[] = [];
  /** undefined while the value of the anchor is still open. */
  readonly #anchors = new Map<string, Node | undefined>();
  #aliases = 0;
  #values = 0;
  /** Behind the last thing that has a place of its own. */
  #cursor = 0;

  constructor(text: string, locate: Locate) {
    this.#text = text;
    this.#locate = locate;
  }

  add(event: Event): void {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        this.#anchors.clear();
        this.#open('document', this.#locate(this.#cursor), undefined, '', undefined);
        break;
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING: {
        const anchor = this.#slice(event.anchorStart, event.anchorEnd);
        if (anchor !== undefined) this.#anchors.set(anchor, undefined);
        const kind = event.type === EVENT_ID.SEQUENCE ? 'list' : 'map';
        const position = this.#locate(event.start, this.#lineEnd(event.start));
        const bracket = event.style === COLLECTION_STYLE.FLOW ? event.start : undefined;
        const tag = this.#slice(event.tagStart, event.tagEnd) ?? '';
        this.#open(kind, position, bracket, tag, anchor);
        this.#cursor = event.start;
        break;
      }
      case EVENT_ID.SCALAR:
        this.#addScalar(event);
        break;
      case EVENT_ID.ALIAS:
        this.#addAlias(event.anchorStart, event.anchorEnd);
        break;
      case EVENT_ID.POP:
        this.#close();
        break;
    }
  }

  #open(
    kind: Frame['kind'],
    position: Position,
    bracket: number | undefined,
    tag: string,
    anchor: string | undefined,
  ): void {
    this.#frames.push({ kind, position, bracket, tag, anchor, children: [], size: 1, depth: 0 });
  }

  #close(): void {
    const frame = this.#frames.pop()!;
    if (frame.kind === 'document') {
      const root = frame.children[0];
      if (root !== undefined && !isEmpty(root)) this.documents.push(root);
      return;
    }
    const { tag, anchor, children } = frame;
    const position = this.#positionOf(frame);
    const depth = frame.depth + 1;
    let node: Node;
    if (frame.kind === 'list') {
      node = { kind: 'list', items: children, position, tag, size: frame.size, depth };
    } else {
      const merged = mergeEntries(this.#pairs(children), this.diagnostics);
      this.#count(merged.work, position);
      const size = frame.size + merged.added;
      node = { kind: 'map', entries: merged.entries, position, tag, size, depth };
    }
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    this.#attach(node, position, false);
  }

  /** What stands in brackets is underlined from bracket to bracket, anything else to the end of the line. */
  #positionOf({ bracket, position }: Frame): Position {
    if (bracket === undefined) return position;
    const end = this.#skipBlank(Math.max(this.#cursor, bracket + 1));
    if (!/[\]}]/.test(this.#text[end] ?? '')) return position;
    this.#cursor = end + 1;
    return this.#locate(bracket, end + 1);
  }

  #pairs(children: readonly Node[]): readonly Pair[] {
    const pairs: Pair[] = [];
    for (let at = 0; at + 1 < children.length; at += 2) {
      const key = children[at]!;
      if (key.kind === 'scalar') {
        pairs.push({ key, value: children[at + 1]! });
      } else {
        const message = `a key has to be a text, not a ${key.kind}`;
        const fix = 'put quotes around the key, or write `key: value`';
        this.diagnostics.push(error('yaml-key-type', key.position, message, fix));
      }
    }
    return pairs;
  }

  #addScalar(event: ScalarEvent): void {
    const text = getScalarValue(this.#text, event);
    const tag = this.#slice(event.tagStart, event.tagEnd) ?? '';
    const anchor = this.#slice(event.anchorStart, event.anchorEnd);
    const position = this.#locateScalar(event);
    const plain = event.style === SCALAR_STYLE.PLAIN;
    const node: Node = { kind: 'scalar', text, plain, tag, position, size: 1, depth: 0 };
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    this.#count(1, position);
    this.#attach(node, position, false);
  }

  #locateScalar(event: ScalarEvent): Position {
    const { valueStart, valueEnd, style } = event;
    const parent = this.#frames.at(-1);
    if (valueStart < 0) {
      const end = Math.max(event.anchorEnd, event.tagEnd);
      if (end >= 0) {
        const starts = [event.anchorStart - 1, event.tagStart].filter((start) => start >= 0);
        this.#cursor = end;
        return this.#locate(Math.min(...starts), end);
      }
      // An empty value is shown at its key, an empty entry at its dash.
      const key = parent?.kind === 'map' ? parent.children.at(-1) : undefined;
      if (key !== undefined && parent!.children.length % 2 === 1) return key.position;
      const next = this.#skipBlank(this.#cursor);
      if (this.#text[next] === '-') this.#cursor = next + 1;
      return this.#locate(next);
    }
    this.#cursor = valueEnd;
    if (style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK) {
      const indicator = style === SCALAR_STYLE.LITERAL_BLOCK ? '|' : '>';
      const header = this.#text.lastIndexOf(indicator, Math.max(0, valueStart - 1));
      return this.#locate(header < 0 ? valueStart : header);
    }
    const quotes = style === SCALAR_STYLE.PLAIN ? 0 : 1;
    this.#cursor = valueEnd + quotes;
    return this.#locate(valueStart - quotes, valueEnd + quotes);
  }

  #addAlias(start: number, end: number): void {
    const name = this.#text.slice(start, end);
    const position = this.#locate(start - 1, end);
    this.#cursor = end;
    this.#aliases += 1;
    if (this.#aliases > LIMITS.aliases) {
      const message = `the file has more than ${LIMITS.aliases} aliases`;
      throw stop('yaml-too-many-aliases', position, message, 'write fewer aliases');
    }
    if (!this.#anchors.has(name)) {
      const known = nearest(name, this.#anchors.keys());
      const message = `the alias \`*${name}\` refers to an anchor that is not defined above it`;
      const fix =
        known === undefined
          ? `write \`&${name}\` before the value that is meant, or quotes around the text`
          : `did you mean \`*${known}\`?`;
      throw stop('yaml-alias-unknown', position, message, fix);
    }
    const target = this.#anchors.get(name);
    if (target === undefined) {
      const message = `the alias \`*${name}\` stands inside the value that \`&${name}\` names`;
      throw stop('yaml-alias-recursive', position, message, 'write the value out');
    }
    this.#attach(target, position, true);
  }

  #attach(node: Node, position: Position, alias: boolean): void {
    const parent = this.#frames.at(-1)!;
    parent.children.push(node);
    parent.size += node.size;
    parent.depth = Math.max(parent.depth, node.depth);
    if (parent.size > LIMITS.values) {
      const message = `the file has more than ${LIMITS.values} values, aliases expanded`;
      const code = alias ? 'yaml-alias-bomb' : 'yaml-too-many-values';
      throw stop(code, position, message, 'write fewer values, or fewer aliases of aliases');
    }
    if (this.#frames.length + node.depth > LIMITS.depth) {
      const message = `lists and maps are nested deeper than ${LIMITS.depth} levels`;
      throw stop('yaml-too-deep', position, message, 'nest less');
    }
  }

  #count(values: number, position: Position): void {
    this.#values += values;
    if (this.#values <= LIMITS.values) return;
    const message = `the file has more than ${LIMITS.values} values, merged ones counted`;
    throw stop('yaml-too-many-values', position, message, 'write fewer values');
  }

  #slice(start: number, end: number): string | undefined {
    return start < 0 ? undefined : this.#text.slice(start, end);
  }

  #lineEnd(start: number): number {
    const line = /.*/y;
    line.lastIndex = start;
    const content = line.exec(this.#text)?.[0] ?? '';
    return start + content.replace(/\s+(?:#.*)?$/, '').length;
  }

  #skipBlank(start: number): number {
    const blank = /(?:\s|,|:|\[|\{|#.*)*/y;
    blank.lastIndex = start;
    return start + (blank.exec(this.#text)?.[0].length ?? 0);
  }
}

const stop = (code: ErrorCode, position: Position, message: string, fix: string): Stop =>
  new Stop(error(code, position, message, fix));

const isEmpty = (node: Node): boolean =>
  node.kind === 'scalar' && node.plain && node.text === '' && node.tag === '';
