/** From offsets in a text to lines and columns. */
import type { Position } from './diagnostics.ts';

/** The place of `text.slice(start, end)`; only its part on the first line is underlined. */
export type Locate = (start: number, end?: number) => Position;

/** `\n`, `\r\n` and a lone `\r` end a line, as in YAML. */
export const splitLines = (text: string): readonly string[] => text.split(/\r\n|\n|\r/);

/** A byte order mark is no part of the text. */
export const withoutMark = (text: string): string =>
  text.startsWith('\uFEFF') ? text.slice(1) : text;

export function createLocate(text: string): Locate {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);

  return (start, end = start + 1) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= start) low = middle;
      else high = middle - 1;
    }
    const lineStart = starts[low]!;
    let lineEnd = starts[low + 1] ?? text.length;
    while (lineEnd > start && (text[lineEnd - 1] === '\n' || text[lineEnd - 1] === '\r')) {
      lineEnd -= 1;
    }
    return {
      line: low + 1,
      column: start - lineStart + 1,
      length: Math.max(1, Math.min(end, lineEnd) - start),
    };
  };
}
