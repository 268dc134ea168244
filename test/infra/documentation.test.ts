import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { format } from 'prettier';
import { settingsMarkdown, settingsSource, undocumented } from './settings-source.ts';

const read = async (path: string): Promise<string> =>
  readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('docs/deployment.md', () => {
  // To write it, run in the root of the repository: node test/infra/write-settings.ts
  test('lists every setting', async () => {
    const settings = settingsMarkdown(await settingsSource());
    const expected = await format(settings, { parser: 'markdown' });
    expect(await read('docs/deployment.md')).toContain(expected.trim());
  });
});

test('every setting says what it is, and what holds where it is left out', async () => {
  expect(undocumented(await settingsSource())).toEqual([]);
});
