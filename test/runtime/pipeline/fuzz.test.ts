import { readFileSync } from 'node:fs';
import { array, assert, constantFrom, nat, oneof, property, string, tuple } from 'fast-check';
import { expect, test } from '@jest/globals';
import { lintPipeline } from '../../../runtime/pipeline/lint.ts';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import { renderDiagnostics } from '../../../runtime/pipeline/render.ts';
import { substitute } from '../../../runtime/pipeline/substitute.ts';
import { brokenFile, faultOf } from './broken.ts';

const everything = readFileSync(
  new URL('../../fixtures/pipelines/everything.yml', import.meta.url),
  'utf8',
);

/** Does everything with the text of a file. Tells which of the diagnostics is no good; throws never. */
function faults(input: string): readonly string[] {
  const substituted = substitute(input, new Map([['a', 'b\nc']]));
  const text = 'text' in substituted ? substituted.text : input;
  const { documents, diagnostics } = loadFile(text);
  const linted = documents.flatMap((document) =>
    document.kind === 'pipeline' ? lintPipeline(document.pipeline, { trusted: false }) : [],
  );
  const all = [...diagnostics, ...linted, ...('error' in substituted ? [substituted.error] : [])];
  const lines = text.split(/\r\n|\n|\r/);
  const bad = all.filter(({ position: { line, column, length }, message, fix }) => {
    const content = lines[line - 1];
    const inside = content !== undefined && column >= 1 && column <= content.length + 1;
    return !inside || length < 1 || /undefined|NaN|\[object/.test(message + fix);
  });
  const rendered = renderDiagnostics(all, { file: 'f', text, color: true });
  return [
    ...bad.map((diagnostic) => JSON.stringify(diagnostic)),
    ...(rendered.length < all.length * 2_000 + 1 ? [] : ['the rendered text is too long']),
  ];
}

const isFine = (text: string): void => expect(faults(text)).toEqual([]);

/** Separated by `~~`, because every other sign is one of them. */
const PIECES =
  '\n~~\n~~\n  ~~\n- ~~  ~~- ~~: ~~:~~? ~~[~~]~~{~~}~~, ~~"~~\'~~|~~>~~&a ~~*a~~<<: *a~~!!int ~~!!binary ~~!x ~~#' +
  '~~%~~@~~`~~\t~~\\~~---\n~~...\n~~${~~}~~$~~\u0000~~\u0007~~\uFEFF~~\u2028~~\r~~😀~~kind: pipeline\n' +
  '~~type: kubernetes\n~~steps:\n~~name: ~~image: ~~commands:\n~~depends_on: ~~when: ~~branch: ~~include: ' +
  '~~settings: ~~from_secret: ~~volumes: ~~a~~b~~1~~1.5~~yes~~0x1F~~1e999~~99999999999999999999~~500MiB~~constructor';
const piece = constantFrom(...PIECES.split('~~'));
const soup = array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));

/** A good file with a few wounds. */
const wounded = array(
  tuple(nat(everything.length), nat(5), oneof(piece, string({ maxLength: 3 }))),
  {
    minLength: 1,
    maxLength: 4,
  },
).map((wounds) =>
  wounds.reduce(
    (text, [at, removed, inserted]) => text.slice(0, at) + inserted + text.slice(at + removed),
    everything,
  ),
);

test('no text makes it throw, and every diagnostic has a place in the file', () => {
  const binary = string({ unit: 'binary', maxLength: 200 });
  assert(property(soup, isFine), { numRuns: 2_000 });
  assert(property(wounded, isFine), { numRuns: 600 });
  assert(property(binary, isFine), { numRuns: 500 });
  expect(faults(everything)).toEqual([]);
}, 30_000);

test('a file cut off anywhere is read or refused with a place', () => {
  const found = Array.from({ length: everything.length / 3 }, (_, index) =>
    faults(everything.slice(0, index * 3)),
  );
  expect(found.flat()).toEqual([]);
});

test.each([']', '}', '@', '\t- x', 'a:b'])(
  'a line %j is refused wherever it stands, and found close by',
  (wound) => {
    const lines = everything.split('\n');
    const found = lines.map((_, at) => {
      const text = [...lines.slice(0, at), wound, ...lines.slice(at)].join('\n');
      const first = loadFile(text).diagnostics.find(({ severity }) => severity === 'error');
      return first === undefined
        ? `line ${at + 1}: nothing`
        : Math.abs(first.position.line - 1 - at) > 3
          ? `line ${at + 1}: ${JSON.stringify(first)}`
          : undefined;
    });
    expect(found.filter((line) => line !== undefined)).toEqual([]);
  },
);

// `npm run fuzz` takes 100 000 of them.
test('a broken file is refused with an error that has a place, within a second', () => {
  const found = Array.from({ length: 3_000 }, (_, seed) => [seed, faultOf(brokenFile(seed))]);
  expect(found.filter(([, fault]) => fault !== '')).toEqual([]);
}, 30_000);
