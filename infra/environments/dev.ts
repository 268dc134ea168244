/** Where changes of the runner are tried out first. */
import type { Environment } from './settings.ts';

export const dev: Environment = {
  name: 'dev',
  image: 'docker.io/drone-kube/runner:dev',
  drone: {
    host: 'drone.dev.example.com',
    rpcSecret: { kind: 'existing', name: 'drone-rpc', key: 'secret' },
  },
  runner: { capacity: 20, environment: { DRONE_DEBUG: 'true' } },
  untrusted: { quota: { pods: 20, cpu: '16', memory: '32Gi' } },
  network: {
    // The first is the Service of the API server, the second stands for its own address.
    apiServer: [
      { cidr: '10.96.0.1/32', ports: [443] },
      { cidr: '192.0.2.10/32', ports: [6443] },
    ],
    drone: [{ cidr: '198.51.100.7/32', ports: [443] }],
  },
  gitops: { repository: 'https://git.example.com/platform/drone-kube.git', argocd: {}, flux: {} },
  execAccess: {
    namespace: 'drone-exec',
    podSecurity: 'baseline',
    subjects: [{ kind: 'Group', name: 'developers' }],
    quota: { pods: 20, cpu: '8', memory: '16Gi' },
  },
};
