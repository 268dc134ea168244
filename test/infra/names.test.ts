import { expect, test } from '@jest/globals';
import { charts, everything, identity } from './support.ts';

// Whatever is renamed here is deleted and made anew in every cluster that has it.
test('names never move', () => {
  const all = Object.entries(charts(everything)).map(([chart, manifests]) => [
    chart,
    manifests.map(identity).sort(),
  ]);
  expect(Object.fromEntries(all)).toEqual({
    cluster: [
      'rbac.authorization.k8s.io/v1 ClusterRole /drone-kube-temporary-namespaces',
      'rbac.authorization.k8s.io/v1 ClusterRole /drone-kube-temporary-namespaces-reaper',
      'rbac.authorization.k8s.io/v1 ClusterRoleBinding /drone-kube-temporary-namespaces',
      'rbac.authorization.k8s.io/v1 ClusterRoleBinding /drone-kube-temporary-namespaces-reaper',
      'scheduling.k8s.io/v1 PriorityClass /drone-kube-balloon',
      'scheduling.k8s.io/v1 PriorityClass /drone-kube-batch',
      'scheduling.k8s.io/v1 PriorityClass /drone-kube-default',
      'scheduling.k8s.io/v1 PriorityClass /drone-kube-interactive',
      'scheduling.k8s.io/v1 PriorityClass /drone-kube-runner',
    ],
    namespaces: [
      'v1 Namespace /drone-system',
      'v1 Namespace /drone-trusted',
      'v1 Namespace /drone-untrusted',
    ],
    admission: [
      'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy /drone-kube-trusted',
      'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy /drone-kube-untrusted',
      'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding /drone-kube-trusted',
      'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding /drone-kube-untrusted',
    ],
    system: [
      'networking.k8s.io/v1 NetworkPolicy drone-system/default-deny',
      'networking.k8s.io/v1 NetworkPolicy drone-system/drone-kube',
      'networking.k8s.io/v1 NetworkPolicy drone-system/drone-kube-reaper',
      'rbac.authorization.k8s.io/v1 Role drone-system/drone-kube',
      'rbac.authorization.k8s.io/v1 Role drone-system/drone-kube-reaper',
      'rbac.authorization.k8s.io/v1 RoleBinding drone-system/drone-kube',
      'rbac.authorization.k8s.io/v1 RoleBinding drone-system/drone-kube-reaper',
      'v1 ResourceQuota drone-system/drone-kube',
      'v1 ResourceQuota drone-system/drone-kube-balloon',
      'v1 ResourceQuota drone-system/drone-kube-runner',
      'v1 ServiceAccount drone-system/drone-kube',
      'v1 ServiceAccount drone-system/drone-kube-reaper',
    ],
    trusted: builds('drone-trusted'),
    untrusted: builds('drone-untrusted'),
    'exec-access': [
      'rbac.authorization.k8s.io/v1 Role pipelines/drone-kube-exec',
      'rbac.authorization.k8s.io/v1 RoleBinding pipelines/drone-kube-exec',
      'v1 Namespace /pipelines',
      'v1 ResourceQuota pipelines/drone-kube-exec',
    ],
    runner: [
      'apps/v1 Deployment drone-system/drone-kube',
      'policy/v1 PodDisruptionBudget drone-system/drone-kube',
      'v1 ConfigMap drone-system/drone-kube-configuration',
      'v1 ConfigMap drone-system/drone-kube-policies',
      'v1 Service drone-system/drone-kube',
    ],
    reaper: ['batch/v1 CronJob drone-system/drone-kube-reaper'],
    capacity: [
      'apps/v1 DaemonSet drone-system/drone-kube-warm-up',
      'apps/v1 Deployment drone-system/drone-kube-balloon',
      'batch/v1 CronJob drone-system/drone-kube-balloon-day',
    ],
    argocd: [
      'argoproj.io/v1alpha1 AppProject argocd/drone-kube-staging',
      'argoproj.io/v1alpha1 Application argocd/drone-kube-staging',
    ],
    flux: [
      ...[
        'admission',
        'capacity',
        'cluster',
        'exec-access',
        'flux',
        'namespaces',
        'reaper',
        'runner',
        'system',
        'trusted',
        'untrusted',
      ].map(
        (chart) =>
          `kustomize.toolkit.fluxcd.io/v1 Kustomization flux-system/drone-kube-staging-${chart}`,
      ),
      'source.toolkit.fluxcd.io/v1 GitRepository flux-system/drone-kube-staging',
    ],
  });
});

const builds = (namespace: string): string[] => [
  `networking.k8s.io/v1 NetworkPolicy ${namespace}/builds`,
  `networking.k8s.io/v1 NetworkPolicy ${namespace}/default-deny`,
  `rbac.authorization.k8s.io/v1 Role ${namespace}/drone-kube`,
  `rbac.authorization.k8s.io/v1 Role ${namespace}/drone-kube-reaper`,
  `rbac.authorization.k8s.io/v1 RoleBinding ${namespace}/drone-kube`,
  `rbac.authorization.k8s.io/v1 RoleBinding ${namespace}/drone-kube-reaper`,
  `v1 LimitRange ${namespace}/builds`,
  `v1 ResourceQuota ${namespace}/builds`,
  `v1 ResourceQuota ${namespace}/not-for-builds`,
  `v1 ServiceAccount ${namespace}/default`,
];

test('two deployments of other names and namespaces have no object in common', () => {
  const one = new Set(Object.values(charts(everything)).flat().map(identity));
  const other = Object.values(
    charts({
      ...everything,
      name: 'other',
      instance: 'other',
      namespaces: {
        system: 'other-system',
        trusted: 'other-trusted',
        untrusted: 'other-untrusted',
      },
      ...(everything.execAccess === undefined
        ? {}
        : { execAccess: { ...everything.execAccess, namespace: 'other-pipelines' } }),
    }),
  )
    .flat()
    .map(identity);
  expect(other.filter((object) => one.has(object))).toEqual([]);
});

test('no object is labelled as an instance, which Argo CD takes for its own', () => {
  for (const manifest of Object.values(charts(everything)).flat()) {
    expect(manifest.metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'drone-kube' });
    expect(JSON.stringify(manifest)).not.toContain('app.kubernetes.io/instance');
  }
});
