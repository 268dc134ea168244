import type { Environment } from './settings.ts';

/** Nodes that are there for builds alone. */
const BUILD_NODES = {
  selector: { 'example.com/pool': 'builds' },
  tolerations: [{ key: 'example.com/builds', effect: 'NoSchedule' as const }],
};

export const production: Environment = {
  name: 'production',
  image: 'docker.io/drone-kube/runner:0.1.0',
  drone: {
    host: 'drone.example.com',
    rpcSecret: {
      kind: 'external-secrets',
      name: 'drone-rpc',
      key: 'secret',
      store: { kind: 'ClusterSecretStore', name: 'vault' },
      remote: { key: 'ci/drone-kube/production', property: 'rpc-secret' },
    },
  },
  runner: {
    replicas: 3,
    secretEnvironment: {
      DRONE_UI_PASSWORD: { kind: 'existing', name: 'drone-dashboard', key: 'password' },
    },
  },
  stage: { cpu: '1', memory: '2Gi', timeoutMinutes: 120 },
  trusted: {
    repos: ['platform/*', 'payments/release'],
    container: { memory: '16Gi' },
    nodes: BUILD_NODES,
  },
  untrusted: {
    podSecurity: 'restricted',
    quota: { pods: 300, cpu: '400', memory: '800Gi', perPriority: { batch: 100 } },
    container: { cpu: '8', memory: '8Gi' },
    nodes: BUILD_NODES,
  },
  network: {
    apiServer: [
      { cidr: '10.96.0.1/32', ports: [443] },
      { cidr: '192.0.2.32/29', ports: [6443] },
    ],
    drone: [{ cidr: '198.51.100.27/32', ports: [443] }],
    git: [{ cidr: '198.51.100.40/32', ports: [22, 443] }],
    builds: [{ namespace: 'package-cache', ports: [8080] }],
    metricsFrom: 'monitoring',
  },
  capacity: {
    kind: 'balloon',
    stages: 2,
    windows: [
      {
        name: 'office-hours',
        schedule: '0 7 * * 1-5',
        timeZone: 'Europe/Berlin',
        hours: 11,
        stages: 10,
      },
    ],
  },
  warmUp: {
    images: [
      'docker.io/library/golang:1.25',
      'docker.io/library/node:24',
      'docker.io/drone/git:1.4',
    ],
  },
  disruption: { autoscaler: { kind: 'karpenter', version: '1.12' }, descheduler: true },
  gitops: { repository: 'https://git.example.com/platform/drone-kube.git', argocd: {}, flux: {} },
};
