/**
 * The globs of conditions: `*` and `?` stop at `/`, `**` as a whole part of the path crosses it,
 * `[a-z]` and `[^a-z]` are classes, `{a,b}` are alternatives within one part, `\` takes the next
 * character as it is. The rules are those of doublestar 1.x, which Drone uses.
 *
 * A set of reachable places is carried through the pattern, so the time is pattern × text at most,
 * whatever the pattern says.
 */

type Token =
  | { readonly kind: 'one'; readonly test: (character: string) => boolean }
  | { readonly kind: 'many' }
  | { readonly kind: 'choice'; readonly options: readonly (readonly Token[])[] };

/** `any` stands for a part that is `**`. */
type Part = readonly Token[] | 'any';

/** Whether the glob matches the whole text. A malformed glob matches nothing. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts: Part[] = [];
  for (const source of splitPath(pattern)) {
    const part = source === '**' ? 'any' : parsePart(source);
    if (part === undefined) return false;
    parts.push(part);
  }
  return matchesPath(
    parts,
    splitPath(text).map((part) => Array.from(part)),
  );
}

/**
 * How many characters of the text, counted from its start, the pattern can match: every number
 * that there is. Here `*` crosses `/`, and `{a,b}` is no alternative.
 */
export function prefixLengths(
  pattern: readonly string[],
  text: readonly string[],
): ReadonlySet<number> {
  const tokens = parseTokens(pattern, false);
  return tokens === undefined ? new Set() : advance(tokens, new Set([0]), text);
}

/** A trailing slash makes no difference, on either side. */
function splitPath(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.length > 1 && parts.at(-1) === '' ? parts.slice(0, -1) : parts;
}

function matchesPath(parts: readonly Part[], text: readonly (readonly string[])[]): boolean {
  let places: ReadonlySet<number> = new Set([0]);
  for (const [index, part] of parts.entries()) {
    if (places.size === 0) return false;
    if (part === 'any') {
      const first = lowest(places);
      // At the end, `a/**` wants at least one part below `a`.
      if (index === parts.length - 1) return first < text.length;
      places = new Set(Array.from({ length: text.length - first }, (_, offset) => first + offset));
    } else {
      const next = new Set<number>();
      for (const place of places) {
        const name = text[place];
        if (name !== undefined && matchesPart(part, name)) next.add(place + 1);
      }
      places = next;
    }
  }
  return places.has(text.length);
}

const matchesPart = (tokens: readonly Token[], text: readonly string[]): boolean =>
  advance(tokens, new Set([0]), text).has(text.length);

/** Where in the text one may stand after the tokens, starting from any of the places. */
function advance(
  tokens: readonly Token[],
  start: ReadonlySet<number>,
  text: readonly string[],
): ReadonlySet<number> {
  let places = start;
  for (const token of tokens) {
    if (places.size === 0) return places;
    const next = new Set<number>();
    if (token.kind === 'many') {
      const first = lowest(places);
      for (let place = first; place <= text.length; place += 1) next.add(place);
    } else if (token.kind === 'choice') {
      for (const option of token.options) {
        for (const place of advance(option, places, text)) next.add(place);
      }
    } else {
      for (const place of places) {
        const character = text[place];
        if (character !== undefined && token.test(character)) next.add(place + 1);
      }
    }
    places = next;
  }
  return places;
}

/** A loop, not Math.min(...): a set may hold more places than a call takes arguments. */
function lowest(places: ReadonlySet<number>): number {
  let first = Infinity;
  for (const place of places) first = Math.min(first, place);
  return first;
}

const literal = (character: string): Token => ({
  kind: 'one',
  test: (other) => other === character,
});

const parsePart = (source: string): readonly Token[] | undefined =>
  parseTokens(Array.from(source), true);

/** undefined where the pattern is malformed. */
function parseTokens(
  characters: readonly string[],
  withChoices: boolean,
): readonly Token[] | undefined {
  const tokens: Token[] = [];
  let options: Token[][] | undefined;
  let current = tokens;
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    if (character === '\\') {
      const escaped = characters[(at += 1)];
      if (escaped === undefined) return undefined;
      current.push(literal(escaped));
    } else if (character === '*') {
      current.push({ kind: 'many' });
    } else if (character === '?') {
      current.push({ kind: 'one', test: () => true });
    } else if (character === '[') {
      const parsed = parseClass(characters, at + 1);
      if (parsed === undefined) return undefined;
      current.push(parsed.token);
      at = parsed.end;
    } else if (character === '{' && withChoices) {
      if (options !== undefined) return undefined;
      current = [];
      options = [current];
    } else if (character === ',' && options !== undefined) {
      current = [];
      options.push(current);
    } else if (character === '}' && options !== undefined) {
      tokens.push({ kind: 'choice', options });
      options = undefined;
      current = tokens;
    } else {
      current.push(literal(character));
    }
  }
  return options === undefined ? tokens : undefined;
}

/** Reads a class from behind its `[`; `end` is the place of its `]`. */
function parseClass(
  characters: readonly string[],
  start: number,
): { readonly token: Token; readonly end: number } | undefined {
  const negated = characters[start] === '^';
  const ranges: (readonly [string, string])[] = [];
  let at = negated ? start + 1 : start;
  const take = (): string | undefined => {
    const character = characters[at];
    if (character === '-' || character === ']' || character === undefined) return undefined;
    if (character === '\\') at += 1;
    const taken = characters[at];
    at += 1;
    return taken;
  };
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = take();
    if (low === undefined) return undefined;
    let high: string | undefined = low;
    if (characters[at] === '-') {
      at += 1;
      high = take();
      if (high === undefined) return undefined;
    }
    ranges.push([low, high]);
  }
  const within = (character: string): boolean =>
    ranges.some(
      ([low, high]) =>
        low.codePointAt(0)! <= character.codePointAt(0)! &&
        character.codePointAt(0)! <= high.codePointAt(0)!,
    );
  return { token: { kind: 'one', test: (character) => within(character) !== negated }, end: at };
}
