/** The keys under `kubernetes` for people, as Markdown. */
import { markdownTable } from '../markdown.ts';
import { STAGE_KUBERNETES, STEP_KUBERNETES } from '../pipeline/kubernetes-schema.ts';
import type { ObjectSchema } from '../pipeline/schema.ts';
import { SWITCH_NAMES, SWITCHES, type Switch } from './switches.ts';

/** What holds where a key is left out; an empty cell is "nothing". */
const DEFAULTS: Readonly<Record<string, string>> = {
  'pipeline priority_class': 'the one of the policy, or of the cluster',
  'pipeline runtime_class': 'the one of the policy, or of the cluster',
  'pipeline workspace.size': 'no limit',
  'pipeline workspace.medium': 'disk',
  'pipeline security_context.run_as_user': 'the one of the image',
  'step security_context.run_as_user': 'the one of the pipeline; the same as `user`',
  'step security_context.run_as_group': 'the one of the pipeline; the same as `group`',
  'step security_context.run_as_non_root': 'as the pipeline says',
  'step security_context.seccomp_profile': 'the one of the pipeline',
};

/** Keys whose switch is not the one that is called as their first word. */
const SWITCH_OF: Readonly<Record<string, Switch>> = {
  'workspace.claim': 'workspace_claim',
  'security_context.capabilities.add': 'privileges',
};

/** The text of docs/pipeline-keys.md, as prettier would write it. */
export function keysMarkdown(): string {
  const rows = [...rowsOf('pipeline', STAGE_KUBERNETES), ...rowsOf('step', STEP_KUBERNETES)];
  const switches = SWITCH_NAMES.map((name) => [`\`${name}\``, SWITCHES[name]]);
  return [
    INTRODUCTION,
    `## The keys\n\n${markdownTable(['Key', 'Of', 'Meaning', 'Default', 'Switch'], rows)}`,
    RULES,
    `## The switches\n\n${markdownTable(['Switch', 'Lets a pipeline use'], switches)}`,
    POLICIES,
  ].join('\n');
}

function* rowsOf(level: string, schema: ObjectSchema, prefix = ''): Generator<string[]> {
  for (const [name, { description, schema: inner }] of Object.entries(schema.fields)) {
    const key = `${prefix}${name}`;
    // An affinity is described by Kubernetes.
    if (inner.kind === 'object' && name !== 'affinity' && name !== 'seccomp_profile') {
      yield* rowsOf(level, inner, `${key}.`);
      continue;
    }
    const found = SWITCH_OF[key] ?? key.split('.', 1)[0] ?? '';
    yield [`\`${key}\``, level, description, DEFAULTS[`${level} ${key}`] ?? '', `\`${found}\``];
  }
}

const INTRODUCTION = `<!-- Made from runtime/config and runtime/pipeline by \`npm run generate\`. Do not edit. -->

# Pipeline keys for Kubernetes

What Drone has no word for stands under \`kubernetes\`, of a pipeline or of a step:

\`\`\`yaml
kind: pipeline
type: kubernetes
name: train

platform:
  arch: arm64 # the Pod runs on nodes with kubernetes.io/arch: arm64

steps:
  - name: train
    image: python:3.14
    commands: [python train.py]
    kubernetes:
      resources:
        limits:
          nvidia.com/gpu: 1
      security_context:
        read_only_root_filesystem: true

kubernetes:
  priority_class: drone-kube-batch
  node_selector:
    topology.kubernetes.io/zone: zone-a
  workspace:
    storage_class: fast
    size: 50GiB
\`\`\`

An operator decides who may use them. \`drone-kube lint\` checks how they are written, and knows no
policy; \`drone-kube exec\` lets you use all of them, because it has no other rights than your own.
`;

const RULES = `How they work together:

- \`node_selector\`: of the policy, the pipeline (\`node_selector\` at its top level) and the runner, the
  first that has one counts, as in drone-runner-kube. What stands under \`kubernetes\` is added to it,
  and goes over it, unless the policy has that label.
- \`platform\`: where a file names \`os\` or \`arch\`, it becomes a label of the node selector,
  \`kubernetes.io/os\` or \`kubernetes.io/arch\`, unless that has one already. No switch is needed. A file
  that names none runs on any node; an \`os\` other than \`linux\` is an error.
- Requests: the request of a pipeline stands on one container, and not on each step. A step that
  requests \`cpu\` or \`memory\` gets that on its own container, and the other one gets as much less: the
  Pod requests what the pipeline does, or what such steps do together, where that is more. (What stands
  in \`resources.requests\` of a step has no effect, as ever.)
- Extended resources are given to the container of the step, and their request is their limit. The
  scheduler wants a node that has those of all steps together.
- \`ephemeral_storage\`: Kubernetes adds up the limits of all containers, and ends a Pod that uses more,
  its workspace included. So give every step a limit, or none.
- A step of an image whose command nobody knows is added to the Pod at its turn, and Kubernetes gives
  such a container no resources; a warning tells of it.
- \`workspace.claim\`: several runs may use it at once, and each finds what others have left. A claim that
  is made (\`storage_class\`) is deleted with the Pod.
`;

const POLICIES = `A policy (\`DRONE_POLICY_FILE\`) has the switches that are on under \`allow\`. For stages whose policy has
no \`allow\`, and for those without a policy, \`DRONE_KUBE_ALLOW\` has them. All are off by default:
drone-runner-kube knows none of these keys, and what takes its place must not give repositories more
than they had. A key whose switch is off ends the stage with the error \`key-not-allowed\`.

\`\`\`yaml
kind: policy
name: default
allow: [resources, priority_class]
priority_class: builds # of stages that name none
priority_classes: [builds, builds-batch] # that a pipeline may name; any but system-… by default
runtime_class: gvisor # \`runtime_class\` is not allowed, so all stages have this one
\`\`\`

\`runtime_classes\` is the same for runtime classes. A policy that sets a class and does not allow the key
forces it on all of its stages.

Beside the switches there are the [admission rules](admission.md) of the namespace: what they do not
let in, the API server refuses, whatever a policy says.
`;
