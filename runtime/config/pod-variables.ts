/** The variables that say what a stage may do and what its Pod is made of. */
import { DEFAULT_CLONE_IMAGE, DEFAULT_COORDINATOR_IMAGE } from '../contract.ts';
import { mirrors, url, volumes } from './address-types.ts';
import { LABEL_FIX, wrongAnnotation, wrongLabel } from './kubernetes-names.ts';
import {
  boolean,
  cpu,
  file,
  integer,
  list,
  map,
  mapWhere,
  objectName,
  secret,
  secretMap,
  size,
  words,
  stageNamespace,
  text,
} from './value-types.ts';
import { SWITCH_NAMES, type Switch } from './switches.ts';
import { optional, withDefault } from './variable.ts';

const NO_LIST: readonly string[] = [];
const NO_SWITCH: readonly Switch[] = [];
const NO_MAP: ReadonlyMap<string, string> = new Map();
const MEBIBYTE = 1024 * 1024;

const labels = mapWhere(wrongLabel, LABEL_FIX);
const annotations = mapWhere(wrongAnnotation, LABEL_FIX);

export const NAMESPACES = {
  default: withDefault(
    'DRONE_NAMESPACE_DEFAULT',
    stageNamespace,
    'default',
    'Namespace of stages whose pipeline and policy name none; `drone-` makes one for each stage.',
  ),
  rules: withDefault(
    'DRONE_NAMESPACE_RULES',
    map,
    NO_MAP,
    'Who may name a namespace in a pipeline, as `namespace:glob of repositories`. Goes over the file.',
  ),
  rulesFile: optional(
    'DRONE_NAMESPACE_RULES_FILE',
    file,
    'YAML file of such rules, with a list of globs for each namespace.',
  ),
  capacity: withDefault(
    'DRONE_KUBE_NAMESPACE_CAPACITY',
    integer(0),
    0,
    'Stages at the same time in one namespace, of all replicas; 0 is no limit.',
  ),
  policyFile: optional(
    'DRONE_POLICY_FILE',
    file,
    'YAML file of policies: namespace, metadata, resources and placement by repository and build.',
  ),
  allow: withDefault(
    'DRONE_KUBE_ALLOW',
    words(SWITCH_NAMES),
    NO_SWITCH,
    'Keys under `kubernetes` that pipelines may use whose policy has no `allow`; see pipeline-keys.md.',
  ),
};

export const PODS = {
  labels: withDefault('DRONE_LABELS_DEFAULT', labels, NO_MAP, 'Labels of every Pod.'),
  annotations: withDefault(
    'DRONE_ANNOTATIONS_DEFAULT',
    annotations,
    NO_MAP,
    'Annotations of every Pod.',
  ),
  nodeSelector: withDefault(
    'DRONE_NODE_SELECTOR_DEFAULT',
    labels,
    NO_MAP,
    'Labels of the nodes to run on, where neither policy nor pipeline names any.',
  ),
  serviceAccount: withDefault(
    'DRONE_SERVICE_ACCOUNT_DEFAULT',
    objectName,
    '',
    'Service account, where neither policy nor pipeline names one.',
  ),
  environment: withDefault(
    'DRONE_RUNNER_ENVIRON',
    secretMap,
    NO_MAP,
    'Variables of every step, below all others.',
  ),
  environmentFile: optional(
    'DRONE_RUNNER_ENV_FILE',
    file,
    'File of such variables, as `NAME=VALUE` lines. Goes over `DRONE_RUNNER_ENVIRON`.',
  ),
  volumes: withDefault(
    'DRONE_RUNNER_VOLUMES',
    volumes,
    [],
    'Folders of the node in every step, as `/node:/step` or `/node:/step:ro`.',
  ),
  privilegedImages: withDefault(
    'DRONE_RUNNER_PRIVILEGED_IMAGES',
    list,
    NO_LIST,
    'Images of plugins that run privileged, beside the ones of Drone that build images.',
  ),
  cloneImage: withDefault(
    'DRONE_IMAGE_CLONE',
    text,
    DEFAULT_CLONE_IMAGE,
    'Image of the clone step.',
  ),
  coordinatorImage: withDefault(
    'DRONE_KUBE_COORDINATOR_IMAGE',
    text,
    DEFAULT_COORDINATOR_IMAGE,
    'Image of the coordinator: a busybox that is linked statically.',
  ),
  netrcCloneOnly: withDefault(
    'DRONE_NETRC_CLONE_ONLY',
    boolean,
    false,
    'Gives the credentials of the Git server to the clone step only.',
  ),
};

export const RESOURCES = {
  requestCpu: withDefault(
    'DRONE_RESOURCE_REQUEST_CPU',
    cpu,
    100,
    'Requested by a stage, where neither policy nor pipeline says how much.',
  ),
  requestMemory: withDefault(
    'DRONE_RESOURCE_REQUEST_MEMORY',
    size,
    100 * MEBIBYTE,
    'The same for memory.',
    { shown: '100MiB' },
  ),
  minRequestCpu: withDefault(
    'DRONE_RESOURCE_MIN_REQUEST_CPU',
    cpu,
    1,
    'Requested by a stage at least, for each of its containers.',
  ),
  minRequestMemory: withDefault(
    'DRONE_RESOURCE_MIN_REQUEST_MEMORY',
    size,
    4 * MEBIBYTE,
    'The same for memory.',
    { shown: '4MiB' },
  ),
  limitCpu: withDefault(
    'DRONE_RESOURCE_LIMIT_CPU',
    cpu,
    0,
    'Limit of each step, unless its policy has one; a step may ask for less. 0 is no limit.',
  ),
  limitMemory: withDefault('DRONE_RESOURCE_LIMIT_MEMORY', size, 0, 'The same for memory.'),
};

export const SECRETS = {
  values: withDefault(
    'DRONE_RUNNER_SECRETS',
    secretMap,
    NO_MAP,
    'Secrets by name for all repositories, though not for builds of pull requests.',
  ),
  secretEndpoint: optional(
    'DRONE_SECRET_PLUGIN_ENDPOINT',
    url,
    'Extension that is asked for secrets.',
  ),
  secretToken: withDefault(
    'DRONE_SECRET_PLUGIN_TOKEN',
    secret,
    '',
    'Secret that the runner shares with it.',
  ),
  secretSkipVerify: withDefault(
    'DRONE_SECRET_PLUGIN_SKIP_VERIFY',
    boolean,
    false,
    'Accepts any certificate of it.',
  ),
  registryEndpoint: optional(
    'DRONE_REGISTRY_PLUGIN_ENDPOINT',
    url,
    'Extension that is asked for credentials of registries.',
    { aliases: ['DRONE_REGISTRY_ENDPOINT'] },
  ),
  registryToken: withDefault(
    'DRONE_REGISTRY_PLUGIN_TOKEN',
    secret,
    '',
    'Secret that the runner shares with it.',
    { aliases: ['DRONE_REGISTRY_PLUGIN_SECRET', 'DRONE_REGISTRY_SECRET'] },
  ),
  registrySkipVerify: withDefault(
    'DRONE_REGISTRY_PLUGIN_SKIP_VERIFY',
    boolean,
    false,
    'Accepts any certificate of it.',
  ),
  envEndpoint: optional(
    'DRONE_ENV_PLUGIN_ENDPOINT',
    url,
    'Extension that is asked for variables of a build.',
  ),
  envToken: withDefault(
    'DRONE_ENV_PLUGIN_TOKEN',
    secret,
    '',
    'Secret that the runner shares with it.',
  ),
  envSkipVerify: withDefault(
    'DRONE_ENV_PLUGIN_SKIP_VERIFY',
    boolean,
    false,
    'Accepts any certificate of it.',
  ),
  dockerConfig: optional(
    'DRONE_DOCKER_CONFIG',
    file,
    'A `config.json` of Docker with credentials of registries, read again for each stage.',
  ),
};

export const REGISTRIES = {
  lookUp: withDefault(
    'DRONE_KUBE_IMAGE_LOOKUP',
    boolean,
    true,
    'Asks the registry of a plugin what its image runs, so that the step starts at once and not after about two seconds.',
  ),
  mirrors: withDefault(
    'DRONE_KUBE_REGISTRY_MIRRORS',
    mirrors,
    NO_MAP,
    'Where to ask instead, as `docker.io=https://mirror.example.com`: to be set where nodes use a mirror, or where a registry speaks plain HTTP (`host:5000=http://host:5000`).',
  ),
};

export const TMATE = {
  enabled: withDefault(
    'DRONE_TMATE_ENABLED',
    boolean,
    true,
    'Lets people log in to a failed step of a build that was started in debug mode.',
  ),
  image: withDefault(
    'DRONE_TMATE_IMAGE',
    text,
    'drone/drone-runner-docker:1',
    'Image that brings tmate.',
  ),
  host: optional('DRONE_TMATE_HOST', text, 'Server of tmate.', { shown: 'the public one' }),
  port: optional('DRONE_TMATE_PORT', integer(1, 65_535), 'Port of that server.'),
  fingerprintRsa: optional('DRONE_TMATE_FINGERPRINT_RSA', text, 'RSA fingerprint of that server.'),
  fingerprintEd25519: optional(
    'DRONE_TMATE_FINGERPRINT_ED25519',
    text,
    'Ed25519 fingerprint of that server.',
  ),
};
