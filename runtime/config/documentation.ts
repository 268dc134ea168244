/** The table of variables for people: as Markdown, and as text for a terminal. Pure. */
import { markdownTable } from '../markdown.ts';
import { IDLE_VARIABLES } from './idle-variables.ts';
import type { Variable } from './variable.ts';
import { GROUPS } from './variables.ts';

/** The text of docs/configuration.md, formatted as prettier would. */
export function configurationMarkdown(): string {
  const groups = GROUPS.map(({ title, variables }) => {
    const rows = variables.map((variable) => [
      `\`${variable.name}\``,
      variable.type.name,
      variable.required ? '**required**' : code(fallbackOf(variable)),
      variable.help + aliasesOf(variable),
    ]);
    return `## ${title}\n\n${markdownTable(['Variable', 'Type', 'Default', 'Meaning'], rows)}`;
  });
  const idle = IDLE_VARIABLES.map(({ name, reason }) => [`\`${name}\``, reason]);
  return [
    INTRODUCTION,
    ...groups,
    FILES,
    `## Known and without effect\n\n${markdownTable(['Variable', 'Why'], idle)}`,
  ].join('\n');
}

/** What `drone-kube daemon --help` adds about variables. */
export function configurationText(): string {
  const groups = GROUPS.map(({ title, variables }) => {
    const rows = variables.map((variable) => {
      const fallback = variable.required ? 'required' : fallbackOf(variable);
      const details = [variable.type.name, ...(fallback === '' ? [] : [fallback])].join(', ');
      const meaning = (variable.help + aliasesOf(variable)).replaceAll('`', '');
      return `  ${variable.name} (${details})\n      ${meaning}\n`;
    });
    return `${title}:\n${rows.join('')}`;
  });
  const idle = IDLE_VARIABLES.map(({ name }) => `  ${name}\n`);
  return [...groups, `Known and without effect:\n${idle.join('')}`].join('\n');
}

const aliasesOf = ({ aliases }: Variable): string =>
  aliases.length === 0 ? '' : ` Also ${aliases.map((name) => `\`${name}\``).join(', ')}.`;

/** '' where nothing is set by default. */
function fallbackOf({ fallback, shown }: Variable): string {
  if (shown !== undefined) return shown;
  return ['string', 'number', 'boolean'].includes(typeof fallback) ? String(fallback) : '';
}

/** Words stay words, values become code. */
const code = (text: string): string => (text === '' || text.includes(' ') ? text : `\`${text}\``);

const INTRODUCTION = `<!-- Made from runtime/config by \`npm run generate\`. Do not edit. -->

# Configuration of the daemon

\`drone-kube daemon\` is configured by environment variables, and by the files that some of them name.
\`drone-kube daemon FILE\` also reads \`NAME=VALUE\` lines from a file; the environment goes over it.

It reads what drone-runner-kube reads and means the same by it. Variables of its own begin with
\`DRONE_KUBE_\`. A variable that is empty counts as one that is not set. Whatever is wrong is told at
the start, all of it at once, and then nothing runs.

How values are written:

- boolean: \`true\` or \`false\`; also \`1\`, \`t\`, \`T\`, \`TRUE\`, \`True\`, and the same for false
- list: \`a,b,c\`
- map: \`name:value,name:value\`; a value may contain colons, but no comma
- millicores: a whole number; 1000 is one core
- size: bytes, or \`512MiB\`, \`2GiB\`, \`100mb\`; the units are binary whatever they are called
- seconds: whole seconds, or a time such as \`10m\` or \`1h30m\`
- glob: \`*\` and \`?\` stop at \`/\`; in rules and policies \`**\` crosses it and \`{a,b}\` is a choice
`;

const FILES = `## The policy file

Each document is a policy. A build gets the first one that matches it, otherwise the one that is
called \`default\`, otherwise none. Conditions are written as under \`when\` of a step; a policy without
any matches every build.

\`\`\`yaml
kind: policy
name: deployments
match:
  repo: [octocat/*]
  event: [promote, rollback]
metadata:
  namespace: deployments # goes over the pipeline and DRONE_NAMESPACE_DEFAULT
  labels: # added to those of the pipeline, and over them
    team: platform
  annotations:
    example.com/owner: platform
resources:
  request: # of the whole stage
    cpu: 500
    memory: 1GiB
  limit: # of each container
    cpu: 2000
    memory: 4GiB
node_selector: # instead of the one of the pipeline
  disk: ssd
service_account: deployer # instead of the one of the pipeline
tolerations: # instead of those of the pipeline
  - key: dedicated
    operator: Equal
    value: builds
    effect: NoExecute
    toleration_seconds: 60
allow: [resources, workspace] # keys under \`kubernetes\` that pipelines may use; see pipeline-keys.md
priority_class: deployments # of stages whose pipeline names none
---
kind: policy
name: default
metadata:
  namespace: builds
\`\`\`

## The file of namespace rules

A namespace that is listed may be named only in pipelines of repositories that one of its globs
matches. All others are open.

\`\`\`yaml
production: [octocat/deploy, octocat/infra-*]
kube-system: []
\`\`\`
`;
