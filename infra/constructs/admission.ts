/** What the admission rules are told of a namespace. Pure. */
import type { AdmissionInput } from '../../policies/admission/index.ts';
import type { BuildNamespace, Deployment } from '../environments/defaults.ts';
import { BUILD_PRIORITIES } from '../environments/settings-builds.ts';
import { priorityClass, RUNNER } from './names.ts';

/** Kubernetes takes an hour more than the timeout of the repository before it ends a Pod. */
const MARGIN_SECONDS = 3600;

const EVERYWHERE = ['kubernetes.io/arch', 'kubernetes.io/os'];

export function admissionInput(deployment: Deployment, builds: BuildNamespace): AdmissionInput {
  const { instance, namespaces, stage } = deployment;
  const { trust, namespace, container, quota, nodes } = builds;
  const most = {
    cpu: container.cpu ?? quota.cpu,
    memory: container.memory,
    'ephemeral-storage': container.ephemeralStorage,
  };
  return {
    name: `${instance}-${trust}`,
    trust,
    namespaces: [namespace],
    runner: { namespace: namespaces.system, name: RUNNER },
    parameters: {
      requests: most,
      limits: most,
      tolerations: [...new Set((nodes?.tolerations ?? []).map(({ key }) => key))],
      nodeLabels: [...new Set([...EVERYWHERE, ...Object.keys(nodes?.selector ?? {})])],
      priorityClasses: BUILD_PRIORITIES.map((priority) => priorityClass(deployment, priority)),
      runtimeClasses: builds.runtimeClass === '' ? [] : [builds.runtimeClass],
      deadlineSeconds: stage.timeoutMinutes * 60 + MARGIN_SECONDS,
      ...(builds.podSecurity === 'privileged' ? { privileged: true } : {}),
      ...builds.admission,
    },
  };
}
