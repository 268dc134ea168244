/**
 * Every variable of `drone-kube daemon`, each described once: it is read, checked and documented
 * from here. The groups follow the documentation.
 */
import { hostAddress, listenAddress, proxyUrl } from './address-types.ts';
import { NAMESPACES, PODS, REGISTRIES, RESOURCES, SECRETS, TMATE } from './pod-variables.ts';
import {
  boolean,
  choice,
  file,
  headerSecret,
  integer,
  list,
  map,
  namespace,
  objectName,
  positive,
  seconds,
  secret,
  text,
} from './value-types.ts';
import { optional, required, withDefault, type Group } from './variable.ts';

const NO_LIST: readonly string[] = [];
const NO_MAP: ReadonlyMap<string, string> = new Map();

export const SERVER = {
  proto: withDefault(
    'DRONE_RPC_PROTO',
    choice('http', 'https'),
    'http',
    'Scheme of the Drone server.',
  ),
  host: required(
    'DRONE_RPC_HOST',
    hostAddress,
    '',
    'Host name of the Drone server, with its port if it has one.',
  ),
  secret: required(
    'DRONE_RPC_SECRET',
    headerSecret,
    '',
    'Secret that the runner shares with the server, its `DRONE_RPC_SECRET`.',
  ),
  skipVerify: withDefault(
    'DRONE_RPC_SKIP_VERIFY',
    boolean,
    false,
    'Accepts any certificate of the server.',
  ),
  dump: withDefault(
    'DRONE_RPC_DUMP_HTTP',
    boolean,
    false,
    'Logs requests to the server and their answers, without bodies.',
  ),
  dumpBody: withDefault(
    'DRONE_RPC_DUMP_HTTP_BODY',
    boolean,
    false,
    'Logs the bodies as well, in which secrets may stand; needs `DRONE_RPC_DUMP_HTTP`.',
  ),
  token: optional(
    'DRONE_KUBE_SERVER_TOKEN',
    headerSecret,
    'Token of a Drone user. Used only to read the ids of steps back after a crash that hit between the report of a stage and its record.',
  ),
  caFile: optional(
    'NODE_EXTRA_CA_CERTS',
    file,
    'PEM file of certificate authorities to trust beside the well-known ones; `SSL_CERT_FILE` is not read. Cannot stand in a file of variables.',
  ),
};

export const PROXY = {
  http: withDefault('http_proxy', proxyUrl, '', 'Proxy for a server with the scheme http.', {
    aliases: ['HTTP_PROXY'],
  }),
  https: withDefault('https_proxy', proxyUrl, '', 'Proxy for a server with the scheme https.', {
    aliases: ['HTTPS_PROXY'],
  }),
  none: withDefault('no_proxy', text, '', 'Hosts that are reached without a proxy, with commas.', {
    aliases: ['NO_PROXY'],
  }),
  all: withDefault('all_proxy', secret, '', 'For steps only; the runner itself does not use it.', {
    aliases: ['ALL_PROXY'],
  }),
};

export const RUNNER = {
  name: optional(
    'DRONE_RUNNER_NAME',
    text,
    'Name of the runner, shown as the machine of a stage.',
    {
      shown: 'the host name',
    },
  ),
  capacity: withDefault(
    'DRONE_RUNNER_CAPACITY',
    integer(1),
    100,
    'Stages that a replica runs at the same time.',
  ),
  labels: withDefault(
    'DRONE_RUNNER_LABELS',
    map,
    NO_MAP,
    'Only pipelines whose `node` has exactly these labels are taken.',
  ),
  retryLimit: withDefault(
    'DRONE_KUBE_RETRY_LIMIT',
    integer(0, 10),
    2,
    'How often a stage is run again that the cluster ended before its first step.',
  ),
  cards: withDefault(
    'DRONE_FLAG_ENABLE_CARDS',
    boolean,
    true,
    'Takes the card of a step out of its log and sends it to the server.',
  ),
  debug: withDefault('DRONE_DEBUG', boolean, false, 'Logs more.'),
  trace: withDefault('DRONE_TRACE', boolean, false, 'Logs still more.'),
};

export const LIMITS = {
  repos: withDefault(
    'DRONE_LIMIT_REPOS',
    list,
    NO_LIST,
    'Globs of repositories (`octocat/*`) that the runner works for; all by default.',
  ),
  events: withDefault(
    'DRONE_LIMIT_EVENTS',
    list,
    NO_LIST,
    'Globs of events (`push`) that the runner works for; all by default.',
  ),
  trusted: withDefault(
    'DRONE_LIMIT_TRUSTED',
    boolean,
    false,
    'Works for trusted repositories only.',
  ),
};

export const WAITING = {
  queued: withDefault(
    'DRONE_KUBE_QUEUED_TIMEOUT',
    seconds(1),
    3600,
    'How long a Pod may wait for a quota or behind a scheduling gate.',
  ),
  unschedulable: withDefault(
    'DRONE_KUBE_UNSCHEDULABLE_TIMEOUT',
    seconds(1),
    600,
    'How long a Pod may wait for a node.',
  ),
  starting: withDefault(
    'DRONE_ENGINE_CONTAINER_START_TIMEOUT',
    seconds(1),
    600,
    'How long images, volumes and containers may take on the node (480 in drone-runner-kube).',
  ),
};

export const KUBERNETES = {
  kubeconfig: optional('DRONE_KUBERNETES_CONFIG', file, 'A kubeconfig.', {
    shown: 'the service account of the Pod',
  }),
  qps: withDefault(
    'DRONE_KUBE_CLIENT_QPS',
    positive,
    50,
    'Requests a second to the API server in the long run (5 in drone-runner-kube).',
  ),
  burst: withDefault(
    'DRONE_KUBE_CLIENT_BURST',
    integer(1),
    100,
    'Requests at once (10 in drone-runner-kube).',
  ),
  namespace: optional(
    'DRONE_KUBE_NAMESPACE',
    namespace,
    'Namespace of the records of stages and of the Leases of replicas.',
    { shown: 'the one of the Pod, or of the kubeconfig' },
  ),
  podName: optional(
    'DRONE_KUBE_POD_NAME',
    objectName,
    'Name of the Pod of the replica, by the downward API.',
  ),
  podUid: optional(
    'DRONE_KUBE_POD_UID',
    text,
    'Uid of that Pod, by the downward API; with it the Lease goes when the Pod does.',
  ),
  leaseDuration: withDefault(
    'DRONE_KUBE_LEASE_DURATION',
    seconds(3),
    15,
    'How long a replica may be silent before another one takes over its stages.',
  ),
};

export const DASHBOARD = {
  address: withDefault(
    'DRONE_SERVER_PORT',
    listenAddress,
    { host: '', port: 3000 },
    'Address of health, metrics and dashboard.',
    { shown: ':3000' },
  ),
  username: withDefault('DRONE_UI_USERNAME', text, '', 'User of the dashboard.'),
  password: optional(
    'DRONE_UI_PASSWORD',
    secret,
    'Password of the dashboard; there is none without it.',
  ),
  realm: withDefault('DRONE_UI_REALM', text, 'MyRealm', 'Shown where the password is asked for.'),
};

export const GROUPS: readonly Group[] = [
  { title: 'Drone server', variables: Object.values(SERVER) },
  { title: 'Proxy', variables: Object.values(PROXY) },
  { title: 'Runner', variables: Object.values(RUNNER) },
  { title: 'What it works for', variables: Object.values(LIMITS) },
  { title: 'Namespaces and policies', variables: Object.values(NAMESPACES) },
  { title: 'Pods', variables: Object.values(PODS) },
  { title: 'Resources', variables: Object.values(RESOURCES) },
  { title: 'Secrets and credentials', variables: Object.values(SECRETS) },
  { title: 'Registries', variables: Object.values(REGISTRIES) },
  { title: 'Waiting', variables: Object.values(WAITING) },
  { title: 'Kubernetes and replicas', variables: Object.values(KUBERNETES) },
  { title: 'Dashboard', variables: Object.values(DASHBOARD) },
  { title: 'Debug mode', variables: Object.values(TMATE) },
];
