/** Lines of a container's log, out of the bytes that the kubelet sends with `timestamps=true`. */
import { TextDecoder } from 'node:util';
import { KubeError } from './errors.ts';

export interface LogLine {
  /** Nanoseconds since 1970, as the container runtime stamped the beginning of the line. */
  readonly time: bigint;
  /** Without the newline; bytes that are not UTF-8 are replaced, carriage returns are kept. */
  readonly text: string;
  /** True for a piece of a line that is longer than 1 MiB, when more of it follows. */
  readonly continues: boolean;
}

/** Bytes of a line, stamp included, after which it is handed out in pieces. */
const PIECE = 1_048_576;
const NEWLINE = 0x0a;
const SPACE = 0x20;
const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;
const LONGEST_STAMP = 40;

/** One per connection. Memory is bounded by the length of a piece. */
export class LogLineSplitter {
  #parts: Buffer[] = [];
  #size = 0;
  /** Of a line of which a piece was handed out already. */
  #open: { readonly time: bigint; readonly decoder: TextDecoder } | undefined;
  #second = '';
  #secondNanos = 0n;

  /**
   * The lines that the bytes complete, and pieces of one that they do not.
   * Throws `kube-bad-response` for a line without a stamp: the kubelet writes its own failures so.
   */
  *push(chunk: Buffer): Generator<LogLine> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const isWhole = this.#size === 0 && this.#open === undefined && at - from <= PIECE;
      if (isWhole) yield this.#whole(chunk.subarray(from, at));
      else {
        yield* this.#append(chunk.subarray(from, at));
        yield this.#last();
      }
      from = at + 1;
    }
    if (from < chunk.length) yield* this.#append(chunk.subarray(from));
  }

  /** The last line where the log does not end with a newline. */
  *end(): Generator<LogLine> {
    if (this.#size > 0 || this.#open !== undefined) yield this.#last();
  }

  *#append(bytes: Buffer): Generator<LogLine> {
    this.#parts.push(bytes);
    this.#size += bytes.length;
    while (this.#size > PIECE) {
      const all = Buffer.concat(this.#parts, this.#size);
      const rest = all.subarray(PIECE);
      this.#parts = [rest];
      this.#size = rest.length;
      yield this.#piece(all.subarray(0, PIECE));
    }
  }

  #piece(bytes: Buffer): LogLine {
    const head = this.#open === undefined ? this.#head(bytes) : undefined;
    this.#open ??= {
      time: head?.time ?? 0n,
      decoder: new TextDecoder('utf-8', { ignoreBOM: true }),
    };
    const text = this.#open.decoder.decode(bytes.subarray(head?.length ?? 0), { stream: true });
    return { time: this.#open.time, text, continues: true };
  }

  #last(): LogLine {
    const bytes = Buffer.concat(this.#parts, this.#size);
    const open = this.#open;
    this.#parts = [];
    this.#size = 0;
    this.#open = undefined;
    if (open === undefined) return this.#whole(bytes);
    return { time: open.time, text: open.decoder.decode(bytes), continues: false };
  }

  #whole(bytes: Buffer): LogLine {
    const { time, length } = this.#head(bytes);
    return { time, text: bytes.toString('utf8', length), continues: false };
  }

  #head(bytes: Buffer): { readonly time: bigint; readonly length: number } {
    const space = bytes.subarray(0, LONGEST_STAMP).indexOf(SPACE);
    const length = space < 0 ? Math.min(bytes.length, LONGEST_STAMP) : space;
    const match = STAMP.exec(bytes.toString('latin1', 0, length));
    if (match === null) {
      const message = 'GET pods/log: the kubelet sent a line without a time stamp';
      throw new KubeError('kube-bad-response', message);
    }
    const [, second = '', fraction = '', zone = ''] = match;
    const key = second + zone;
    if (key !== this.#second) {
      this.#secondNanos = BigInt(Date.parse(key)) * 1_000_000n;
      this.#second = key;
    }
    return { time: this.#secondNanos + BigInt(fraction.padEnd(9, '0')), length: length + 1 };
  }
}

/**
 * The `sinceTime` that brings the line of this time again and all that follow it in the file: the
 * API server cuts down to whole seconds, and a line may be stamped a little before its predecessor.
 */
export const toSinceTime = (time: bigint): string =>
  new Date((Number(time / 1_000_000_000n) - 1) * 1_000).toISOString();
