import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { kindsOfCustom, kindsOfKubernetes, type Schema } from './strict.ts';

const problems = (schema: Schema | undefined, object: unknown): readonly string[] => {
  if (schema === undefined) return ['nobody knows it'];
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  validate(object);
  return (validate.errors ?? []).map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

describe('a kind of Kubernetes', () => {
  const kinds = kindsOfKubernetes({
    definitions: {
      'io.k8s.api.core.v1.Box': {
        type: 'object',
        required: ['size'],
        properties: {
          kind: { type: 'string' },
          size: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
          port: { type: 'string', format: 'int-or-string' },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          parts: { type: 'array', items: { $ref: '#/definitions/part' } },
        },
        'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Box' }],
      },
      part: { type: 'object', properties: { name: { type: 'string' } } },
      'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
    },
  });

  test.each<[string, unknown, readonly string[]]>([
    ['may leave out what it need not have', { size: '1Gi' }, []],
    ['takes numbers for quantities, and numbers or texts for ports', { size: 1, port: 80 }, []],
    ['takes any label', { size: '1', labels: { any: 'thing' } }, []],
    ['has no field that nobody knows', { size: '1', sise: '2' }, [' additionalProperties']],
    [
      'nor has a part of it',
      { size: '1', parts: [{ nam: 'x' }] },
      ['/parts/0 additionalProperties'],
    ],
    ['has what it must', {}, [' required']],
    ['has the types that it says', { size: '1', labels: { a: 1 } }, ['/labels/a type']],
  ])('%s', (_title, object, expected) => {
    expect(problems(kinds.get('v1/Box'), object)).toEqual(expected);
  });
});

describe('a custom resource', () => {
  const kinds = kindsOfCustom({
    spec: {
      group: 'example.com',
      names: { kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                metadata: { type: 'object' },
                spec: {
                  type: 'object',
                  properties: {
                    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                    level: { type: 'string', enum: ['low', 'high'] },
                  },
                },
              },
            },
          },
        },
      ],
    },
  });

  test.each<[string, unknown, readonly string[]]>([
    ['has metadata', { metadata: { name: 'x', labels: {} } }, []],
    ['may be open in parts', { spec: { open: { a: { b: 1 } } } }, []],
    ['is closed elsewhere', { spec: { opne: {} } }, ['/spec additionalProperties']],
    ['names its values', { spec: { level: 'middle' } }, ['/spec/level enum']],
  ])('%s', (_title, object, expected) => {
    expect(problems(kinds.get('example.com/v1/Thing'), object)).toEqual(expected);
  });
});
