/** docs/parity.md, made from test/fixtures/parity/rules.yml. */
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { format, resolveConfig } from 'prettier';

export const ROOT = new URL('../../../', import.meta.url);
export const FIXTURES = new URL('test/fixtures/parity/', ROOT);

export interface Section {
  readonly title: string;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly rule: string;
  readonly is: 'same' | 'better' | 'other';
  /** Empty where it is the same. */
  readonly why: string;
  /** Names of folders of test/fixtures/parity, and paths of test files from the root. */
  readonly tests: readonly string[];
  /** Ids of `KEPT` in test/fuzz/differential/differences.ts. */
  readonly differences: readonly string[];
}

export async function readSections(): Promise<readonly Section[]> {
  const sections = list(load(await readFile(new URL('rules.yml', FIXTURES), 'utf8')));
  return sections.map((section) => ({
    title: text(section, 'title'),
    rules: list(value(section, 'rules')).map((rule) => {
      const is = text(rule, 'is');
      if (is !== 'same' && is !== 'better' && is !== 'other') {
        throw new Error(`rules.yml: "${is}" is none of same, better, other`);
      }
      const tests = list(value(rule, 'tests')).map(String);
      if (tests.length === 0) throw new Error(`rules.yml: no test: ${text(rule, 'rule')}`);
      const why = is === 'same' ? '' : text(rule, 'why');
      const differences = list(find(rule, 'differences') ?? []).map(String);
      return { rule: text(rule, 'rule'), is, why, tests, differences };
    }),
  }));
}

const find = (map: unknown, key: string): unknown =>
  typeof map === 'object' && map !== null ? new Map(Object.entries(map)).get(key) : undefined;

function value(map: unknown, key: string): unknown {
  const found = find(map, key);
  if (found === undefined) throw new Error(`rules.yml: no ${key} in ${JSON.stringify(map)}`);
  return found;
}

const text = (map: unknown, key: string): string => String(value(map, key)).trim();

const list = (found: unknown): readonly unknown[] => {
  if (!Array.isArray(found)) throw new Error(`rules.yml: no list: ${JSON.stringify(found)}`);
  return found;
};

const INTRODUCTION = `<!-- Made from test/fixtures/parity/rules.yml by \`npm run generate\`. Do not edit. -->

# Parity with drone-runner-kube

What a pipeline, or the operator of a runner, can see of drone-runner-kube, rule by rule: whether it is
the **same** here, **better** (with the reason), or **other**: left out or changed for a reason that has
to be known. Each rule names its tests: folders of [test/fixtures/parity](../test/fixtures/parity)
with a pipeline and what has to come of it, or files of tests.
`;

/** As prettier formats it. Throws where the data is not well formed. */
export async function parityMarkdown(): Promise<string> {
  const sections = await readSections();
  const markdown = [
    INTRODUCTION,
    ...sections.flatMap(({ title, rules }) => [
      `## ${title}`,
      '',
      '| Rule | Here | Why | Tests |',
      '| --- | --- | --- | --- |',
      ...rules.map(
        ({ rule, is, why, tests }) =>
          `| ${cell(rule)} | ${is} | ${cell(why)} | ${tests.map(link).join(', ')} |`,
      ),
      '',
    ]),
  ].join('\n');
  const filepath = new URL('docs/parity.md', ROOT).pathname;
  return format(markdown, { ...(await resolveConfig(filepath)), filepath });
}

const cell = (content: string): string => content.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|');

const link = (path: string): string =>
  path.includes('/')
    ? `[${path.split('/').at(-1) ?? ''}](../${path})`
    : `[${path}](../test/fixtures/parity/${path})`;
