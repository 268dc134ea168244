import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, test } from '@jest/globals';
import { pipelineJsonSchema } from '../../../runtime/pipeline/json-schema.ts';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import { resolveScalar } from '../../../runtime/pipeline/scalars.ts';
import { parseSource } from '../../../runtime/pipeline/source.ts';
import type { Node } from '../../../runtime/pipeline/tree.ts';
import { generateData, randomOf, writeData } from './generated.ts';
import { HEAD, withStep } from './helpers.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(pipelineJsonSchema());

/** A value as the parser of pipelines reads it. */
function valueOf(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(valueOf);
  if (node.kind === 'map') {
    return Object.fromEntries(node.entries.map(({ key, value }) => [key.text, valueOf(value)]));
  }
  const scalar = resolveScalar(node);
  return scalar === undefined || scalar.kind === 'null' ? null : scalar.value;
}

/** What is wrong with the documents of a file. */
const problems = (text: string): readonly string[] =>
  parseSource(text).documents.flatMap((root) => {
    validate(valueOf(root));
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${instancePath}: ${message}`,
    );
  });

test('schema/pipeline.schema.json is current; `node test/generate.ts` writes it', () => {
  expect(JSON.parse(read('schema/pipeline.schema.json'))).toEqual(
    JSON.parse(JSON.stringify(pipelineJsonSchema())),
  );
});

describe('what loads without a word is valid', () => {
  test.each(['test/fixtures/pipelines/everything.yml', 'examples/.drone.yml'])('%s', (path) => {
    expect(loadFile(read(path)).diagnostics).toEqual([]);
    expect(problems(read(path))).toEqual([]);
  });

  test.each([
    ['a word of YAML 1.1', withStep('detach: yes\nprivileged: Off')],
    ['a number in YAML 1.1', withStep('user: 0o17\ngroup: 1_000')],
    ['numbers as texts', withStep('environment: {A: 1, B: true, C: 1.10, D: }\ncommands: [1, ~]')],
    [
      'secrets',
      withStep('environment: {A: {from_secret: b}}\nsettings: {A: {from_secret: b}, C: [1]}'),
    ],
    [
      'the shapes of a condition',
      withStep('when: {branch: a, event: [b], ref: {include: [c], exclude: }}'),
    ],
    ['memory', withStep('resources: {limits: {memory: 1.5GiB, cpu: 100}, requests: {memory: 1}}')],
    ['nulls', `${HEAD}steps:\nclone:\nenvironment: {A: }\n`],
    ['any case', withStep('pull: If-Not-Exists')],
    ['another kind', 'kind: template\nload: a.starlark\ndata: {a: 1}\n'],
    ['another type', 'kind: pipeline\ntype: docker\nsteps: [{name: a, image: b, ports: [1]}]\n'],
    ['a secret', 'kind: secret\nname: a\nget: {path: b, name: c}\n'],
    ['a signature', 'kind: signature\nhmac: abc\n'],
  ])('%s', (_, text) => {
    expect(loadFile(text).diagnostics).toEqual([]);
    expect(problems(text)).toEqual([]);
  });

  test('generated files', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = randomOf(seed);
      const text = writeData(generateData(random), random);
      expect(loadFile(text).diagnostics).toEqual([]);
      expect([seed, ...problems(text)]).toEqual([seed]);
    }
  });
});

describe('what the parser complains about is not valid', () => {
  test.each([
    ['an unknown key', withStep('comands: [a]')],
    ['a text instead of a list', withStep('commands: make')],
    ['a map instead of a list', `${HEAD}steps: {a: b}`],
    ['a list instead of a map', withStep('environment: [A=b]')],
    ['a map instead of a text', withStep('environment: {A: {b: c}}')],
    ['a list instead of a text', withStep('working_dir: [a]')],
    ['a text instead of a number', withStep('user: root')],
    ['a fraction', withStep('user: 1.5')],
    ['a number in quotes', withStep('user: "1"')],
    ['a text instead of a truth value', withStep('detach: maybe')],
    ['no amount of memory', withStep('resources: {limits: {memory: lots}}')],
    ['an unknown choice', withStep('failure: ignored')],
    ['an unknown choice in any case', withStep('pull: Sometimes')],
    ['a text under include', withStep('when: {branch: {include: a}}')],
    ['an unknown key of a condition', withStep('when: {branch: {includes: [a]}}')],
    ['a list in a list', withStep('when: {branch: [[a]]}')],
    ['an empty entry', `${HEAD}steps: [~]`],
    ['no kind', 'type: kubernetes\n'],
    ['an unknown kind', 'kind: pipelin\n'],
    ['an unknown type', 'kind: pipeline\ntype: kubernets\n'],
    ['an unknown key of a secret', 'kind: secret\nname: a\nvalue: b\n'],
  ])('%s', (_, text) => {
    expect(loadFile(text).diagnostics).not.toEqual([]);
    expect(problems(text)).not.toEqual([]);
  });

  test.each([
    ['a step without an image', `${HEAD}steps: [{name: a}]`, '/steps'],
    ['a volume without a name', `${HEAD}volumes: [{temp: {}}]`, '/volumes'],
  ])('neither is %s', (_, text, place) => {
    expect(problems(text).join('\n')).toContain(place);
  });
});

test('an editor that reads YAML 1.2 comes to the same', () => {
  const text = read('test/fixtures/pipelines/everything.yml');
  expect(validate(load(text))).toBe(true);
  expect(validate(load(text.replace('retries: 3', 'retries: three')))).toBe(false);
});

test('every key is described', () => {
  const { definitions } = JSON.parse(read('schema/pipeline.schema.json'));
  for (const { properties } of Object.values<{ properties: object }>(definitions)) {
    for (const property of Object.values(properties)) {
      expect(property).toMatchObject({ description: expect.stringMatching(/\.$/) });
    }
  }
});
