/**
 * The card of a step: a plug-in writes it to its output as a line of base64 between two escape
 * sequences (its DRONE_CARD_PATH is /dev/stdout). It is taken out of the log.
 */
import { Buffer } from 'node:buffer';
import { fieldsOf, reader, DecodeError } from './decode.ts';

/** What {@link DroneServer.card} sends. */
export interface Card {
  /** The address of the template that shows the data. */
  readonly schema: string;
  readonly data: unknown;
}

/** A line of a log, or a piece of one that is very long. */
export interface LogPiece {
  /** Without the newline. */
  readonly text: string;
  /** Whether a newline ended it. */
  readonly ended: boolean;
}

const OPEN = '\u001B]1338;';
const CLOSE = '\u001B]0m';
/** Characters. What is longer is no card but something that forgot to end. */
const LONGEST = 4 * 1_048_576;
const BASE64 = /^[A-Za-z0-9+/=]*$/;

/** One per step. */
export class CardFilter {
  #isLineStart = true;
  /** Pieces of a line that may be a card, of which the end has not come. */
  #open: LogPiece[] = [];
  #card: Card | undefined;
  #problem = '';

  /** The last card that the step wrote. */
  get card(): Card | undefined {
    return this.#card;
  }

  /** Why the last card could not be used; '' where it could, or there is none. */
  get problem(): string {
    return this.#problem;
  }

  /** Returns what of it is to be shown, which may be what came before it and was held back. */
  write(piece: LogPiece): readonly LogPiece[] {
    const mayBegin = this.#isLineStart;
    this.#isLineStart = piece.ended;
    if (this.#open.length === 0 && !(mayBegin && piece.text.startsWith(OPEN))) return [piece];
    this.#open.push(piece);
    const text = this.#open.map((part) => part.text).join('');
    const end = text.indexOf(CLOSE, OPEN.length);
    // Other programs begin other things the same way: what is no card is shown.
    const mayGoOn = !piece.ended && text.length < LONGEST && isBase64(piece, this.#open);
    if (end < 0) return mayGoOn ? [] : this.end();
    if (!BASE64.test(text.slice(OPEN.length, end))) return this.end();
    this.#open = [];
    this.#read(text.slice(OPEN.length, end));
    const rest = text.slice(end + CLOSE.length);
    return rest === '' ? [] : [{ text: rest, ended: piece.ended }];
  }

  /** What was held back when the log ends. */
  end(): readonly LogPiece[] {
    const held = this.#open;
    this.#open = [];
    return held;
  }

  #read(encoded: string): void {
    try {
      const text = Buffer.from(encoded, 'base64').toString('utf8');
      const parsed: unknown = JSON.parse(text);
      const fields = fieldsOf(parsed, 'card');
      const schema = reader(fields, 'card').text('schema');
      if (schema === '') throw new DecodeError('card.schema is not there');
      if (fields['data'] === undefined) throw new DecodeError('card.data is not there');
      this.#card = { schema, data: fields['data'] };
      this.#problem = '';
    } catch (error) {
      const why = error instanceof DecodeError ? error.message : 'it is not JSON in base64';
      this.#problem = `the step wrote a card that cannot be shown: ${why}`;
    }
  }
}

/** The newest piece may end in the middle of the closing sequence. */
function isBase64(newest: LogPiece, open: readonly LogPiece[]): boolean {
  const text = open.length === 1 ? newest.text.slice(OPEN.length) : newest.text;
  return BASE64.test(text.replace(/\u001B(\](0)?)?$/, ''));
}
