/**
 * Names, labels and permissions that the runner and its deployment must agree on.
 * `infra/` imports nothing else from `runtime/`; RBAC and selectors are derived from here.
 */

/** Put on every object that belongs to a stage; watches and the reaper select by it. */
export const LABEL_STAGE = 'drone-kube.io/stage';
/** `exec` for a run from the command line, `daemon` for a stage of a Drone server. */
export const LABEL_ORIGIN = 'drone-kube.io/origin';
/** On records, Leases and all objects of a daemon's stages: which Drone server, see `serverKey`. */
export const LABEL_SERVER = 'drone-kube.io/server';
/** On the record of a stage: the name of the Lease of the replica that has it. */
export const LABEL_OWNER = 'drone-kube.io/owner';
/** `record` for the record of a stage, `replica` for the Lease of a replica. */
export const LABEL_ROLE = 'drone-kube.io/role';
/** On a Lease: the uid of the Pod that its replica runs in, where it runs in one. */
export const ANNOTATION_POD_UID = 'drone-kube.io/pod-uid';
/** The annotation that carries verdicts from the runner to the coordinator of a Pod. */
export const ANNOTATION_VERDICT = 'drone-kube.io/verdict';

/**
 * On a pipeline (`metadata.annotations`) or by a policy: how often a stage may be run again, from its
 * first step on, after the cluster ended it while steps ran. Nobody else knows whether that does harm.
 */
export const ANNOTATION_RETRY = 'drone-kube.io/retry';

export const COORDINATOR = 'coordinator';
export const DEFAULT_COORDINATOR_IMAGE = 'docker.io/library/busybox:musl';
export const DEFAULT_CLONE_IMAGE = 'docker.io/drone/git:latest';

export interface Permission {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  /** Why, for the reviewer of the Role. */
  readonly reason: string;
}

/** What whoever runs a stage needs beside making and removing its objects. */
const WATCHING_A_STAGE: readonly Permission[] = [
  { group: '', resource: 'pods/log', verbs: ['get'], reason: 'follow journals and logs' },
  {
    group: '',
    resource: 'pods/ephemeralcontainers',
    verbs: ['patch'],
    reason: 'plugins whose entrypoint is not known',
  },
  { group: '', resource: 'events', verbs: ['list', 'watch'], reason: 'say why a Pod waits' },
  {
    group: '',
    resource: 'namespaces',
    verbs: ['get'],
    reason: 'which Pod Security level the namespace enforces; a Role covers its own namespace only',
  },
];

/** What a person needs in a namespace to run pipelines there with `drone-kube exec`. */
export const EXEC_PERMISSIONS: readonly Permission[] = [
  ...WATCHING_A_STAGE,
  {
    group: '',
    resource: 'pods',
    verbs: ['create', 'get', 'watch', 'patch', 'delete'],
    reason: 'run the stage; patch carries verdicts',
  },
  {
    group: '',
    resource: 'pods/exec',
    verbs: ['create', 'get'],
    reason: 'stream the working tree into the Pod',
  },
  {
    group: '',
    resource: 'secrets',
    verbs: ['create', 'delete'],
    reason: 'values of secrets, by reference',
  },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['create', 'delete'],
    reason: 'scripts and shared environment',
  },
];

/** What the runner needs in its own namespace: the records of stages and the Leases of replicas. */
export const RUNNER_PERMISSIONS: readonly Permission[] = [
  {
    group: '',
    resource: 'configmaps',
    verbs: ['create', 'get', 'list', 'update', 'delete'],
    reason: 'records of stages',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
    reason: 'which replicas are alive',
  },
];

/** What the runner needs in each namespace that stages run in. */
export const STAGE_PERMISSIONS: readonly Permission[] = [
  ...WATCHING_A_STAGE,
  {
    group: '',
    resource: 'pods',
    verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
    reason: 'run stages; patch carries verdicts',
  },
  {
    group: '',
    resource: 'secrets',
    verbs: ['create', 'get', 'delete'],
    reason:
      'values of secrets, by reference; get hides them in the logs of a stage that was taken over',
  },
  {
    group: '',
    resource: 'configmaps',
    verbs: ['create', 'get', 'delete'],
    reason: 'scripts and shared environment',
  },
  {
    group: '',
    resource: 'resourcequotas',
    verbs: ['list'],
    reason: 'take no stage that has no room',
  },
];

/**
 * What the reaper needs, under an account of its own: in the namespace of the runner (`runner`), in
 * each namespace that stages run in (`stages`), and in the cluster where namespaces are made for
 * single stages (`cluster`; not needed else).
 */
export const REAPER_PERMISSIONS: Readonly<
  Record<'runner' | 'stages' | 'cluster', readonly Permission[]>
> = {
  runner: [
    {
      group: '',
      resource: 'configmaps',
      verbs: ['get', 'list', 'update', 'patch', 'delete'],
      reason: 'records of stages; patch notes since when one has no owner',
    },
    {
      group: 'coordination.k8s.io',
      resource: 'leases',
      verbs: ['get', 'list', 'delete'],
      reason: 'which replicas are gone for long',
    },
  ],
  stages: [
    {
      group: '',
      resource: 'pods',
      verbs: ['list', 'delete'],
      reason: 'Pods that no runner has any more',
    },
    {
      group: '',
      resource: 'configmaps',
      verbs: ['list', 'delete'],
      reason: 'scripts and shared environment of such Pods',
    },
    {
      group: '',
      resource: 'secrets',
      verbs: ['list', 'delete'],
      reason: 'Secrets of such Pods; there is no right to list them without their values',
    },
  ],
  cluster: [
    {
      group: '',
      resource: 'namespaces',
      verbs: ['list', 'delete'],
      reason: 'namespaces that were made for one stage',
    },
  ],
};

/**
 * Where the reaper tells its metrics, by `--pushgateway` or a setting: an http or https address without
 * credentials, since whoever may list Pods reads command lines. undefined where it is anything else.
 */
export function pushgatewayUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '';
  return isPlain && /^https?:$/.test(url.protocol) ? url : undefined;
}
