/** The rules for people, as Markdown. */
import { markdownTable } from '../markdown.ts';
import { CODES, severityOf, type Code } from './codes.ts';
import { codesInOrder } from './render-sarif.ts';

/** By the first word of the code. */
const GROUPS: readonly (readonly [title: string, prefixes: readonly string[]])[] = [
  ['The file as YAML', ['yaml']],
  ['Kinds of documents', ['kind']],
  ['Keys and their values', ['type', 'metadata', 'platform']],
  ['Steps and services', ['step', 'service', 'environment']],
  ['Order of steps', ['dependency']],
  ['Volumes', ['mount', 'volume']],
  ['Resources', ['resources']],
  ['Keys under `kubernetes`', ['kubernetes']],
  ['Secrets', ['secret']],
  ['Substitution', ['substitution']],
  ['Format', ['format']],
];

/** The text of docs/lint.md, as prettier would write it. */
export function lintMarkdown(): string {
  const sections = GROUPS.map(([title, prefixes]) => {
    const codes = codesInOrder().filter((code) => prefixes.includes(code.split('-', 1)[0] ?? ''));
    return `## ${title}\n\n${table(codes)}`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}

const table = (codes: readonly Code[]): string =>
  markdownTable(
    ['Code', 'Severity', 'What is wrong'],
    codes.map((code) => [`\`${code}\``, severityOf(code), CODES[code]]),
  );

const INTRODUCTION = `<!-- Made from runtime/pipeline/codes.ts by \`npm run generate\`. Do not edit. -->

# Rules of \`drone-kube lint\`

\`\`\`console
$ drone-kube lint                          # .drone.yml
$ drone-kube lint a.yml services/          # files, and the pipeline files of folders
$ drone-kube lint --format sarif > lint.sarif
$ jsonnet .drone.jsonnet | drone-kube lint -
\`\`\`

In a folder, those files are checked that end in \`.drone.yml\` (or \`.yaml\`), and all YAML files in
folders called \`.drone\`, at any depth. Jsonnet and Starlark have to be rendered first.

| Exit code | Meaning                                                                  |
| --------- | ------------------------------------------------------------------------ |
| 0         | no errors; there may be warnings                                         |
| 2         | errors, with \`--strict\` also warnings; or the command was called wrongly |

An error keeps a pipeline from running, here and mostly on the original as well. A warning tells what
has no effect, or not the one that it seems to have. A code keeps its meaning for ever. Some codes of
errors are warnings where they do no harm, for a service without a name for instance.
`;
