/** What differs from one namespace to the next: the parameters of the rules, and their defaults. */
import { parseCpu, parseMemory } from '../../runtime/compile/resources.ts';
import { celText } from './cel.ts';
import type { Trust } from './types.ts';

/** Resources that a Pod may ask for at all. */
export const AMOUNTS = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** As Kubernetes writes quantities: `500m`, `8Gi`. */
export type Amounts = Readonly<Record<(typeof AMOUNTS)[number], string>>;

export interface AdmissionParameters {
  /** Users who may make Pods: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly creators: readonly string[];
  readonly serviceAccounts: readonly string[];
  /** May containers be privileged, get capabilities, and make every system call? */
  readonly privileged: boolean;
  /** That containers may get without being privileged. */
  readonly capabilities: readonly string[];
  /** Paths of the node, to the letter. */
  readonly hostPaths: readonly string[];
  readonly claims: readonly string[];
  /** Of claims that are made for a Pod and go with it. */
  readonly storageClasses: readonly string[];
  /** Beside those of the stage. */
  readonly configMaps: readonly string[];
  /** Beside the one of the stage. */
  readonly secrets: readonly string[];
  /** Beside the one of the stage: those that a service account brings with it. */
  readonly pullSecrets: readonly string[];
  /** Each volume in memory at most; `0` allows none but the runner's own. */
  readonly memoryVolume: string;
  /** Of all containers of a Pod together. */
  readonly requests: Amounts;
  /** Of each container. */
  readonly limits: Amounts;
  /** Names of extended resources: `nvidia.com/gpu`. */
  readonly devices: readonly string[];
  /** Keys of taints. */
  readonly tolerations: readonly string[];
  /** Keys of labels of nodes. */
  readonly nodeLabels: readonly string[];
  /** With the default one of the cluster, if it has one. */
  readonly priorityClasses: readonly string[];
  readonly runtimeClasses: readonly string[];
  /** The timeout of the repository and an hour, in seconds. */
  readonly deadlineSeconds: number;
  /** Registries or what is below them (`registry.example.com/ci`); none allows all. */
  readonly images: readonly string[];
}

export type ParameterName = keyof AdmissionParameters;

/** For the documentation, a sentence each. */
export const PARAMETER_MEANINGS: Readonly<Record<ParameterName, string>> = {
  creators: 'Users who may make Pods; the service account of the runner comes first.',
  serviceAccounts: 'Service accounts that Pods may act as.',
  privileged: 'May containers be privileged, get capabilities, and make every system call? \\*',
  capabilities: 'Capabilities that containers may get without being privileged. \\*',
  hostPaths: 'Folders of the node that may be mounted, to the letter. \\*',
  claims: 'Persistent volume claims that may be mounted. \\*',
  storageClasses: 'Storage classes of claims that are made for a Pod and go with it.',
  configMaps: 'ConfigMaps that may be read beside those of the stage. \\*',
  secrets: 'Secrets that may be read beside the one of the stage. \\*',
  pullSecrets: 'Secrets that images may be pulled with beside the one of the stage.',
  memoryVolume: 'Limit of each volume in memory at most; `0` allows none. \\*',
  requests: 'All requests of a Pod together, at most.',
  limits: 'The limit of each container, at most.',
  devices: 'Extended resources that containers may ask for, such as `nvidia.com/gpu`.',
  tolerations: 'Keys of taints that may be tolerated.',
  nodeLabels: 'Keys of labels that nodes may be chosen by.',
  priorityClasses: 'Priority classes; the default one of the cluster, if it has one, must be here.',
  runtimeClasses: 'Runtime classes that a Pod may name.',
  deadlineSeconds: 'Seconds that a Pod may live; the timeout of the repository and an hour.',
  images: 'Registries, or places below them, that images may come from; empty allows all.',
};

const UNTRUSTED: Omit<AdmissionParameters, 'creators'> = {
  serviceAccounts: ['default'],
  privileged: false,
  capabilities: [],
  hostPaths: [],
  claims: [],
  storageClasses: [],
  configMaps: [],
  secrets: [],
  pullSecrets: [],
  memoryVolume: '0',
  requests: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '20Gi' },
  limits: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '20Gi' },
  devices: [],
  tolerations: [],
  nodeLabels: ['kubernetes.io/arch', 'kubernetes.io/os'],
  priorityClasses: [],
  runtimeClasses: [],
  deadlineSeconds: 25 * 3600,
  images: [],
};

/** Where nobody says otherwise. `creators` has no default: it is the runner. */
export const PARAMETER_DEFAULTS: Readonly<Record<Trust, Omit<AdmissionParameters, 'creators'>>> = {
  untrusted: UNTRUSTED,
  trusted: {
    ...UNTRUSTED,
    memoryVolume: '1Gi',
    requests: { cpu: '16', memory: '32Gi', 'ephemeral-storage': '100Gi' },
    limits: { cpu: '16', memory: '32Gi', 'ephemeral-storage': '100Gi' },
  },
};

export interface ParameterProblem {
  readonly code: 'admission-parameter';
  /** The parameter: `requests.cpu`. */
  readonly path: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to write instead, one sentence without a full stop. */
  readonly fix: string;
}

/** What no list of tolerations may open: the nodes that the cluster itself runs on. */
const CONTROL_PLANE: ReadonlySet<string> = new Set([
  'node-role.kubernetes.io/control-plane',
  'node-role.kubernetes.io/master',
]);

/** All that is wrong with parameters. Empty where all is well. */
export function parameterProblems(
  trust: Trust,
  parameters: AdmissionParameters,
): readonly ParameterProblem[] {
  const found: ParameterProblem[] = [];
  const report = (path: string, message: string, fix: string): void => {
    found.push({ code: 'admission-parameter', path, message, fix });
  };
  for (const [path, value] of Object.entries(parameters)) {
    if (!Array.isArray(value)) continue;
    const isWrong = (item: string): boolean => item === '' || /\s/.test(item);
    if (value.some(isWrong)) {
      report(path, 'has an entry that is empty or has a space in it', 'write names only');
    }
  }
  if (parameters.creators.length === 0) {
    report('creators', 'is empty, so no stage could run', 'name the service account of the runner');
  }
  const amounts = [
    ['memoryVolume', parameters.memoryVolume, parseMemory] as const,
    ...(['requests', 'limits'] as const).flatMap((group) =>
      AMOUNTS.map((name) => {
        const parse = name === 'cpu' ? parseCpu : parseMemory;
        return [`${group}.${name}`, parameters[group][name], parse] as const;
      }),
    ),
  ];
  for (const [path, text, parse] of amounts) {
    if (parse(text) !== undefined) continue;
    report(path, `"${text}" is no quantity`, 'write an amount as in 500m, 4 or 8Gi');
  }
  const taint = parameters.tolerations.find((key) => CONTROL_PLANE.has(key));
  if (taint !== undefined) {
    report('tolerations', `lets builds run where ${taint} keeps them off`, 'take it out');
  }
  if (!Number.isSafeInteger(parameters.deadlineSeconds) || parameters.deadlineSeconds < 1) {
    const { deadlineSeconds } = parameters;
    report('deadlineSeconds', `${deadlineSeconds} is no time to live`, 'write whole seconds');
  }
  if (trust === 'untrusted') {
    for (const path of forTrustedOnly(parameters)) {
      const fix = 'leave it out, or set it for the namespace of trusted repositories';
      report(path, 'opens what repositories that are not trusted must not have', fix);
    }
  }
  return found;
}

/** Drone gives these to trusted repositories alone. */
const forTrustedOnly = (parameters: AdmissionParameters): readonly ParameterName[] => [
  ...(parameters.privileged ? (['privileged'] as const) : []),
  ...(['capabilities', 'hostPaths', 'claims', 'configMaps', 'secrets'] as const).filter(
    (name) => parameters[name].length > 0,
  ),
  ...(parseMemory(parameters.memoryVolume) === 0 ? [] : (['memoryVolume'] as const)),
];

/**
 * As variables of a policy, in CEL. Not as an object that the policy refers to: once no policy in
 * the cluster refers to a ConfigMap, the API server stops to read ConfigMaps, and does not begin
 * again before it is restarted.
 */
export function parameterVariables(
  parameters: AdmissionParameters,
): Readonly<Record<string, string>> {
  const { requests, limits, privileged, memoryVolume, deadlineSeconds, ...lists } = parameters;
  return {
    ...Object.fromEntries(
      Object.entries(lists).map(([name, values]) => [name, `[${values.map(celText).join(', ')}]`]),
    ),
    privileged: String(privileged),
    memoryVolume: celQuantity(memoryVolume),
    requests: celAmounts(requests),
    limits: celAmounts(limits),
    deadlineSeconds: String(deadlineSeconds),
  };
}

const celQuantity = (text: string): string => `quantity(${celText(text)})`;

const celAmounts = (amounts: Amounts): string =>
  `{${AMOUNTS.map((name) => `${celText(name)}: ${celQuantity(amounts[name])}`).join(', ')}}`;
