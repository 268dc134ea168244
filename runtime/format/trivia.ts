/** What stands between the values of a document: blanks, blank lines and comments. */
import type { Comment } from './concrete.ts';

/** The document is written in a way that is not foreseen. */
export class NotUnderstood extends Error {}

/** A place in a text, and what has been read before it and is not yet taken. */
export class Trivia {
  readonly #text: string;
  /** Everything before it has been read. */
  at = 0;
  /** Whether nothing but blanks has been read on this line. */
  fresh = true;
  /** Whether a blank line has been read since the last thing. */
  blank = false;
  /** All comments that have been read. */
  readonly comments: string[] = [];
  /** A comment behind something. */
  #note = '';
  /** Comments on lines of their own. */
  #pending: Comment[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Something that is no trivia has been read up to there. */
  moveTo(offset: number): void {
    this.at = offset;
    this.fresh = false;
  }

  /** Is everything taken? */
  get isTaken(): boolean {
    return this.#pending.length === 0 && this.#note === '';
  }

  /** Blanks, line breaks and comments up to the next token. */
  skip(): void {
    const text = this.#text;
    for (;;) {
      const character = text[this.at];
      if (character === '\n') {
        if (this.fresh) this.blank = true;
        this.fresh = true;
        this.at += 1;
      } else if (character === ' ' || character === '\t') {
        this.at += 1;
      } else if (character === '#') {
        this.#comment();
      } else {
        return;
      }
    }
  }

  #comment(): void {
    const start = this.at;
    const end = this.#text.indexOf('\n', start);
    this.at = end < 0 ? this.#text.length : end;
    const text = this.#text.slice(start, this.at).trimEnd();
    this.comments.push(text);
    if (this.fresh) {
      this.#pending.push({ text, column: this.columnOf(start), blank: this.takeBlank() });
      this.fresh = false;
    } else {
      if (this.#note !== '') throw new NotUnderstood();
      this.#note = text;
    }
  }

  columnOf(offset: number): number {
    return offset - (this.#text.lastIndexOf('\n', offset - 1) + 1);
  }

  takeBlank(): boolean {
    const blank = this.blank;
    this.blank = false;
    return blank;
  }

  takeNote(): string {
    const note = this.#note;
    this.#note = '';
    return note;
  }

  /** The pending comments that stand at this column or further right, up to the first that does not. */
  takePending(column: number): readonly Comment[] {
    const stop = this.#pending.findIndex((comment) => comment.column < column);
    return this.#pending.splice(0, stop < 0 ? this.#pending.length : stop);
  }
}
