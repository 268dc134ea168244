/** Where the tokens of the YAML parser stand. */
import { SCALAR_STYLE, type ScalarEvent } from 'js-yaml';

export const isBlock = ({ style }: ScalarEvent): boolean =>
  style === SCALAR_STYLE.LITERAL_BLOCK || style === SCALAR_STYLE.FOLDED_BLOCK;

/** A key as one writes it: a text without anchor and tag. */
export const isKey = (event: ScalarEvent): boolean =>
  event.valueStart >= 0 && event.anchorStart < 0 && event.tagStart < 0 && !isBlock(event);

/** Quotes included. */
export function rangeOf({ valueStart, valueEnd, style }: ScalarEvent): {
  readonly start: number;
  readonly end: number;
} {
  const quotes = style === SCALAR_STYLE.PLAIN ? 0 : 1;
  return { start: valueStart - quotes, end: valueEnd + quotes };
}
