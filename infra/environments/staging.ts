/** As production, but smaller: what is to go there is watched here for a day. */
import type { Environment } from './settings.ts';

export const staging: Environment = {
  name: 'staging',
  image: 'docker.io/drone-kube/runner:0.1.0',
  drone: {
    host: 'drone.staging.example.com',
    rpcSecret: {
      kind: 'external-secrets',
      name: 'drone-rpc',
      key: 'secret',
      store: { kind: 'ClusterSecretStore', name: 'vault' },
      remote: { key: 'ci/drone-kube/staging', property: 'rpc-secret' },
    },
  },
  runner: { capacity: 50 },
  trusted: { repos: ['platform/*'], quota: { pods: 20 } },
  untrusted: { podSecurity: 'restricted', quota: { pods: 50 } },
  network: {
    apiServer: [
      { cidr: '10.96.0.1/32', ports: [443] },
      { cidr: '192.0.2.20/32', ports: [6443] },
    ],
    drone: [{ cidr: '198.51.100.17/32', ports: [443] }],
    metricsFrom: 'monitoring',
  },
  capacity: { kind: 'balloon', stages: 1 },
  disruption: { autoscaler: { kind: 'cluster-autoscaler', version: '1.36' } },
  gitops: { repository: 'https://git.example.com/platform/drone-kube.git', argocd: {}, flux: {} },
};
