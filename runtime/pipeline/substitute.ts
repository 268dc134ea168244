/**
 * Replaces `${…}` in the text of a pipeline file before it is parsed, as drone/envsubst does.
 * Anything in `${…}` that is not one of its forms fails the file; `$${…}` is left for the shell.
 */
import { error } from './codes.ts';
import type { Diagnostic } from './diagnostics.ts';
import { createLocate, withoutMark } from './position.ts';
import { goQuote, MAX_LENGTH, operatorNamed, type Operator } from './substitute-operators.ts';

/** Either the text without `${…}`, or why that cannot be had; positions are those of the input. */
export type Substituted = { readonly text: string } | { readonly error: Diagnostic };

/**
 * `$VAR` without braces is left alone, `$$` becomes `$`, `\/` and `\\` lose their backslash, an
 * unknown variable is empty, and a value with a line break is inserted as a quoted string on one
 * line. Lengths and offsets count bytes. Never throws.
 */
export function substitute(input: string, variables: ReadonlyMap<string, string>): Substituted {
  const text = withoutMark(input);
  const scanner = new Scanner(text, variables);
  try {
    return { text: scanner.plain() };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxFault)) throw thrown;
    const { start, message, fix } = thrown;
    const position = createLocate(text)(start, endOf(text, start));
    return { error: error('substitution-syntax', position, message, fix) };
  }
}

/** Where the `${…}` ends that starts there, as far as a reader would say. */
function endOf(text: string, start: number): number {
  const brace = text.indexOf('}', start);
  return brace < 0 ? text.length : brace + 1;
}

class SyntaxFault {
  readonly start: number;
  readonly message: string;
  readonly fix: string;

  constructor(start: number, message: string, fix: string) {
    this.start = start;
    this.message = message;
    this.fix = fix;
  }
}

const PLAIN_RUN = /[^$\\]*/y;
const NAME = /[\p{L}\p{Nd}_]*/uy;
const OPERATOR = /:[=?+-]|=|[\^,]{1,2}|##?|%%?|\/[/#%]?|:/y;

/** Deeper `${a:-${b:-…}}` are no honest pipeline. */
const MAX_DEPTH = 50;

class Scanner {
  readonly #text: string;
  readonly #variables: ReadonlyMap<string, string>;
  #at = 0;
  /** Where the `${` of each open substitution stands. */
  readonly #open: number[] = [];

  constructor(text: string, variables: ReadonlyMap<string, string>) {
    this.#text = text;
    this.#variables = variables;
  }

  /** Everything outside of `${…}`. */
  plain(): string {
    let result = '';
    for (;;) {
      result += this.#run(PLAIN_RUN);
      if (this.#at >= this.#text.length) return result;
      if (this.#atNested()) result = this.#limited(result + this.#value());
      else result += this.#escaped();
    }
  }

  /** `$$`, `\/` and `\\` stand for their last character; anything else for itself. */
  #escaped(): string {
    const pair = this.#text.slice(this.#at, this.#at + 2);
    const isEscape = pair === '$$' || pair === '\\/' || pair === '\\\\';
    this.#at += isEscape ? 2 : 1;
    return isEscape ? pair[1]! : pair[0]!;
  }

  /** One `${…}`, from its dollar sign on. */
  #value(): string {
    this.#open.push(this.#at);
    if (this.#open.length > MAX_DEPTH) {
      throw this.#fault('has more `${…}` within each other than this runner replaces');
    }
    this.#at += 2;
    const ofLength = this.#take('#');
    const name = this.#run(NAME);
    if (name === '') throw this.#fault('does not start with the name of a variable');
    const value = this.#lookUp(name);
    const result = ofLength ? String(Buffer.byteLength(value)) : this.#apply(value);
    if (!this.#take('}')) {
      throw this.#fault(
        this.#at >= this.#text.length ? 'is never closed' : 'is not a form that Drone replaces',
      );
    }
    this.#open.pop();
    return this.#limited(result);
  }

  #lookUp(name: string): string {
    const value = this.#variables.get(name) ?? '';
    return value.includes('\n') ? goQuote(value) : value;
  }

  #apply(value: string): string {
    const operator = operatorNamed(this.#run(OPERATOR));
    if (operator === undefined) return value;
    const result = operator.apply(value, this.#operands(operator));
    if (typeof result !== 'string') throw this.#fault(result.refused);
    return result;
  }

  #operands(operator: Operator): readonly string[] {
    switch (operator.operands) {
      case 'none':
        return [];
      case 'default': {
        let text = '';
        while (this.#at < this.#text.length && this.#text[this.#at] !== '}') {
          text = this.#limited(text + this.#operand(/[^$}]*/y, false));
        }
        return [text];
      }
      case 'pattern':
        return [this.#required(/[^$}]*/y, false)];
      case 'range': {
        const offset = this.#required(/[^$}:]*/y, false);
        if (this.#run(/:*/y) === '') return [offset];
        return [offset, this.#required(/[^$}]*/y, false)];
      }
      case 'replacement': {
        const pattern = this.#required(/[^$\\/]*/y, true);
        if (this.#run(/\/*/y) === '') throw this.#fault('lacks a `/` and the replacement');
        // What is not written is not the same as a `${…}` that is empty.
        const start = this.#at;
        const replacement = this.#operand(/[^$\\}]*/y, true);
        return this.#at === start ? [pattern] : [pattern, replacement];
      }
    }
  }

  /** One nested `${…}`, or text: up to the first character that `run` does not take. */
  #operand(run: RegExp, escapes: boolean): string {
    if (this.#atNested()) return this.#value();
    let text = '';
    for (;;) {
      text += this.#run(run);
      const next = this.#text[this.#at];
      if (this.#atNested() || (next !== '$' && !(escapes && next === '\\'))) return text;
      text += escapes ? this.#escaped() : this.#next();
    }
  }

  /** An operand that must be written, even if what is written turns out empty. */
  #required(run: RegExp, escapes: boolean): string {
    const start = this.#at;
    const text = this.#operand(run, escapes);
    if (this.#at === start) throw this.#fault('lacks a text behind the operator');
    return text;
  }

  #atNested(): boolean {
    return this.#text.startsWith('${', this.#at);
  }

  #next(): string {
    const character = this.#text[this.#at]!;
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    const found = this.#text[this.#at] === character;
    if (found) this.#at += 1;
    return found;
  }

  /** What a sticky expression matches here. */
  #run(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #limited(text: string): string {
    if (text.length > MAX_LENGTH) throw this.#fault('grows beyond what this runner reads');
    return text;
  }

  #fault(what: string): SyntaxFault {
    const start = this.#open.at(-1) ?? this.#at;
    const end = Math.min(endOf(this.#text, start), start + MAX_EXCERPT);
    const excerpt = this.#text.slice(start, end).split(/[\r\n]/, 1)[0]!;
    return new SyntaxFault(start, `\`${excerpt}\` ${what}`, fixOf(excerpt));
  }
}

const MAX_EXCERPT = 60;

/** `${v-d}` and its kin mean something to the shell; Drone knows them with a colon only. */
function fixOf(excerpt: string): string {
  const shell = `write \`$${excerpt}\` to leave it to the shell`;
  const withColon = /^\$\{(\w+)([-?+].*)$/.exec(excerpt);
  return withColon === null ? shell : `${shell}, or \`\${${withColon[1]}:${withColon[2]}\``;
}
