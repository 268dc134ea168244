/** For Argo CD: a project that may deploy just this, and the application. */
import type { Construct } from 'constructs';
import { Part } from '../constructs/part.ts';
import type { Deployment } from '../environments/defaults.ts';
import type { ArgoCd } from '../environments/settings-gitops.ts';
import { custom, kindsOf, namespacesOf } from './annotations.ts';

const API = 'argoproj.io/v1alpha1';

export class ArgoCdChart extends Part {
  constructor(
    scope: Construct,
    id: string,
    { name, instance, namespaces, gitops }: Deployment,
    { namespace = 'argocd', server = 'https://kubernetes.default.svc' }: ArgoCd,
    parts: readonly Part[],
  ) {
    super(scope, id, 'gitops', 0);
    const metadata = { name: `${instance}-${name}`, namespace };
    const { ofCluster, ofNamespaces } = kindsOf(parts);

    custom(this, API, 'AppProject', metadata, {
      description: 'Runs Drone CI pipelines on Kubernetes.',
      sourceRepos: [gitops.repository],
      destinations: namespacesOf(parts).map((each) => ({ server, namespace: each })),
      clusterResourceWhitelist: ofCluster,
      namespaceResourceWhitelist: ofNamespaces,
    });
    custom(
      this,
      API,
      'Application',
      {
        ...metadata,
        // What the API server fills in by itself is no difference.
        annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' },
      },
      {
        project: metadata.name,
        source: {
          repoURL: gitops.repository,
          targetRevision: gitops.revision,
          path: gitops.path,
        },
        // The project allows none but its namespaces; each object says for itself which one it is in.
        destination: { server, namespace: namespaces.system },
        syncPolicy: {
          // An empty output is a mistake, never a wish.
          automated: { prune: true, selfHeal: true, allowEmpty: false },
          syncOptions: [
            'ServerSideApply=true',
            'CreateNamespace=false',
            'FailOnSharedResource=true',
          ],
          retry: { limit: 5, backoff: { duration: '10s', factor: 2, maxDuration: '3m' } },
        },
      },
    );
  }
}
