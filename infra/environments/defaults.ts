/** The settings of an environment with everything filled in that was left out. */
import type { AdmissionParameters } from '../../policies/admission/index.ts';
import { PIPELINE_POLICY_DEFAULTS, type Switch } from '../../policies/pipeline/policies.ts';
import type { PodSecurityLevel } from '../../policies/pod-security.ts';
import type {
  DroneServer,
  Environment,
  ExecAccess,
  Namespaces,
  Reaper,
  Runner,
  Stage,
} from './settings.ts';
import type {
  BuildPriority,
  Builds,
  ContainerLimit,
  Nodes,
  Priorities,
  Repositories,
} from './settings-builds.ts';
import type { Capacity, Disruption, WarmUp } from './settings-capacity.ts';
import type { GitOps } from './settings-gitops.ts';
import type { Network } from './settings-network.ts';

export interface Deployment {
  readonly name: string;
  readonly instance: string;
  readonly image: string;
  readonly drone: Required<DroneServer>;
  readonly namespaces: Required<Namespaces>;
  readonly runner: Required<Runner>;
  readonly stage: Required<Stage>;
  readonly untrusted: BuildNamespace;
  readonly trusted: TrustedNamespace | undefined;
  readonly temporaryNamespaces: Repositories | undefined;
  readonly priorities: Priorities;
  readonly network: Required<Omit<Network, 'metricsFrom'>> & Pick<Network, 'metricsFrom'>;
  readonly capacity: Capacity;
  readonly warmUp: WarmUp | undefined;
  readonly disruption: Disruption;
  /** Name of the LocalQueue. */
  readonly kueueQueue: string | undefined;
  readonly reaper: Required<Omit<Reaper, 'pushgateway'>> & Pick<Reaper, 'pushgateway'>;
  readonly gitops: Required<Pick<GitOps, 'repository' | 'revision' | 'path'>> &
    Pick<GitOps, 'argocd' | 'flux'>;
  readonly execAccess: ExecAccess | undefined;
}

export interface BuildNamespace {
  readonly namespace: string;
  /** The component of its objects. */
  readonly trust: 'trusted' | 'untrusted';
  readonly podSecurity: PodSecurityLevel;
  readonly quota: {
    readonly pods: number;
    readonly cpu: string;
    readonly memory: string;
    readonly perPriority: Partial<Record<BuildPriority, number>>;
  };
  readonly container: Required<Omit<ContainerLimit, 'cpu'>> & Pick<ContainerLimit, 'cpu'>;
  readonly nodes: Nodes | undefined;
  readonly allow: readonly Switch[];
  /** '' is the default of the cluster. */
  readonly runtimeClass: string;
  readonly admission: Partial<AdmissionParameters>;
}

export interface TrustedNamespace extends BuildNamespace, Repositories {
  readonly pullRequests: boolean;
}

export const DEFAULT_PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';

const DNS = [{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ports: [53] }];

/** Settings that are in order. */
export function withDefaults(environment: Environment): Deployment {
  const { name, instance = 'drone-kube', image, drone, network, gitops } = environment;
  const namespaces = {
    system: 'drone-system',
    trusted: 'drone-trusted',
    untrusted: 'drone-untrusted',
    ...environment.namespaces,
  };
  const { trusted } = environment;
  return {
    name,
    instance,
    image,
    drone: { proto: 'https', ...drone },
    namespaces,
    runner: {
      replicas: 2,
      capacity: 100,
      labels: {},
      cpu: '100m',
      memory: '192Mi',
      memoryLimit: '512Mi',
      environment: {},
      secretEnvironment: {},
      ...environment.runner,
    },
    stage: { cpu: '500m', memory: '512Mi', timeoutMinutes: 60, ...environment.stage },
    untrusted: builds('untrusted', namespaces.untrusted, environment.untrusted),
    trusted:
      trusted === undefined
        ? undefined
        : {
            ...builds('trusted', namespaces.trusted, trusted),
            repos: trusted.repos,
            pullRequests: trusted.pullRequests ?? false,
          },
    temporaryNamespaces: environment.temporaryNamespaces,
    priorities: {
      runner: 1_000_000,
      interactive: 100,
      default: 0,
      batch: -5,
      balloon: -10,
      ...environment.priorities,
    },
    network: {
      git: [],
      registries: [],
      builds: [],
      runner: [],
      internet: true,
      dns: DNS,
      ...network,
    },
    capacity: environment.capacity ?? { kind: 'none' },
    warmUp: environment.warmUp,
    disruption: environment.disruption ?? {},
    kueueQueue: environment.kueue?.queue,
    reaper: { schedule: '*/10 * * * *', deadlineSeconds: 300, ...environment.reaper },
    gitops: { revision: 'main', path: `dist/${name}`, ...gitops },
    execAccess: environment.execAccess,
  };
}

const builds = (
  trust: BuildNamespace['trust'],
  namespace: string,
  settings: Builds = {},
): BuildNamespace => ({
  namespace,
  trust,
  podSecurity: settings.podSecurity ?? 'baseline',
  quota: { pods: 100, cpu: '50', memory: '100Gi', perPriority: {}, ...settings.quota },
  container: { memory: '4Gi', ephemeralStorage: '10Gi', ...settings.container },
  nodes: settings.nodes,
  allow: settings.allow ?? PIPELINE_POLICY_DEFAULTS[trust].allow ?? [],
  runtimeClass: settings.runtimeClass ?? '',
  admission: settings.admission ?? {},
});
