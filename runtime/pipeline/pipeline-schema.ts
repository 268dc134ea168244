/**
 * Every key of the documents of a pipeline file, each described once, in the order of Drone's
 * documentation and its examples: `format` writes them so.
 */
import { STAGE_KUBERNETES, STEP_KUBERNETES } from './kubernetes-schema.ts';
import {
  any,
  bool,
  choice,
  condition,
  field,
  int,
  list,
  map,
  memory,
  object,
  orSecret,
  reference,
  string,
} from './schema.ts';

const AMOUNTS = object('the resource amounts', {
  cpu: field(int('millicores'), 'CPU in millicores; 1000 is one core.'),
  memory: field(memory, 'Bytes as a number, or a text such as `500MiB`.'),
});

const RESOURCES = object('the resources', {
  requests: field(AMOUNTS, 'What the scheduler reserves; counts for the whole pipeline only.'),
  limits: field(AMOUNTS, 'What a step may use at most; counts for a step only.'),
});

const CONDITIONS = object('the conditions', {
  action: field(condition, 'Action of the event, such as `opened` or `synchronize`.'),
  branch: field(condition, 'Target branch.'),
  cron: field(condition, 'Name of the cron job that started the build.'),
  event: field(condition, 'Event: push, pull_request, tag, promote, rollback, cron or custom.'),
  instance: field(condition, 'Host name of the Drone server.'),
  ref: field(condition, 'Git reference, such as `refs/heads/main`.'),
  repo: field(condition, 'Repository, as `namespace/name`.'),
  status: field(condition, 'Course of the stage so far: success, failure or both.'),
  target: field(condition, 'Target of a promotion or rollback.'),
  paths: field(condition, 'Changed files; never evaluated by a runner.'),
});

const MOUNT = object('a volume mount', {
  name: field(string, 'Name of a volume that the pipeline declares.'),
  path: field(string, 'Where the volume appears in the container.'),
  sub_path: field(string, 'Folder of the volume to mount instead of its root.'),
});

const STEP = object('a step', {
  name: field(string, 'Name, unique in the pipeline, at most 100 characters.'),
  image: field(string, 'Image of the container.'),
  pull: field(choice(['always', 'if-not-exists', 'never'], true), 'When the image is pulled.'),
  privileged: field(bool, 'Privileged mode; trusted repositories only.'),
  user: field(int('user id'), 'Numeric id of the user.'),
  group: field(int('group id'), 'Numeric id of the group.'),
  shell: field(string, 'Has no effect.'),
  detach: field(bool, 'Runs in the background; later steps do not wait for it.'),
  failure: field(
    choice(['always', 'ignore', 'fast', 'fail-fast', 'fast-fail'], false),
    '`ignore` lets the stage pass although the step fails, `fast` ends the stage at once.',
  ),
  environment: field(map(orSecret(string)), 'Environment variables.'),
  settings: field(map(orSecret(any)), 'Settings of a plugin, passed as PLUGIN_ variables.'),
  commands: field(list(string), 'Shell commands, run one after the other until one fails.'),
  entrypoint: field(list(string), 'Replaces the entrypoint of the image.'),
  command: field(list(string), 'Replaces the arguments of the entrypoint.'),
  working_dir: field(string, 'Folder in which the container starts; the workspace by default.'),
  resources: field(RESOURCES, 'Limits of CPU and memory.'),
  volumes: field(list(MOUNT), 'Volumes to mount.'),
  kubernetes: field(STEP_KUBERNETES, 'What only Kubernetes has, where the runner allows it.'),
  when: field(CONDITIONS, 'When the step runs.'),
  depends_on: field(list(reference), 'Steps that have to end first.'),
});

const OBJECT_FILES = {
  name: field(string, 'Name of the object in the namespace of the Pod.'),
  default_mode: field(int('mode bits'), 'Mode of the files, such as 0644.'),
  optional: field(bool, 'Whether the Pod starts without the object.'),
};

const VOLUME = object('a volume', {
  name: field(string, 'Name, to be used by steps.'),
  temp: field(
    object('a temp volume', {
      medium: field(string, '`memory` keeps the files in memory.'),
      size_limit: field(memory, 'Size of a volume in memory.'),
    }),
    'An empty folder that the steps of one run share.',
  ),
  host: field(
    object('a host volume', { path: field(string, 'Folder of the node.') }),
    'A folder of the node; trusted repositories only.',
  ),
  claim: field(
    object('a claim volume', {
      name: field(string, 'Name of the persistent volume claim.'),
      read_only: field(bool, 'Mounts the claim read-only.'),
    }),
    'A persistent volume claim; trusted repositories only.',
  ),
  config_map: field(
    object('a ConfigMap volume', OBJECT_FILES),
    'Files of a ConfigMap; trusted repositories only.',
  ),
  secret: field(
    object('a Secret volume', OBJECT_FILES),
    'Files of a Secret; trusted repositories only.',
  ),
});

export const PIPELINE_SCHEMA = object('a pipeline', {
  kind: field(string, '`pipeline`.'),
  type: field(string, '`kubernetes`.'),
  version: field(string, 'Has no effect.'),
  name: field(string, 'Name, unique in the file; `default` where it is left out.'),
  metadata: field(
    object('the metadata', {
      namespace: field(string, 'Namespace of the Pod; `drone-` makes one for the run.'),
      annotations: field(map(string), 'Annotations of the Pod.'),
      labels: field(map(string), 'Labels of the Pod.'),
    }),
    'Metadata of the Pod.',
  ),
  concurrency: field(
    object('the concurrency', {
      limit: field(int('runs'), 'How many runs of the pipeline there may be at a time.'),
    }),
    'Limits runs at the same time; evaluated by the server.',
  ),
  platform: field(
    object('the platform', {
      os: field(
        string,
        'Operating system: `linux`, the only one here; where it is named, the Pod runs on nodes of it.',
      ),
      arch: field(
        string,
        'Processor architecture, such as `arm64`; where it is named, the Pod runs on nodes of it.',
      ),
      variant: field(string, 'Variant of the architecture.'),
      version: field(string, 'Version of the operating system.'),
    }),
    'What the pipeline runs on.',
  ),
  workspace: field(
    object('the workspace', { path: field(string, 'Folder, `/drone/src` by default.') }),
    'Where the repository is cloned to.',
  ),
  clone: field(
    object('the clone step', {
      disable: field(bool, 'Leaves the clone step out.'),
      depth: field(int('commits'), 'How many commits are fetched; 0 is all.'),
      skip_verify: field(bool, 'Accepts any certificate of the Git server.'),
      trace: field(bool, 'Logs what Git does.'),
      retries: field(int('attempts'), 'Has no effect.'),
    }),
    'How the repository is cloned.',
  ),
  environment: field(map(string), 'Environment variables of all steps.'),
  resources: field(RESOURCES, 'What the scheduler reserves for the Pod.'),
  steps: field(list(STEP), 'Containers that run one after the other, or as a graph.'),
  services: field(list(STEP), 'Containers that run beside the steps.'),
  volumes: field(list(VOLUME), 'Volumes that steps can mount.'),
  image_pull_secrets: field(list(string), 'Secrets with a Docker config.json for registries.'),
  node: field(map(string), 'Labels that a runner needs to get the pipeline.'),
  node_name: field(string, 'Name of the node to run on.'),
  node_selector: field(map(string), 'Labels of the nodes to run on.'),
  service_account_name: field(string, 'Service account of the Pod.'),
  tolerations: field(
    list(
      object('a toleration', {
        effect: field(string, 'Effect of the taint.'),
        key: field(string, 'Key of the taint.'),
        operator: field(string, '`Equal` or `Exists`.'),
        value: field(string, 'Value of the taint.'),
        tolerationseconds: field(int('seconds'), 'How long a NoExecute taint is tolerated.'),
      }),
    ),
    'Taints of nodes that the Pod tolerates.',
  ),
  dns_config: field(
    object('the DNS config', {
      nameservers: field(list(string), 'Addresses of name servers.'),
      searches: field(list(string), 'Search domains.'),
      options: field(
        list(
          object('a DNS option', {
            name: field(string, 'Name of the option.'),
            value: field(string, 'Value of the option.'),
          }),
        ),
        'Options of the resolver.',
      ),
    }),
    'DNS of the Pod.',
  ),
  host_aliases: field(
    list(
      object('a host alias', {
        ip: field(string, 'IP address.'),
        hostnames: field(list(string), 'Names of the address.'),
      }),
    ),
    'Entries of /etc/hosts.',
  ),
  kubernetes: field(STAGE_KUBERNETES, 'What only Kubernetes has, where the runner allows it.'),
  trigger: field(CONDITIONS, 'When the pipeline runs; evaluated by the server.'),
  depends_on: field(list(string), 'Pipelines of the file that have to end first.'),
});

export const SECRET_SCHEMA = object('a secret', {
  kind: field(string, '`secret`.'),
  type: field(string, 'Type of the secret.'),
  name: field(string, 'Name, to be used with `from_secret`.'),
  data: field(string, 'The encrypted value.'),
  get: field(
    object('an external secret', {
      path: field(string, 'Where the secret is kept.'),
      name: field(string, 'Which value of it is meant.'),
      key: field(string, 'Has no effect.'),
    }),
    'Where the secret plug-in finds the value.',
  ),
});

export const SIGNATURE_SCHEMA = object('a signature', {
  kind: field(string, '`signature`.'),
  version: field(string, 'Has no effect.'),
  hmac: field(string, 'Signature of all other documents; verified by the server.'),
});

export type StepSchema = typeof STEP;
export type VolumeSchema = typeof VOLUME;
export type ConditionsSchema = typeof CONDITIONS;
export type ResourcesSchema = typeof RESOURCES;
