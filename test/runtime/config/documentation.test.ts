import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { configurationMarkdown, configurationText } from '../../../runtime/config/documentation.ts';
import { parsePolicies } from '../../../runtime/config/policy-file.ts';
import { parseRules } from '../../../runtime/config/rules-file.ts';
import { GROUPS } from '../../../runtime/config/variables.ts';

const FILE = new URL('../../../docs/configuration.md', import.meta.url);

describe('the reference', () => {
  // To write it, run in the root of the repository:
  // npm run generate
  test('docs/configuration.md is current', async () => {
    expect(await readFile(FILE, 'utf8')).toBe(configurationMarkdown());
  });

  test('its examples are sound', () => {
    const [policies, rules] = [...configurationMarkdown().matchAll(/```yaml\n(.*?)```/gs)];
    expect(parsePolicies(policies?.[1] ?? '')).toMatchObject({
      diagnostics: [],
      policies: [{ name: 'deployments' }, { name: 'default' }],
    });
    expect(parseRules(rules?.[1] ?? '').diagnostics).toEqual([]);
  });

  test('the help has every variable, with its default', () => {
    const text = configurationText();
    for (const { variables } of GROUPS) {
      for (const { name } of variables) expect(text).toContain(`  ${name} (`);
    }
    expect(text).toContain('  DRONE_RUNNER_CAPACITY (integer, 100)\n      Stages that');
    expect(text).toContain('  DRONE_RPC_HOST (host, required)\n');
    expect(text).not.toContain('`');
  });
});
