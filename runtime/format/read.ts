/** From the text of one document to what is written in it, with the events of the YAML parser. */
import {
  CHOMPING_MODE,
  COLLECTION_STYLE,
  EVENT_ID,
  getScalarValue,
  SCALAR_STYLE,
  type Event,
  type ScalarEvent,
} from 'js-yaml';
import { parseRepaired } from '../pipeline/repair.ts';
import type {
  Comment,
  Concrete,
  ConcreteDocument,
  ConcreteList,
  ConcreteMap,
  ConcretePair,
  Slot,
} from './concrete.ts';
import { readFlow } from './read-flow.ts';
import { isBlock, isKey, rangeOf } from './tokens.ts';
import { NotUnderstood, Trivia } from './trivia.ts';

/**
 * The text of one document, without `---`, with `\n` as its line breaks. undefined where something
 * is written in it that is not understood here, such as a `? key`: it is to be left alone then.
 */
export function readDocument(text: string): ConcreteDocument | undefined {
  const parsed = parseRepaired(text);
  if ('reason' in parsed) return undefined;
  try {
    return new Reader(parsed.text, parsed.events).document();
  } catch (thrown) {
    if (thrown instanceof NotUnderstood) return undefined;
    throw thrown;
  }
}

interface Properties {
  readonly anchorStart: number;
  readonly anchorEnd: number;
  readonly tagStart: number;
  readonly tagEnd: number;
}

export class Reader {
  readonly text: string;
  readonly #events: readonly Event[];
  #next = 0;
  readonly #trivia: Trivia;
  #ordered = false;

  constructor(text: string, events: readonly Event[]) {
    this.text = text;
    this.#events = events;
    this.#trivia = new Trivia(text);
  }

  document(): ConcreteDocument {
    this.expect(this.event().type === EVENT_ID.DOCUMENT);
    const { value: root } = this.#value(-1);
    this.expect(root.kind === 'map' && root.properties === '');
    this.expect(this.event().type === EVENT_ID.POP && this.#next === this.#events.length);
    this.expect(this.#trivia.at === this.text.length && this.#trivia.isTaken);
    const [first, ...others] = root.pairs;
    this.expect(first !== undefined);
    return {
      head: first.lead,
      blank: first.blank,
      root: { ...root, pairs: [{ ...first, lead: [], blank: false }, ...others] },
      ordered: this.#ordered,
      comments: this.#trivia.comments,
    };
  }

  event(): Event {
    const event = this.#events[this.#next];
    this.expect(event !== undefined);
    this.#next += 1;
    return event;
  }

  peek(): Event | undefined {
    return this.#events[this.#next];
  }

  expect(condition: boolean): asserts condition {
    if (!condition) throw new NotUnderstood();
  }

  noteComment(text: string): void {
    this.#trivia.comments.push(text);
  }

  noteAlias(): void {
    this.#ordered = true;
  }

  /** `parent` is the column of the list or map that it stands in; -1 for the root. */
  #value(parent: number): Pick<Slot, 'note' | 'value'> {
    this.#trivia.skip();
    const note = this.#trivia.takeNote();
    const event = this.event();
    switch (event.type) {
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        if (event.style === COLLECTION_STYLE.FLOW) {
          return { note, value: this.#inBrackets(event, parent) };
        }
        const properties = this.#properties(event);
        const behind = this.#trivia.takeNote();
        this.expect(note === '' || behind === '');
        const column = this.#columnHere();
        const tail = Math.max(column, parent + 1);
        const value =
          event.type === EVENT_ID.MAPPING
            ? this.#map(properties, column, tail)
            : this.#list(properties, column, tail);
        return { note: note || behind, value };
      }
      case EVENT_ID.ALIAS: {
        this.#ordered = true;
        this.#trivia.takeBlank();
        const below = this.#trivia.takePending(0);
        this.expect(this.#trivia.at === event.anchorStart - 1);
        const alias = this.text.slice(this.#trivia.at, event.anchorEnd);
        const value = this.#scalarEnd([alias], event.anchorEnd, { below, apart: false });
        return { note, value };
      }
      case EVENT_ID.SCALAR:
        this.expect(note === '' || !isBlock(event));
        return { note, value: this.#scalar(event, parent) };
      case EVENT_ID.DOCUMENT:
      case EVENT_ID.POP:
        throw new NotUnderstood();
    }
  }

  /** Anchor and tag; what follows them is the next token then. */
  #properties({ anchorStart, anchorEnd, tagStart, tagEnd }: Properties): string {
    const starts = [anchorStart - 1, tagStart].filter((start) => start >= 0);
    if (starts.length === 0) return '';
    const start = Math.min(...starts);
    const end = Math.max(anchorEnd, tagEnd);
    const properties = this.text.slice(start, end);
    this.expect(this.#trivia.at === start && !properties.includes('\n'));
    this.#trivia.moveTo(end);
    this.#trivia.skip();
    return properties.replace(/\s+/g, ' ');
  }

  /** Tabs have no column. */
  #columnHere(): number {
    const column = this.#trivia.columnOf(this.#trivia.at);
    this.expect(!this.text.slice(this.#trivia.at - column, this.#trivia.at).includes('\t'));
    return column;
  }

  #map(properties: string, column: number, tail: number): ConcreteMap {
    const pairs: ConcretePair[] = [];
    while (this.peek()?.type !== EVENT_ID.POP) pairs.push(this.#pair(column));
    this.event();
    return { kind: 'map', properties, pairs, tail: this.#trivia.takePending(tail) };
  }

  #pair(column: number): ConcretePair {
    const event = this.event();
    this.expect(event.type === EVENT_ID.SCALAR && isKey(event));
    const { start, end } = rangeOf(event);
    const key = this.text.slice(start, end);
    this.expect(
      this.#trivia.at === start && !key.includes('\n') && this.#trivia.columnOf(start) === column,
    );
    const lead = this.#trivia.takePending(0);
    const blank = this.#trivia.takeBlank();
    this.#trivia.moveTo(end);
    while (this.text[this.#trivia.at] === ' ') this.#trivia.at += 1;
    this.expect(this.text[this.#trivia.at] === ':');
    this.#trivia.moveTo(this.#trivia.at + 1);
    const name = getScalarValue(this.text, event);
    return { lead, blank, key, name, ...this.#value(column) };
  }

  #list(properties: string, column: number, tail: number): ConcreteList {
    const items: Slot[] = [];
    while (this.peek()?.type !== EVENT_ID.POP) {
      this.expect(
        this.text[this.#trivia.at] === '-' && this.#trivia.columnOf(this.#trivia.at) === column,
      );
      const lead = this.#trivia.takePending(0);
      const blank = this.#trivia.takeBlank();
      this.#trivia.moveTo(this.#trivia.at + 1);
      items.push({ lead, blank, ...this.#value(column) });
    }
    this.event();
    return { kind: 'list', properties, items, tail: this.#trivia.takePending(tail) };
  }

  #scalar(event: ScalarEvent, parent: number): Concrete {
    const bare = event.anchorStart < 0 && event.tagStart < 0;
    if (event.valueStart < 0 && bare) {
      return { kind: 'none', below: this.#trivia.takePending(parent + 1) };
    }
    const apart = this.#trivia.fresh;
    this.#trivia.takeBlank();
    const below = this.#trivia.takePending(0);
    const properties = this.#properties(event);
    this.expect(this.#trivia.isTaken);
    const prefix = properties === '' ? '' : `${properties} `;
    if (event.valueStart < 0)
      return this.#scalarEnd([properties], this.#trivia.at, { below, apart });
    if (isBlock(event)) {
      this.expect(below.length === 0);
      return this.#block(event, prefix);
    }
    const { start, end } = rangeOf(event);
    this.expect(this.#trivia.at === start);
    const quoted = event.style !== SCALAR_STYLE.PLAIN;
    const lines = this.text.slice(start, end).split('\n');
    const inner = lines.map((line, index) => {
      const text = index === 0 ? line : withoutIndent(line);
      return quoted ? text : text.replace(/[ \t]+$/, '');
    });
    return this.#scalarEnd([prefix + inner[0]!, ...inner.slice(1)], end, { below, apart });
  }

  #scalarEnd(
    lines: readonly string[],
    end: number,
    rest: { readonly below: readonly Comment[]; readonly apart: boolean },
  ): Concrete {
    this.#trivia.moveTo(end);
    this.#trivia.skip();
    return { kind: 'scalar', lines, ...rest, after: this.#trivia.takeNote() };
  }

  /** `|` and `>`: how far its lines are indented is nothing to keep. */
  #block(event: ScalarEvent, prefix: string): Concrete {
    const { text } = this;
    const match = /([|>])([-+0-9]*)[ \t]*(#.*)?(?:\n|$)/y;
    match.lastIndex = this.#trivia.at;
    const found = match.exec(text);
    this.expect(found !== null && event.valueStart <= match.lastIndex);
    const [, sign = '', indicators = '', comment = ''] = found;
    if (comment !== '') this.#trivia.comments.push(comment.trimEnd());
    const content = text.slice(match.lastIndex, Math.max(match.lastIndex, event.valueEnd));
    const whole = content === '' ? [] : content.replace(/\n$/, '').split('\n');
    const lines = whole.map((line) =>
      line.slice(Math.min(event.indent, /^ */.exec(line)![0].length)),
    );
    if (event.chomping === CHOMPING_MODE.KEEP) {
      this.#ordered = true;
    } else {
      while (lines.at(-1) === '') lines.pop();
      this.#trivia.blank ||= /\n[ ]*\n$/.test(content);
    }
    const digit = /[0-9]/.test(indicators) ? '2' : '';
    const chomping = indicators.replace(/[0-9]/, '');
    this.#trivia.at = Math.max(match.lastIndex, event.valueEnd);
    this.#trivia.fresh = true;
    this.#trivia.skip();
    const note = comment === '' ? '' : ` ${comment.trimEnd()}`;
    return { kind: 'block', header: `${prefix}${sign}${digit}${chomping}${note}`, lines };
  }

  #inBrackets(
    event: Event & { readonly type: typeof EVENT_ID.MAPPING | typeof EVENT_ID.SEQUENCE },
    parent: number,
  ): Concrete {
    this.#trivia.takeBlank();
    const below = this.#trivia.takePending(0);
    const properties = this.#properties(event);
    this.expect(this.#trivia.at === event.start && this.#trivia.isTaken);
    const { flow, end } = readFlow(this, event, properties);
    const source = this.text.slice(event.start, end);
    this.#trivia.moveTo(end);
    this.#trivia.skip();
    const after = this.#trivia.takeNote();
    if (flow !== undefined) return { kind: 'flow', flow, below, after };
    const lines = source.split('\n').map((line, index) => {
      const text = withoutIndent(line);
      if (index === 0) return { indent: 0, text: [properties, text].filter(Boolean).join(' ') };
      this.expect(!/^ *\t/.test(line));
      return { indent: Math.max(1, line.length - text.length - parent), text };
    });
    return { kind: 'verbatim', lines, below, after };
  }
}

/** Other kinds of spaces are a part of the text. */
const withoutIndent = (line: string): string => line.replace(/^[ \t]+/, '');
