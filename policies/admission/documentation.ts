/** The rules and their parameters for people. Pure. */
import { markdownTable } from '../../runtime/markdown.ts';
import { PARAMETER_DEFAULTS, PARAMETER_MEANINGS } from './parameters.ts';
import { ADMISSION_RULES } from './rules.ts';

/** The text of docs/admission.md, formatted as prettier would. */
export function admissionMarkdown(): string {
  const rules = ADMISSION_RULES.map(({ id, title, trust, message, fix, parameters }) => [
    `\`admission-${id}\``,
    title,
    trust === 'both' ? 'all' : trust,
    parameters.map(code).join(', '),
    `${message}; ${fix}`,
  ]);
  const parameters = Object.entries(PARAMETER_MEANINGS).map(([name, meaning]) => [
    code(name),
    meaning,
    shown(name, PARAMETER_DEFAULTS.untrusted),
    shown(name, PARAMETER_DEFAULTS.trusted),
  ]);
  return [
    INTRODUCTION,
    `## Rules\n\n${RULES}\n\n${markdownTable(['Code', 'Rule', 'Namespaces', 'Parameters', 'What a user reads'], rules)}`,
    `## Parameters\n\n${PARAMETERS}\n\n${markdownTable(['Parameter', 'Meaning', 'Untrusted', 'Trusted'], parameters)}`,
    LIMITS,
  ].join('\n');
}

const code = (text: string): string => `\`${text}\``;

/** The default of a parameter. */
function shown(name: string, defaults: object): string {
  const value: unknown = new Map(Object.entries(defaults)).get(name);
  if (value === undefined) return 'the runner';
  if (Array.isArray(value)) return value.map(String).map(code).join(', ') || 'none';
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([key, amount]) => `${key} ${code(String(amount))}`)
        .join(', ')
    : code(typeof value === 'string' ? value : JSON.stringify(value));
}

const INTRODUCTION = `<!-- Made from policies/admission, by \`npm run generate\`. Do not edit. -->

# Admission rules

Which Pods may be made where stages run, whatever a pipeline or a mistake in the runner asks for. Each
namespace of builds is for trusted or for untrusted repositories, as Drone calls them. The rules are
one ValidatingAdmissionPolicy for each of the two, which the API server enforces (version 1.30 and
later; they are tried on 1.34). Those that are about any Pod also check what \`cdk8s synth\` makes.

A Pod that breaks a rule is refused, and its stage fails with the message of the first rule broken:

\`\`\`text
container 2-test: takes a port of the node [admission-host-ports]; remove \`hostPort\`; steps reach a service by its name
\`\`\`
`;

const RULES = `They hold when a Pod is made, when a container is added to it, and when its \`spec\` or labels are
changed. What the API server cannot evaluate is refused.`;

const PARAMETERS = `They are compiled into the policy, as variables of it. They are not kept in a ConfigMap that the policy
refers to: once no policy in a cluster refers to one, the API server no longer reads ConfigMaps for
policies until it is restarted, and then refuses every Pod or goes by what it read before
([kubernetes#130887](https://github.com/kubernetes/kubernetes/issues/130887)).

Those marked \\* can be set for trusted repositories only.`;

const LIMITS = `## What they do not do

- They hold in the namespaces that the binding names, not in those that the runner makes for one stage
  alone (\`drone-\`): use these for trusted repositories only.
- They are about Pods. Who may read Secrets or make other objects is the matter of RBAC; how much all
  Pods of a namespace have together, of its ResourceQuota; whom they reach, of NetworkPolicies; and users
  and system calls, of the Pod Security level of the namespace.
- A stage that began under looser parameters may fail when a plugin is added to it under stricter ones.
- DRONE_RUNNER_VOLUMES mounts folders of the node into every step, which untrusted namespaces refuse, and
  images that the runner starts privileged (\`plugins/docker\`) are refused unless \`privileged\` is set.
`;
