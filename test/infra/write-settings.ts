/** Writes the reference of the settings into docs/deployment.md, below its last heading. */
import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { settingsMarkdown, settingsSource } from './settings-source.ts';

const file = new URL('../../docs/deployment.md', import.meta.url);
const HEADING = '## All settings\n';

const text = await readFile(file, 'utf8');
const above = text.slice(0, text.indexOf(HEADING) + HEADING.length);
const settings = settingsMarkdown(await settingsSource());
await writeFile(
  file,
  await format(`${above}\n${settings}`, { parser: 'markdown', printWidth: 100 }),
);
