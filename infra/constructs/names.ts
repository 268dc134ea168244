/**
 * Names, labels and ports of what is deployed. They must not change: a role binding cannot be
 * pointed at another role, a selector is fixed, and an object under a new name is a new object.
 */
import type { Deployment } from '../environments/defaults.ts';
import type { Priorities } from '../environments/settings-builds.ts';

export const RBAC = 'rbac.authorization.k8s.io';

/** Of the runner: its Deployment, Service, ServiceAccount, Roles. */
export const RUNNER = 'drone-kube';
export const REAPER = 'drone-kube-reaper';
export const BALLOON = 'drone-kube-balloon';
export const WARM_UP = 'drone-kube-warm-up';
/** ConfigMap with the variables of runner and reaper. */
export const CONFIGURATION = 'drone-kube-configuration';
/** ConfigMap with the policies and the rules for namespaces, as files. */
export const POLICIES = 'drone-kube-policies';

export const HTTP_PORT = 3000;

const PART_OF = 'drone-kube';

export type Component =
  | 'admission'
  | 'balloon'
  | 'buffer'
  | 'capacity'
  | 'cluster'
  | 'exec-access'
  | 'gitops'
  | 'namespaces'
  | 'reaper'
  | 'runner'
  | 'system'
  | 'trusted'
  | 'untrusted'
  | 'warm-up';

/**
 * `app.kubernetes.io/instance` is left out on purpose: Argo CD takes an object that carries it for
 * its own, and templates are copied to Pods.
 */
export const labelsOf = (component: Component): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': PART_OF,
  'app.kubernetes.io/component': component,
});

/** Of the whole cluster, so the name of the deployment stands in front. */
export const priorityClass = (
  { instance }: Pick<Deployment, 'instance'>,
  priority: keyof Priorities,
): string => `${instance}-${priority}`;
