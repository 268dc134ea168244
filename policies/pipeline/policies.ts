/** The runner's own policies (DRONE_POLICY_FILE): which stage runs where, and with how much. Pure. */
import type { Switch } from '../../runtime/config/switches.ts';
import type { Trust } from '../admission/types.ts';

export { SWITCH_NAMES, type Switch } from '../../runtime/config/switches.ts';

/** What a policy does to a stage. What is left out stays as the pipeline or the runner says. */
export interface PipelinePolicy {
  readonly namespace: string;
  /** Of the whole stage, whatever the pipeline asks for. CPU in millicores, memory in bytes. */
  readonly request?: PolicyAmounts;
  /** Of each step that does not set a smaller one. */
  readonly limit?: PolicyAmounts;
  /** Instead of the one of the pipeline; an empty one takes that away. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Instead of those of the pipeline, unless it is empty. */
  readonly tolerations?: readonly PolicyToleration[];
  /** Brings its token into every step. */
  readonly serviceAccount?: string;
  /** Keys under `kubernetes` that pipelines may use; left out, DRONE_KUBE_ALLOW says which. */
  readonly allow?: readonly Switch[];
  /** Names of PriorityClasses by the kind of build; where the pipeline names one that it may, that. */
  readonly priorities?: Readonly<Partial<Record<BuildKind, string>>>;
  /** PriorityClasses that a pipeline may name. */
  readonly priorityClasses?: readonly string[];
  /** Where the pipeline names none, or may not. */
  readonly runtimeClass?: string;
  /** RuntimeClasses that a pipeline may name. */
  readonly runtimeClasses?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Somebody pressed a button and waits; nobody waits; all others. */
export type BuildKind = 'interactive' | 'batch' | 'default';

/** The events of the kinds that are not `default`. */
const EVENTS = [
  ['interactive', ['promote', 'rollback', 'custom']],
  ['batch', ['cron']],
] as const;

export interface PolicyAmounts {
  readonly cpu?: number;
  readonly memory?: number;
}

export interface PolicyToleration {
  readonly key: string;
  readonly operator: 'Equal' | 'Exists';
  readonly value?: string;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface TrustedPolicy extends PipelinePolicy {
  /** Globs of repositories, `octocat/*`. At least one: a list without any matches every build. */
  readonly repos: readonly string[];
  /** May pull requests, whose code anybody can write, run among the trusted? false by default. */
  readonly pullRequests?: boolean;
}

export interface PipelinePolicies {
  /** Left out: no repository is trusted. */
  readonly trusted?: TrustedPolicy;
  readonly untrusted: PipelinePolicy;
}

const GIBIBYTE = 1024 ** 3;

/**
 * Amounts that fit the defaults of the admission rules. What a trusted repository may use under
 * `kubernetes` lets nobody out of a Pod; the rules say how far it goes. Only untrusted stages have a request of
 * their own: what a pipeline asks for is reserved, used or not.
 */
export const PIPELINE_POLICY_DEFAULTS: Readonly<
  Record<Trust, Pick<PipelinePolicy, 'request' | 'limit' | 'allow'>>
> = {
  untrusted: {
    allow: [],
    request: { cpu: 500, memory: GIBIBYTE },
    limit: { cpu: 2000, memory: 4 * GIBIBYTE },
  },
  trusted: {
    allow: [
      'priority_class',
      'node_selector',
      'affinity',
      'resources',
      'security_context',
      'workspace',
    ],
    limit: { cpu: 8000, memory: 16 * GIBIBYTE },
  },
};

/**
 * The documents of the file: the trusted first, because the first that matches counts, and
 * `default` for all others, so that no pipeline chooses its namespace by itself.
 */
export function policyDocuments({ trusted, untrusted }: PipelinePolicies): readonly object[] {
  const rest = { ...PIPELINE_POLICY_DEFAULTS.untrusted, ...untrusted };
  if (trusted === undefined) return documents('default', rest);
  const { repos, pullRequests = false } = trusted;
  const match = {
    repo: [...repos],
    ...(pullRequests ? {} : { event: { exclude: ['pull_request'] } }),
  };
  return [
    ...documents('trusted', { ...PIPELINE_POLICY_DEFAULTS.trusted, ...trusted }, match),
    ...documents('default', rest),
  ];
}

/** One for each kind of build that has a priority of its own, and one for all others. */
function documents(name: string, policy: PipelinePolicy, match?: object): readonly object[] {
  const { priorities = {} } = policy;
  return [
    ...EVENTS.filter(([kind]) => priorities[kind] !== undefined).map(([kind, events]) =>
      document(`${name}-${kind}`, policy, priorities[kind], { ...match, event: [...events] }),
    ),
    document(name, policy, priorities.default, match),
  ];
}

const document = (
  name: string,
  policy: PipelinePolicy,
  priorityClass: string | undefined,
  match?: object,
): object => ({
  kind: 'policy',
  name,
  ...(match === undefined ? {} : { match }),
  metadata: {
    namespace: policy.namespace,
    ...only('labels', policy.labels),
    ...only('annotations', policy.annotations),
  },
  ...(policy.request === undefined && policy.limit === undefined
    ? {}
    : { resources: { ...only('request', policy.request), ...only('limit', policy.limit) } }),
  ...only('node_selector', policy.nodeSelector),
  ...only('service_account', policy.serviceAccount),
  ...only('tolerations', policy.tolerations),
  ...only('allow', policy.allow),
  ...only('priority_class', priorityClass),
  ...only('priority_classes', policy.priorityClasses),
  ...only('runtime_class', policy.runtimeClass),
  ...only('runtime_classes', policy.runtimeClasses),
});

const only = (key: string, value: unknown): object => (value === undefined ? {} : { [key]: value });
