/**
 * The namespaces that samples are tried in: two with the defaults, one for trusted repositories in
 * which everything is set that a parameter can open, and one that opens what is open there anyway.
 */
import { admissionParameters } from '../../../policies/admission/index.ts';
import type { AdmissionParameters } from '../../../policies/admission/parameters.ts';
import type { PodLike, Trust } from '../../../policies/admission/types.ts';
import { CONTAINER, RUNNER } from './pods.ts';

/** On a real API server there has to be one of this name: it refuses all others by itself. */
export const RUNTIME_CLASS = 'drone-kube-test';
/** The same, but no build may have it. */
export const FOREIGN_RUNTIME_CLASS = 'drone-kube-test-foreign';

export type Place = 'untrusted' | 'trusted' | 'open' | 'capable';

const OPEN: Partial<AdmissionParameters> = {
  serviceAccounts: ['default', 'deployer'],
  privileged: true,
  hostPaths: ['/var/cache/builds'],
  claims: ['cache', 'artifacts'],
  configMaps: ['settings'],
  secrets: ['signing-key'],
  pullSecrets: ['registry'],
  tolerations: ['dedicated'],
  nodeLabels: ['kubernetes.io/arch', 'disk'],
  priorityClasses: ['system-cluster-critical'],
  runtimeClasses: [RUNTIME_CLASS],
  devices: ['nvidia.com/gpu'],
  storageClasses: ['fast'],
  images: ['docker.io', 'registry.example.com/ci', 'registry.example.com:5000'],
};

export const PLACES: Readonly<
  Record<Place, { readonly trust: Trust; readonly parameters: Partial<AdmissionParameters> }>
> = {
  untrusted: { trust: 'untrusted', parameters: {} },
  trusted: { trust: 'trusted', parameters: {} },
  open: { trust: 'trusted', parameters: OPEN },
  capable: { trust: 'trusted', parameters: { capabilities: ['NET_ADMIN'] } },
};

export const parametersAt = (place: Place): AdmissionParameters =>
  admissionParameters({ ...PLACES[place], runner: RUNNER });

export interface Sample {
  readonly name: string;
  readonly pod: PodLike;
  readonly places: readonly Place[];
}

export interface Refused extends Sample {
  /** The rule that it breaks, and no other. */
  readonly rule: string;
  readonly found: readonly string[];
}

export const ALL: readonly Place[] = ['untrusted', 'trusted', 'open'];
export const EVERY_PLACE: readonly Place[] = [...ALL, 'capable'];
export const DEFAULTS: readonly Place[] = ['untrusted', 'trusted'];

/** What is found of a sample that `withContainer` or `withVolume` spoils. */
export const IN_CONTAINER = [`container ${CONTAINER}`];
export const EXTRA_VOLUME = ['volume extra'];

export const refused = (
  rule: string,
  name: string,
  pod: PodLike,
  found: readonly string[],
  places: readonly Place[] = ALL,
): Refused => ({ rule, name, pod, found, places });

/** Each sample at each of its places. */
export const everywhere = <T extends Sample>(
  samples: readonly T[],
): readonly (T & { readonly place: Place })[] =>
  samples.flatMap((sample) => sample.places.map((place) => ({ ...sample, place })));
