import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { CODES } from '../../../runtime/pipeline/codes.ts';
import { lintMarkdown } from '../../../runtime/pipeline/lint-documentation.ts';

describe('docs/lint.md', () => {
  test('is current; `node test/generate.ts` writes it', async () => {
    const file = new URL('../../../docs/lint.md', import.meta.url);
    expect(await readFile(file, 'utf8')).toBe(lintMarkdown());
  });

  test('has every code once', () => {
    const listed = [...lintMarkdown().matchAll(/^\| `([a-z-]+)`/gm)].map(([, code]) => code);
    expect(listed).toHaveLength(new Set(listed).size);
    expect(new Set(listed)).toEqual(new Set(Object.keys(CODES)));
  });
});
