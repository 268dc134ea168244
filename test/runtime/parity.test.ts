import { access, readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { KEPT } from '../fuzz/differential/differences.ts';
import { answerHere, EXAMPLES } from '../fuzz/differential/examples.ts';
import { FIXTURES, parityMarkdown, readSections, ROOT } from './parity/documentation.ts';
import { outcomeOf, partOf, readFixture } from './parity/run.ts';

const folders = (await readdir(FIXTURES, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

test.each(folders)('%s', async (name) => {
  const fixture = await readFixture(new URL(`${name}/`, FIXTURES));
  expect(partOf(await outcomeOf(fixture), fixture.expected)).toEqual(fixture.expected);
});

describe('docs/parity.md', () => {
  test('is current; `npm run generate` writes it', async () => {
    const text = await readFile(new URL('docs/parity.md', ROOT), 'utf8');
    expect(text).toBe(await parityMarkdown());
  });

  test('names only tests that are there, and every folder', async () => {
    const named = (await readSections()).flatMap(({ rules }) =>
      rules.flatMap(({ tests }) => tests),
    );
    const missing = await Promise.all(
      named
        .filter((each) => each.includes('/'))
        .map(async (path) => {
          const found = await access(new URL(path, ROOT)).then(
            () => true,
            () => false,
          );
          return found ? [] : [path];
        }),
    );
    expect(missing.flat()).toEqual([]);
    expect([...new Set(named.filter((each) => !each.includes('/')))].sort()).toEqual(folders);
  });

  test('has each difference of the fuzz once', async () => {
    const named = (await readSections()).flatMap(({ rules }) =>
      rules.flatMap(({ differences }) => differences),
    );
    const kept = [...KEPT.templates, ...KEPT.files].map(({ id }) => id);
    expect(named.toSorted()).toEqual(kept.toSorted());
    expect([...new Set(EXAMPLES.map(({ id }) => id))].toSorted()).toEqual(kept.toSorted());
  });
});

test.each(EXAMPLES)('$id: $asked', ({ asked, here }) => {
  expect(answerHere(asked)).toBe(here);
});
