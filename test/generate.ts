/** `npm run generate`: writes what is made from the definitions of the program. */
import { writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { pipelineJsonSchema } from '../runtime/pipeline/json-schema.ts';
import { admissionMarkdown } from '../policies/admission/documentation.ts';
import { configurationMarkdown } from '../runtime/config/documentation.ts';
import { keysMarkdown } from '../runtime/config/keys-documentation.ts';
import { lintMarkdown } from '../runtime/pipeline/lint-documentation.ts';
import { parityMarkdown } from './runtime/parity/documentation.ts';

const root = new URL('../', import.meta.url).pathname;

async function write(path: string, text: string): Promise<void> {
  const filepath = `${root}${path}`;
  await writeFile(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
}

await write('docs/admission.md', admissionMarkdown());
await write('docs/configuration.md', configurationMarkdown());
await write('docs/lint.md', lintMarkdown());
await write('docs/parity.md', await parityMarkdown());
await write('docs/pipeline-keys.md', keysMarkdown());
await write('schema/pipeline.schema.json', JSON.stringify(pipelineJsonSchema()));
