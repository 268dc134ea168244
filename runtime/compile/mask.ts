/** Hides secrets in the log of a step. */

export interface Masker {
  /** Takes the next part of a log, cut anywhere; gives back what can be shown already. */
  write(chunk: string): string;
  /** The log is over, or pauses: gives back the rest. */
  flush(): string;
}

export const MASK = '******';

/** Shorter ones would hide half of every log. */
const MINIMAL_BYTES = 2;

/**
 * Replaces every occurrence of a secret by `******`. As in drone-runner-kube a secret counts line
 * by line, each line trimmed, and lines of less than two bytes do not count. Its form inside a
 * JSON string is hidden as well; other encodings are not.
 *
 * Occurrences that overlap become one mask, so no rest of either shows. Linear in the length of
 * the log, whatever the secrets are: a build must not be able to slow down the others.
 */
export function createMasker(secrets: readonly string[]): Masker {
  const patterns = secretPatterns(secrets);
  if (patterns.length === 0) return { write: (chunk) => chunk, flush: () => '' };
  return new AutomatonMasker(buildAutomaton(patterns));
}

function secretPatterns(secrets: readonly string[]): string[] {
  const patterns = new Set<string>();
  for (const line of secrets.flatMap((secret) => secret.split('\n'))) {
    const part = line.trim();
    if (Buffer.byteLength(part) < MINIMAL_BYTES) continue;
    for (const form of [part, ...jsonForms(part)]) patterns.add(form);
  }
  return [...patterns];
}

/** Inside a JSON string: as most programs print it, as Go does, and in pure ASCII as Python does. */
function jsonForms(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  return [
    json,
    json.replace(/[<>&\u2028\u2029]/g, unicodeEscape),
    json.replace(/[^ -~]/g, unicodeEscape),
  ];
}

const unicodeEscape = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Aho and Corasick's automaton over UTF-16 units. Node 0 is the root. The children of a node are a
 * list (`child`, then `sibling`); only a node with several has a row in `rows`. Nearly every node has
 * one child, and rows for all would take megabytes for each step that runs.
 */
interface Automaton {
  /** By unit: its column in a row, 0 for units that no secret has. Units beyond its length have none either. */
  readonly columns: Uint16Array;
  /** By column: the child of a node, 0 for none. The first row is the root's. */
  readonly rows: readonly Int32Array[];
  /** By node: its row, -1 for none. */
  readonly row: Int32Array;
  readonly unit: Uint16Array;
  readonly child: Int32Array;
  readonly sibling: Int32Array;
  /** The node of the longest proper suffix that some pattern starts with. */
  readonly fallback: Int32Array;
  /** How many of the last units could become a secret that is longer than they are. */
  readonly open: Int32Array;
  /** The length of the longest pattern that ends here, 0 for none. */
  readonly matched: Int32Array;
}

/** From so many children on a node has a row: looking along the list is slower. */
const ROW_FROM = 2;

function buildAutomaton(patterns: readonly string[]): Automaton {
  const size = 1 + patterns.reduce((sum, pattern) => sum + pattern.length, 0);
  const columns = numberUnits(patterns);
  const rows = [new Int32Array(columns.width)];
  const automaton: Automaton = {
    columns: columns.byUnit,
    rows,
    row: new Int32Array(size).fill(-1).fill(0, 0, 1),
    unit: new Uint16Array(size),
    child: new Int32Array(size),
    sibling: new Int32Array(size),
    fallback: new Int32Array(size),
    open: new Int32Array(size),
    matched: new Int32Array(size),
  };
  const { row, unit, child, sibling, fallback, open, matched } = automaton;

  let nodes = 1;
  for (const pattern of patterns) {
    let node = 0;
    for (let i = 0; i < pattern.length; i += 1) {
      const code = pattern.charCodeAt(i);
      let next = findChild(automaton, node, code);
      if (next === 0) {
        next = nodes;
        nodes += 1;
        unit[next] = code;
        sibling[next] = child[node]!;
        child[node] = next;
        const own = rows[row[node]!];
        if (own !== undefined) own[automaton.columns[code]!] = next;
        else if (countChildren(automaton, node) >= ROW_FROM) {
          row[node] = rows.push(makeRow(automaton, node, columns.width)) - 1;
        }
      }
      open[node] = i;
      node = next;
    }
    matched[node] = pattern.length;
  }

  // Breadth first: the fallback of a node is less deep, so it is complete before it is needed.
  const order = [0];
  for (let i = 0; i < order.length; i += 1) {
    const node = order[i]!;
    if (child[node] === 0) open[node] = open[fallback[node]!]!;
    matched[node] = Math.max(matched[node]!, matched[fallback[node]!]!);
    for (let next = child[node]!; next !== 0; next = sibling[next]!) {
      if (node !== 0) fallback[next] = step(automaton, fallback[node]!, unit[next]!);
      order.push(next);
    }
  }
  return automaton;
}

function numberUnits(patterns: readonly string[]): { byUnit: Uint16Array; width: number } {
  const units = new Set<number>();
  let highest = 0;
  for (const pattern of patterns) {
    for (let i = 0; i < pattern.length; i += 1) {
      units.add(pattern.charCodeAt(i));
      highest = Math.max(highest, pattern.charCodeAt(i));
    }
  }
  const byUnit = new Uint16Array(highest + 1);
  for (const [index, code] of [...units].entries()) byUnit[code] = index + 1;
  return { byUnit, width: units.size + 1 };
}

function countChildren({ child, sibling }: Automaton, node: number): number {
  let count = 0;
  for (let next = child[node]!; next !== 0; next = sibling[next]!) count += 1;
  return count;
}

function makeRow({ columns, child, sibling, unit }: Automaton, node: number, width: number) {
  const row = new Int32Array(width);
  for (let next = child[node]!; next !== 0; next = sibling[next]!)
    row[columns[unit[next]!]!] = next;
  return row;
}

function findChild(automaton: Automaton, node: number, code: number): number {
  const row = automaton.row[node]!;
  if (row >= 0) {
    return code < automaton.columns.length ? automaton.rows[row]![automaton.columns[code]!]! : 0;
  }
  let next = automaton.child[node]!;
  while (next !== 0 && automaton.unit[next] !== code) next = automaton.sibling[next]!;
  return next;
}

/** The node after one more unit: the longest suffix of the text that some pattern starts with. */
function step(automaton: Automaton, from: number, code: number): number {
  let node = from;
  let next = findChild(automaton, node, code);
  while (next === 0 && node !== 0) {
    node = automaton.fallback[node]!;
    next = findChild(automaton, node, code);
  }
  return next;
}

/** A part of the held text that is hidden, and whether its mask was shown already. */
interface Hidden {
  readonly start: number;
  readonly end: number;
  readonly shown: boolean;
}

class AutomatonMasker implements Masker {
  readonly #automaton: Automaton;
  #node = 0;
  /** What cannot be shown yet, because it could be the beginning of a secret. */
  #held = '';
  /** Parts of `#held`, in order, none overlapping another. */
  #hidden: Hidden[] = [];

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
  }

  write(chunk: string): string {
    const automaton = this.#automaton;
    const { columns, matched, open } = automaton;
    const text = this.#held + chunk;
    let node = this.#node;
    for (let i = this.#held.length; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      const known = code < columns.length && columns[code] !== 0;
      node = known ? step(automaton, node, code) : 0;
      const length = matched[node]!;
      if (length > 0) this.#hide(i + 1 - length, i + 1);
    }
    this.#node = node;
    return this.#show(text, text.length - open[node]!);
  }

  flush(): string {
    this.#node = 0;
    return this.#show(this.#held, this.#held.length);
  }

  #hide(from: number, to: number): void {
    let [start, shown] = [from, false];
    for (let last = this.#hidden.at(-1); last !== undefined && last.end > start;) {
      start = Math.min(start, last.start);
      shown ||= last.shown;
      this.#hidden.pop();
      last = this.#hidden.at(-1);
    }
    this.#hidden.push({ start, end: to, shown });
  }

  /** Gives back `text` up to `end` and holds the rest: no secret that is still to come starts before `end`. */
  #show(text: string, end: number): string {
    const rest: Hidden[] = [];
    let output = '';
    let at = 0;
    for (const hidden of this.#hidden) {
      if (hidden.start < end) {
        output += text.slice(at, hidden.start) + (hidden.shown ? '' : MASK);
        at = Math.min(hidden.end, end);
      }
      if (hidden.end > end) {
        const shown = hidden.shown || hidden.start < end;
        rest.push({ start: Math.max(hidden.start - end, 0), end: hidden.end - end, shown });
      }
    }
    this.#held = text.slice(end);
    this.#hidden = rest;
    return output + text.slice(at, end);
  }
}
