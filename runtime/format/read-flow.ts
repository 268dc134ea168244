/** Lists and maps in brackets. */
import { EVENT_ID, getScalarValue, type Event } from 'js-yaml';
import type { Flow, FlowPair } from './concrete.ts';
import type { Reader } from './read.ts';
import { rangeOf } from './tokens.ts';

type Opening = Event & { readonly type: typeof EVENT_ID.MAPPING | typeof EVENT_ID.SEQUENCE };

export interface ReadFlow {
  /** undefined where it cannot be written anew: comments in it, keys without values and such. */
  readonly flow: Flow | undefined;
  /** Behind the closing bracket. */
  readonly end: number;
}

/** Reads what follows the opening event, which has been read; `properties` are its anchor and tag. */
export function readFlow(reader: Reader, opening: Opening, properties: string): ReadFlow {
  const state = { at: opening.start, simple: true };
  const flow = collection(reader, opening, properties, state);
  return { flow: state.simple ? flow : undefined, end: state.at };
}

interface State {
  at: number;
  simple: boolean;
}

function collection(reader: Reader, opening: Opening, properties: string, state: State): Flow {
  const { start } = opening;
  gap(reader, start, state);
  const isMap = opening.type === EVENT_ID.MAPPING;
  const next = reader.peek();
  const nested =
    (next?.type === EVENT_ID.MAPPING || next?.type === EVENT_ID.SEQUENCE) && next.start === start;
  // `[a: b]` has a map without brackets.
  const bracket = !nested && reader.text[start] === (isMap ? '{' : '[');
  if (bracket) state.at = start + 1;
  else state.simple = false;
  const values: Flow[] = [];
  const names: string[] = [];
  for (let event = reader.event(); event.type !== EVENT_ID.POP; event = reader.event()) {
    if (isMap && values.length % 2 === 0) {
      names.push(event.type === EVENT_ID.SCALAR ? getScalarValue(reader.text, event) : '');
      if (event.type !== EVENT_ID.SCALAR) state.simple = false;
    }
    values.push(child(reader, event, state));
  }
  if (bracket) close(reader, isMap ? '}' : ']', state);
  if (!isMap) return { kind: 'list', properties, items: values };
  const pairs: FlowPair[] = names.map((name, index) => {
    const key = values[2 * index];
    const value = values[2 * index + 1] ?? NOTHING;
    return { key: key?.kind === 'atom' ? key.text : '', name, value };
  });
  return { kind: 'map', properties, pairs };
}

const NOTHING: Flow = { kind: 'atom', text: '' };

function child(reader: Reader, event: Event, state: State): Flow {
  switch (event.type) {
    case EVENT_ID.MAPPING:
    case EVENT_ID.SEQUENCE: {
      if (event.anchorStart >= 0 || event.tagStart >= 0) state.simple = false;
      return collection(reader, event, '', state);
    }
    case EVENT_ID.ALIAS:
      reader.noteAlias();
      return atom(reader, event.anchorStart - 1, event.anchorEnd, state);
    case EVENT_ID.SCALAR: {
      if (event.anchorStart >= 0 || event.tagStart >= 0 || event.valueStart < 0) {
        state.simple = false;
        if (event.valueStart < 0) return NOTHING;
      }
      const { start, end } = rangeOf(event);
      return atom(reader, start, end, state);
    }
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      reader.expect(false);
      return NOTHING;
  }
}

function atom(reader: Reader, start: number, end: number, state: State): Flow {
  gap(reader, start, state);
  const text = reader.text.slice(start, end);
  if (text.includes('\n')) state.simple = false;
  state.at = end;
  return { kind: 'atom', text };
}

/** What stands between two tokens; comments make it more than can be written anew. */
function gap(reader: Reader, end: number, state: State): void {
  for (const [, comment] of reader.text.slice(state.at, end).matchAll(/(?:^|\s)(#.*)/g)) {
    reader.noteComment(comment!.trimEnd());
    state.simple = false;
  }
}

function close(reader: Reader, bracket: string, state: State): void {
  const blank = /(?:[\s,:]|#.*)*/y;
  blank.lastIndex = state.at;
  blank.exec(reader.text);
  const end = blank.lastIndex;
  reader.expect(reader.text[end] === bracket);
  gap(reader, end, state);
  state.at = end + 1;
}
