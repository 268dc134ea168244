/**
 * The JSON Schema of a pipeline file for editors, from the definitions that the parser uses. A file
 * that loads without a word is valid; what the parser complains about is not, as far as a JSON
 * Schema can tell. Editors read YAML 1.2, so words such as `yes` are texts to them.
 */
import { KINDS, TYPES } from './load.ts';
import { PIPELINE_SCHEMA, SECRET_SCHEMA, SIGNATURE_SCHEMA } from './pipeline-schema.ts';
import { BOOL_WORDS } from './scalars.ts';
import type { ChoiceSchema, ObjectSchema, Schema } from './schema.ts';

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The whole schema, for one document of a file (draft-07, which all editors know). */
export function pipelineJsonSchema(): JsonSchema {
  const definitions = new Map<string, JsonSchema>();
  const when = (kind: string, schema: ObjectSchema, more: JsonSchema = {}): JsonSchema =>
    ifHas({ kind: { const: kind }, ...more }, define(schema, definitions));
  const allOf = [
    when('pipeline', PIPELINE_SCHEMA, { type: { const: 'kubernetes' } }),
    when('secret', SECRET_SCHEMA),
    when('signature', SIGNATURE_SCHEMA),
    ifHas(
      { kind: { const: 'pipeline' } },
      { properties: { type: { enum: TYPES.filter((type) => type !== '') } } },
    ),
  ];
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Drone pipelines of type kubernetes',
    description: 'One document of a .drone.yml. Made from runtime/pipeline by test/generate.ts.',
    type: 'object',
    properties: {
      kind: { enum: KINDS, description: 'Kind of the document.' },
      type: { description: 'Type of the pipeline: `kubernetes`.' },
    },
    required: ['kind'],
    allOf,
    definitions: Object.fromEntries(definitions),
  };
}

/** What has to be valid as well where all of these properties are there and valid. */
const ifHas = (properties: JsonSchema, schema: JsonSchema): JsonSchema => ({
  if: { properties, required: Object.keys(properties) },
  // oxlint-disable-next-line unicorn/no-thenable -- the keyword of JSON Schema
  then: schema,
});

/** Keys without which a pipeline cannot run. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  'a step': ['image'],
  'a volume': ['name'],
};

/** Puts the object under `definitions` and refers to it. */
function define(schema: ObjectSchema, definitions: Map<string, JsonSchema>): JsonSchema {
  const name = schema.name.replace(/^(?:an?|the) /, '').replaceAll(' ', '-');
  if (!definitions.has(name)) {
    definitions.set(name, {});
    const properties = Object.entries(schema.fields).map(
      ([key, { schema: inner, description }]) =>
        [key, { description, ...orNull(inner, definitions) }] as const,
    );
    const required = REQUIRED[schema.name];
    definitions.set(name, {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required === undefined ? {} : { required }),
      additionalProperties: false,
    });
  }
  return { $ref: `#/definitions/${name}` };
}

const NULL: JsonSchema = { type: 'null' };

/** Null is the same as absent. */
function orNull(schema: Schema, definitions: Map<string, JsonSchema>): JsonSchema {
  const inner = schemaOf(schema, definitions);
  return Object.keys(inner).length === 0 ? inner : { anyOf: [inner, NULL] };
}

/** Any scalar is a text where a text is expected. */
const TEXT: JsonSchema = { type: ['string', 'number', 'boolean'] };
const TEXT_OR_NULL: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };

/** The schema of a value that is not null. */
function schemaOf(schema: Schema, definitions: Map<string, JsonSchema>): JsonSchema {
  switch (schema.kind) {
    case 'string':
    case 'reference':
      return TEXT;
    case 'choice':
      return schema.ignoreCase
        ? { anyOf: [{ enum: schema.values }, { pattern: anyCase(schema), type: 'string' }] }
        : { enum: schema.strict ? schema.values : [...schema.values, ''] };
    case 'int':
      return { anyOf: [{ type: 'integer' }, { type: 'string', pattern: OTHER_INTEGERS }] };
    case 'bool':
      return { anyOf: [{ type: 'boolean' }, { enum: OTHER_BOOLS }] };
    case 'memory':
      return { anyOf: [{ type: 'number' }, { type: 'string', pattern: MEMORY }] };
    case 'any':
      return {};
    case 'condition':
      return { anyOf: [TEXT, TEXTS, CONDITION] };
    case 'list':
      return { type: 'array', items: itemOf(schema.items, definitions) };
    case 'map':
      return { type: 'object', additionalProperties: orNull(schema.values, definitions) };
    case 'secret':
      return schema.value.kind === 'any' ? {} : { anyOf: [TEXT, FROM_SECRET] };
    case 'object':
      return define(schema, definitions);
  }
}

/** An entry without content is an empty text in a list of texts, and a mistake in any other. */
const itemOf = (items: Schema, definitions: Map<string, JsonSchema>): JsonSchema =>
  items.kind === 'string' || items.kind === 'reference'
    ? TEXT_OR_NULL
    : schemaOf(items, definitions);

const TEXTS: JsonSchema = { type: 'array', items: TEXT_OR_NULL };

const CONDITION: JsonSchema = {
  type: 'object',
  properties: {
    include: { description: 'Globs of which one has to match.', anyOf: [TEXTS, NULL] },
    exclude: { description: 'Globs of which none may match.', anyOf: [TEXTS, NULL] },
  },
  additionalProperties: false,
};

const FROM_SECRET: JsonSchema = {
  type: 'object',
  properties: {
    from_secret: {
      description: 'Name of the secret that holds the value.',
      type: ['string', 'number', 'boolean'],
      minLength: 1,
    },
  },
  anyOf: [{ required: ['from_secret'] }, { required: ['value'] }],
};

/** Truth values of YAML 1.1 that are texts in YAML 1.2. */
const OTHER_BOOLS = BOOL_WORDS.filter((word) => !/^(?:true|false)$/i.test(word));

/** Whole numbers of YAML 1.1 that are texts in YAML 1.2. */
const OTHER_INTEGERS = '^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9]+_[0-9_]*)$';

const MEMORY = '^[0-9]+(?:\\.[0-9]+)? ?[kmgtpKMGTP]?[iI]?[bB]?$';

/** JSON Schema has no flag for that. */
const anyCase = ({ values, strict }: ChoiceSchema): string => {
  const folded = values.map((value) =>
    value.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`),
  );
  return `^(?:${folded.join('|')})${strict ? '' : '?'}$`;
};
