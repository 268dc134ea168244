/**
 * The keys under `kubernetes:` of a pipeline and of a step: what Drone has no word for. They have
 * the names that Kubernetes gives them, written as the other keys of the file are; an affinity is
 * written as Kubernetes does, so that one can be taken over from a manifest.
 */
import { bool, field, int, list, map, memory, object, oneOf, string } from './schema.ts';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

const requirement = (name: string, operators: readonly string[]) =>
  object(name, {
    key: field(string, 'Key of the label.'),
    operator: field(oneOf(operators), 'How the label is compared with the values.'),
    values: field(list(string), 'Values, for operators that take any.'),
  });

const NODE_REQUIREMENT = requirement('a node requirement', [...OPERATORS, 'Gt', 'Lt']);

const NODE_TERM = object('a node selector term', {
  matchExpressions: field(list(NODE_REQUIREMENT), 'Labels of the node; all have to match.'),
  matchFields: field(list(NODE_REQUIREMENT), 'Fields of the node; all have to match.'),
});

const LABEL_SELECTOR = object('a label selector', {
  matchLabels: field(map(string), 'Labels and their values; all have to match.'),
  matchExpressions: field(
    list(requirement('a label requirement', OPERATORS)),
    'Conditions on labels; all have to match.',
  ),
});

const POD_TERM = object('a pod affinity term', {
  labelSelector: field(LABEL_SELECTOR, 'Which Pods are meant.'),
  matchLabelKeys: field(list(string), 'Labels that those Pods have in common with this one.'),
  mismatchLabelKeys: field(list(string), 'Labels that they do not have in common with it.'),
  namespaces: field(list(string), 'Namespaces of those Pods; the one of the Pod by default.'),
  namespaceSelector: field(LABEL_SELECTOR, 'Namespaces of those Pods, by their labels.'),
  topologyKey: field(string, 'Label of nodes that says what near is.'),
});

const podAffinity = (name: string) =>
  object(name, {
    requiredDuringSchedulingIgnoredDuringExecution: field(list(POD_TERM), 'What has to hold.'),
    preferredDuringSchedulingIgnoredDuringExecution: field(
      list(
        object('a weighted pod affinity term', {
          weight: field(int('from 1 to 100'), 'How much it counts, from 1 to 100.'),
          podAffinityTerm: field(POD_TERM, 'What is preferred.'),
        }),
      ),
      'What is preferred.',
    ),
  });

const AFFINITY = object('an affinity', {
  nodeAffinity: field(
    object('a node affinity', {
      requiredDuringSchedulingIgnoredDuringExecution: field(
        object('a node selector', {
          nodeSelectorTerms: field(list(NODE_TERM), 'Of which one has to match.'),
        }),
        'Nodes that the Pod may run on.',
      ),
      preferredDuringSchedulingIgnoredDuringExecution: field(
        list(
          object('a preferred node term', {
            weight: field(int('from 1 to 100'), 'How much it counts, from 1 to 100.'),
            preference: field(NODE_TERM, 'What is preferred.'),
          }),
        ),
        'Nodes that the Pod rather runs on.',
      ),
    }),
    'By labels of nodes.',
  ),
  podAffinity: field(podAffinity('a pod affinity'), 'Near other Pods.'),
  podAntiAffinity: field(podAffinity('a pod anti-affinity'), 'Away from other Pods.'),
});

const SECCOMP = field(
  object('a seccomp profile', {
    type: field(oneOf(['RuntimeDefault', 'Localhost', 'Unconfined']), 'Which kind of profile.'),
    localhost_profile: field(string, 'File of the node, for `Localhost`.'),
  }),
  'System calls that are allowed.',
);

const USERS = {
  run_as_user: field(int('user id'), 'Numeric id of the user.'),
  run_as_group: field(int('group id'), 'Numeric id of the group.'),
  run_as_non_root: field(bool, 'Refuses to start as root.'),
};

export const STAGE_KUBERNETES = object('`kubernetes` of a pipeline', {
  priority_class: field(string, 'Name of the PriorityClass of the Pod.'),
  runtime_class: field(string, 'Name of the RuntimeClass of the Pod.'),
  node_selector: field(
    map(string),
    'Labels of the nodes to run on, in addition to `node_selector` of the pipeline, the policy or the runner.',
  ),
  affinity: field(AFFINITY, 'Affinity of the Pod, written as Kubernetes does.'),
  resources: field(
    object('the Kubernetes resources of a pipeline', {
      requests: field(
        object('the requests of a pipeline', {
          ephemeral_storage: field(memory, 'Disk of the node: workspace, logs, files of steps.'),
        }),
        'What the scheduler reserves for the Pod beside `resources.requests`.',
      ),
    }),
    'Resources that Drone has no word for.',
  ),
  security_context: field(
    object('the security context of a pipeline', {
      ...USERS,
      fs_group: field(int('group id'), 'Group that owns the volumes.'),
      fs_group_change_policy: field(
        oneOf(['Always', 'OnRootMismatch']),
        'When the owner of the files of a volume is changed.',
      ),
      supplemental_groups: field(list(int('group id')), 'More groups of the user.'),
      seccomp_profile: SECCOMP,
    }),
    'Security context of the Pod; what a step says goes over it.',
  ),
  workspace: field(
    object('the workspace volume', {
      size: field(memory, 'Limit of the volume, or the size of the claim that is made.'),
      medium: field(oneOf(['memory'], true), '`memory` keeps the files in memory; needs `size`.'),
      storage_class: field(string, 'Makes a claim of this StorageClass for the run; needs `size`.'),
      claim: field(
        string,
        'Name of a claim that is there; runs find what earlier runs have left in it.',
      ),
    }),
    'Volume of the workspace; an empty folder of the node by default.',
  ),
});

const STEP_AMOUNTS =
  'by name: `ephemeral_storage`, or an extended resource such as `nvidia.com/gpu`';

export const STEP_KUBERNETES = object('`kubernetes` of a step', {
  resources: field(
    object('the Kubernetes resources of a step', {
      requests: field(
        map(string),
        `What the scheduler reserves for the step, ${STEP_AMOUNTS}, \`cpu\` or \`memory\`.`,
      ),
      limits: field(map(string), `What the step may use at most, ${STEP_AMOUNTS}.`),
    }),
    'Resources of the container of the step.',
  ),
  security_context: field(
    object('the security context of a step', {
      ...USERS,
      read_only_root_filesystem: field(bool, 'Lets the step write to volumes only.'),
      allow_privilege_escalation: field(
        bool,
        'Whether a program may get more rights than its parent.',
      ),
      capabilities: field(
        object('the capabilities', {
          add: field(list(string), 'Capabilities that the step gets, such as `NET_ADMIN`.'),
          drop: field(list(string), 'Capabilities that it loses; `ALL` is all of them.'),
        }),
        'Capabilities of Linux.',
      ),
      seccomp_profile: SECCOMP,
    }),
    'Security context of the container of the step.',
  ),
});

export type StageKubernetesSchema = typeof STAGE_KUBERNETES;
export type StepKubernetesSchema = typeof STEP_KUBERNETES;
export type AffinitySchema = typeof AFFINITY;
export type SeccompSchema = typeof SECCOMP.schema;
