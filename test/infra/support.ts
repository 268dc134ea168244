/** Builders of settings: everything in order but what a test is about; and what comes of them. */
import { expect } from '@jest/globals';
import { Testing } from 'cdk8s';
import { withDefaults, type Deployment } from '../../infra/environments/defaults.ts';
import { settingsProblems } from '../../infra/environments/problems.ts';
import type { Environment, ExecAccess } from '../../infra/environments/settings.ts';
import { build } from '../../infra/synth.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export const environmentOf = (settings: Partial<Environment> = {}): Environment => ({
  name: 'staging',
  image: 'registry.example.com/drone-kube:1',
  drone: {
    host: 'drone.example.com',
    rpcSecret: { kind: 'existing', name: 'drone-rpc', key: 'secret' },
  },
  network: {
    apiServer: [{ cidr: '10.96.0.1/32', ports: [443] }],
    drone: [{ cidr: '198.51.100.7/32', ports: [443] }],
  },
  gitops: { repository: 'https://git.example.com/ci.git', argocd: {}, flux: {} },
  ...settings,
});

/** With a namespace of people. */
export const withAccess = (
  execAccess: Partial<ExecAccess> = {},
  name = 'staging',
): Environment & { readonly execAccess: ExecAccess } => ({
  ...environmentOf({ name }),
  execAccess: {
    namespace: 'pipelines',
    podSecurity: 'baseline',
    subjects: [{ kind: 'Group', name: 'developers' }],
    quota: { pods: 5, cpu: '2', memory: '4Gi' },
    ...execAccess,
  },
});

/** Everything switched on. */
export const everything: Environment = environmentOf({
  trusted: { repos: ['platform/*'] },
  temporaryNamespaces: { repos: ['lab/*'] },
  capacity: {
    kind: 'balloon',
    stages: 2,
    windows: [{ name: 'day', schedule: '0 7 * * 1-5', hours: 10, stages: 5 }],
  },
  warmUp: { images: ['docker.io/library/golang:1.25'], pullSecrets: ['pull'] },
  disruption: { autoscaler: { kind: 'karpenter', version: '1.14' }, descheduler: true },
  kueue: { queue: 'builds' },
  reaper: {
    pushgateway: { url: 'http://gateway.monitoring:9091', opening: { namespace: 'monitoring' } },
  },
  execAccess: withAccess().execAccess,
});

export const deploymentOf = (settings: Partial<Environment> = {}): Deployment =>
  withDefaults(environmentOf(settings));

/** All objects by chart; fails where a setting is wrong. */
export function charts(
  environment: Environment = environmentOf(),
): Readonly<Record<string, readonly Manifest[]>> {
  expect(settingsProblems([environment])).toEqual([]);
  // Nothing is written there; without a name, cdk8s leaves an empty folder behind each time.
  const { parts, gitops } = build(Testing.app({ outdir: 'none' }), withDefaults(environment));
  return Object.fromEntries(
    [...parts, ...gitops].map((part) => [part.node.id, Testing.synth(part)]),
  );
}

/** All objects but those of Argo CD and Flux. */
export const objects = (environment: Environment = environmentOf()): readonly Manifest[] =>
  Object.entries(charts(environment))
    .filter(([id]) => id !== 'argocd' && id !== 'flux')
    .flatMap(([, manifests]) => manifests);

/** The one object of this kind and name. */
export function object(
  manifests: readonly Manifest[],
  kind: string,
  name: string,
  namespace?: string,
): Manifest {
  const found = manifests.filter(
    (each) =>
      each.kind === kind &&
      each.metadata.name === name &&
      (namespace === undefined || each.metadata.namespace === namespace),
  );
  const [only, ...others] = found;
  expect(others).toEqual([]);
  if (only === undefined) throw new Error(`no ${kind} ${name} was made`);
  return only;
}

/** `version Kind namespace/name` of an object. */
export const identity = ({
  apiVersion,
  kind,
  metadata: { namespace = '', name },
}: Manifest): string => `${apiVersion} ${kind} ${namespace}/${name}`;
