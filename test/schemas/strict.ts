/** OpenAPI schemas of Kubernetes and of custom resources, made as strict as an API server is. Pure. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Schema = { readonly [key: string]: Json };

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Types that may be written as a number as well, though their schemas say string. */
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/**
 * A JSON Schema that refuses fields that nobody knows, as server-side apply does. What marks itself
 * as open stays open; formats and defaults are left out, since they refuse nothing here.
 */
export function strict(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (!isSchema(schema)) return schema;
  if (schema['x-kubernetes-int-or-string'] === true || schema['format'] === 'int-or-string') {
    return { type: ['integer', 'string'] };
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return {};
  const { properties } = schema;
  const kept = Object.entries(schema).flatMap(([key, value]): [string, Json][] => {
    if (key.startsWith('x-') || LEFT_OUT.has(key)) return [];
    if (key === 'properties' && isSchema(value)) return [[key, each(value)]];
    return NESTED.has(key) ? [[key, strict(value)]] : [[key, value]];
  });
  const isClosed = isSchema(properties) && schema['additionalProperties'] === undefined;
  return { ...Object.fromEntries(kept), ...(isClosed ? { additionalProperties: false } : {}) };
}

const LEFT_OUT: ReadonlySet<string> = new Set(['description', 'format', 'default', 'nullable']);
const NESTED: ReadonlySet<string> = new Set([
  'items',
  'additionalProperties',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
]);

const each = (schemas: Schema): Schema =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, strict(schema)]));

/** The schemas of one version of Kubernetes, by `apiVersion/kind`, out of its `swagger.json`. */
export function kindsOfKubernetes(swagger: {
  readonly definitions: Readonly<Record<string, Schema>>;
}): ReadonlyMap<string, Schema> {
  const definitions: Record<string, Json> = {};
  const kinds = new Map<string, Schema>();
  for (const [name, schema] of Object.entries(swagger.definitions)) {
    definitions[name] = name === QUANTITY ? { type: ['string', 'number'] } : strict(schema);
    const named = schema['x-kubernetes-group-version-kind'];
    for (const one of Array.isArray(named) ? named : []) {
      if (!isSchema(one)) continue;
      const { group, version, kind } = one;
      if (typeof group !== 'string' || typeof version !== 'string') continue;
      if (typeof kind !== 'string') continue;
      const apiVersion = group === '' ? version : `${group}/${version}`;
      kinds.set(`${apiVersion}/${kind}`, { $ref: `#/definitions/${name}` });
    }
  }
  // Each can be asked alone, and they refer to one another.
  for (const [key, schema] of kinds) kinds.set(key, { ...schema, definitions });
  return kinds;
}

export interface CustomResource {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The schemas of a custom resource, by `apiVersion/kind`. */
export function kindsOfCustom({ spec }: CustomResource): ReadonlyMap<string, Schema> {
  return new Map(
    spec.versions.map(({ name, schema }) => {
      const closed = strict(schema.openAPIV3Schema);
      // Its own schema says nothing of what is in it.
      const open = isSchema(closed)
        ? { ...closed, properties: { ...asSchema(closed['properties']), metadata: {} } }
        : {};
      return [`${spec.group}/${name}/${spec.names.kind}`, open];
    }),
  );
}

const asSchema = (value: Json | undefined): Schema => (isSchema(value) ? value : {});
