/**
 * Names, labels and permissions that the runner and its deployment must agree on.
 * `infra/` imports nothing else from `runtime/`; RBAC and selectors are derived from here.
 */

/** Put on every object that belongs to a stage; watches and the reaper select by it. */
export const LABEL_STAGE = 'drone-kube.io/stage';
/** `exec` for a run from the command line. */
export const LABEL_ORIGIN = 'drone-kube.io/origin';
/** The annotation that carries verdicts from the runner to the coordinator of a Pod. */
export const ANNOTATION_VERDICT = 'drone-kube.io/verdict';

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

/** What a person needs in a namespace to run pipelines there with `drone-kube exec`. */
export const EXEC_PERMISSIONS: readonly Permission[] = [
  {
    group: '',
    resource: 'pods',
    verbs: ['create', 'get', 'watch', 'patch', 'delete'],
    reason: 'run the stage; patch carries verdicts',
  },
  { group: '', resource: 'pods/log', verbs: ['get'], reason: 'follow journal and logs' },
  {
    group: '',
    resource: 'pods/exec',
    verbs: ['create', 'get'],
    reason: 'stream the working tree into the Pod',
  },
  {
    group: '',
    resource: 'pods/ephemeralcontainers',
    verbs: ['patch'],
    reason: 'plugins whose entrypoint is not known',
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
  { group: '', resource: 'events', verbs: ['list', 'watch'], reason: 'say why a Pod waits' },
  {
    group: '',
    resource: 'namespaces',
    verbs: ['get'],
    reason: 'which Pod Security level the namespace enforces; a Role covers its own namespace only',
  },
];
