import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { formatFile } from '../../../runtime/format/format.ts';
import { isSame } from '../../../runtime/format/same.ts';
import { hasErrors } from '../../../runtime/pipeline/diagnostics.ts';
import { lintPipeline } from '../../../runtime/pipeline/lint.ts';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { generateFile, pick, randomOf } from '../pipeline/generated.ts';
import { inputOf } from '../support.ts';

const RUNS = 400;
const seeds = Array.from({ length: RUNS }, (_, seed) => seed + 1);

/** Without the places in the file. */
const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => {
      if (key === 'position' || key === 'places') return undefined;
      if (typeof inner === 'bigint') return String(inner);
      return inner instanceof Map ? [...inner] : inner;
    }),
  );

const pipelineOf = (text: string): Pipeline | undefined =>
  loadFile(text).documents.flatMap((document) =>
    document.kind === 'pipeline' ? [document.pipeline] : [],
  )[0];

/** What would be created, for a pipeline that may run. */
function compiled(text: string): unknown {
  const pipeline = pipelineOf(text);
  if (pipeline === undefined || hasErrors(lintPipeline(pipeline, { trusted: true })))
    return 'refused';
  return withoutPlaces(compileStage(inputOf({ pipeline })));
}

const commentsOf = (text: string): readonly string[] =>
  [...text.matchAll(/# comment \d+.*/g)].map(([comment]) => comment.trimEnd()).toSorted();

/** Any layout that YAML allows; see generated.ts. */
describe('generated files', () => {
  test('mean the same, and keep their comments; formatting twice changes nothing', () => {
    for (const seed of seeds) {
      const text = generateFile(seed);
      const result = formatFile(text);
      expect({ seed, ...formatFile(result.text) }).toEqual({ seed, ...result });
      expect({ seed, diagnostics: result.diagnostics }).toEqual({ seed, diagnostics: [] });
      expect(commentsOf(result.text)).toEqual(commentsOf(text));
      expect(withoutPlaces(loadFile(result.text).documents)).toEqual(
        withoutPlaces(loadFile(text).documents),
      );
    }
  }, 60_000);

  test('compile to the same plan and objects', () => {
    const outcomes = seeds.slice(0, 100).map((seed) => {
      const text = generateFile(seed);
      const before = compiled(text);
      expect({ seed, stage: compiled(formatFile(text).text) }).toEqual({ seed, stage: before });
      return before;
    });
    // Most of them can run, otherwise this would say little.
    expect(outcomes.filter((outcome) => outcome !== 'refused').length).toBeGreaterThan(30);
  }, 60_000);

  test('with wounds: never a crash, never another meaning, and the same when done again', () => {
    const outcomes = seeds.map((seed) => {
      const text = wounded(seed);
      const result = formatFile(text);
      if (hasErrors(result.diagnostics))
        return result.text === text ? 'refused' : `changed ${seed}`;
      expect({ seed, again: formatFile(result.text).text }).toEqual({ seed, again: result.text });
      expect({ seed, same: isSame(text, result.text) }).toEqual({ seed, same: true });
      return 'formatted';
    });
    expect(new Set(outcomes)).toEqual(new Set(['refused', 'formatted']));
  }, 60_000);
});

const PIECES =
  '\n~~\n  ~~- ~~: ~~? ~~[~~]~~{~~}~~, ~~"~~\'~~|~~>~~&a ~~*a~~!!int ~~# ~~%~~@~~\t~~\\~~---\n~~...\n~~\u2028~~\uFEFF~~\r~~|+\n~~|2\n'.split(
    '~~',
  );

/** With up to three pieces put in, each in the place of up to two characters. */
function wounded(seed: number): string {
  const random = randomOf(-seed);
  let text = generateFile(seed);
  for (let left = random() * 3; left > 0; left -= 1) {
    const at = Math.floor(random() * text.length);
    text = text.slice(0, at) + pick(random, PIECES) + text.slice(at + Math.floor(random() * 3));
  }
  return text;
}
