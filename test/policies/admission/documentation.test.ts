import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { admissionMarkdown } from '../../../policies/admission/documentation.ts';

const FILE = new URL('../../../docs/admission.md', import.meta.url);

// To write it, run in the root of the repository:
// npm run generate
test('docs/admission.md is current', async () => {
  expect(await readFile(FILE, 'utf8')).toBe(admissionMarkdown());
});
