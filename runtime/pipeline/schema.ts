/**
 * The words that a pipeline schema is written in: plain data, from which the decoder, the types
 * of decoded values and a JSON Schema follow.
 */
import type { Position } from './diagnostics.ts';
import type { ValueOrSecret } from './model.ts';

export interface StringSchema {
  readonly kind: 'string';
}
/** A text whose place is kept, because other parts of the file refer to it. */
export interface ReferenceSchema {
  readonly kind: 'reference';
}
/** A text that has a meaning only if it is one of `values`. */
export interface ChoiceSchema {
  readonly kind: 'choice';
  readonly values: readonly string[];
  readonly ignoreCase: boolean;
  /** Is any other text an error? Drone ignores it, so keys of Drone give a warning. */
  readonly strict: boolean;
}
export interface IntSchema {
  readonly kind: 'int';
  /** What the number counts, for the message. */
  readonly unit: string;
}
export interface BoolSchema {
  readonly kind: 'bool';
}
/** Bytes as a number, or a text such as `500MiB`; the units are binary whatever they are called. */
export interface MemorySchema {
  readonly kind: 'memory';
}
/** Anything, typed by the rules of YAML 1.1. */
export interface AnySchema {
  readonly kind: 'any';
}
/** A text, a list of texts, or `{include: [], exclude: []}`. */
export interface ConditionSchema {
  readonly kind: 'condition';
}
export interface ListSchema<Item extends Schema = Schema> {
  readonly kind: 'list';
  readonly items: Item;
}
export interface MapSchema<Value extends Schema = Schema> {
  readonly kind: 'map';
  readonly values: Value;
}
/** The value, or `{from_secret: name}`. */
export interface SecretSchema<Value extends StringSchema | AnySchema = StringSchema | AnySchema> {
  readonly kind: 'secret';
  readonly value: Value;
}
export interface Field<Value extends Schema = Schema> {
  readonly schema: Value;
  /** One sentence for the documentation. */
  readonly description: string;
}
export type Fields = Readonly<Record<string, Field>>;
export interface ObjectSchema<Members extends Fields = Fields> {
  readonly kind: 'object';
  /** What it is called in messages, with its article: `a step`. */
  readonly name: string;
  readonly fields: Members;
}

export type Schema =
  | StringSchema
  | ReferenceSchema
  | ChoiceSchema
  | IntSchema
  | BoolSchema
  | MemorySchema
  | AnySchema
  | ConditionSchema
  | ListSchema
  | MapSchema
  | SecretSchema
  | ObjectSchema;

export interface Reference {
  readonly name: string;
  readonly position: Position;
}

export interface DecodedCondition {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** An object of the file: what could be decoded of it, and where its parts stand. */
export interface Decoded<Members extends Fields = Fields> {
  readonly position: Position;
  readonly fields: { readonly [Key in keyof Members]?: Infer<Members[Key]['schema']> };
  /** Where the value of each key stands that is not null; of maps each value too, `environment.PATH`. */
  readonly places: ReadonlyMap<string, Position>;
  /** Keys with a value that was refused; a diagnostic tells why. */
  readonly failed: ReadonlySet<string>;
}

/** The type that a schema decodes to. */
export type Infer<S extends Schema> = S extends StringSchema | ChoiceSchema
  ? string
  : S extends ReferenceSchema
    ? Reference
    : S extends IntSchema | MemorySchema
      ? number
      : S extends BoolSchema
        ? boolean
        : S extends ConditionSchema
          ? DecodedCondition
          : S extends ListSchema<infer Item>
            ? readonly Infer<Item>[]
            : S extends MapSchema<infer Value>
              ? ReadonlyMap<string, Infer<Value>>
              : S extends SecretSchema<infer Value>
                ? ValueOrSecret<Infer<Value>>
                : S extends ObjectSchema<infer Members>
                  ? Decoded<Members>
                  : unknown;

export const string: StringSchema = { kind: 'string' };
export const reference: ReferenceSchema = { kind: 'reference' };
export const bool: BoolSchema = { kind: 'bool' };
export const memory: MemorySchema = { kind: 'memory' };
export const any: AnySchema = { kind: 'any' };
export const condition: ConditionSchema = { kind: 'condition' };

export const int = (unit = ''): IntSchema => ({ kind: 'int', unit });
export const choice = (values: readonly string[], ignoreCase: boolean): ChoiceSchema => ({
  kind: 'choice',
  values,
  ignoreCase,
  strict: false,
});
export const oneOf = (values: readonly string[], ignoreCase = false): ChoiceSchema => ({
  ...choice(values, ignoreCase),
  strict: true,
});
export const list = <Item extends Schema>(items: Item): ListSchema<Item> => ({
  kind: 'list',
  items,
});
export const map = <Value extends Schema>(values: Value): MapSchema<Value> => ({
  kind: 'map',
  values,
});
export const orSecret = <Value extends StringSchema | AnySchema>(
  value: Value,
): SecretSchema<Value> => ({ kind: 'secret', value });
export const object = <Members extends Fields>(
  name: string,
  fields: Members,
): ObjectSchema<Members> => ({ kind: 'object', name, fields });
export const field = <Value extends Schema>(schema: Value, description: string): Field<Value> => ({
  schema,
  description,
});
