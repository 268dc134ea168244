/** The variables of the daemon, and its files, from the settings. Pure. */
import { Yaml } from 'cdk8s';
import { policyDocuments, type PipelinePolicy } from '../../policies/pipeline/policies.ts';
import { disruptionAnnotations } from './autoscaler.ts';
import { tolerationsOf } from './tolerations.ts';
import type { BuildNamespace, Deployment } from '../environments/defaults.ts';
import { bytes, millicores } from '../environments/quantities.ts';
import { admissionInput } from './admission.ts';
import { HTTP_PORT, priorityClass } from './names.ts';

/** Where the files are in the container. */
export const FILES_FOLDER = '/etc/drone-kube';

const POLICY_FILE = 'policies.yml';
const RULES_FILE = 'namespaces.yml';

/** Stands for a namespace that is made for one stage. */
const TEMPORARY = 'drone-';

/** Variables that are made here, and the setting that each is made of. */
export const OWN_VARIABLES: ReadonlyMap<string, string> = new Map([
  ['DRONE_RPC_PROTO', 'drone.proto'],
  ['DRONE_RPC_HOST', 'drone.host'],
  ['DRONE_RPC_SECRET', 'drone.rpcSecret'],
  ['DRONE_RUNNER_CAPACITY', 'runner.capacity'],
  ['DRONE_RUNNER_LABELS', 'runner.labels'],
  ['DRONE_SERVER_PORT', 'nothing: the probes ask there'],
  ['DRONE_NAMESPACE_DEFAULT', 'namespaces.untrusted'],
  ['DRONE_NAMESPACE_RULES', 'trusted.repos'],
  ['DRONE_NAMESPACE_RULES_FILE', 'trusted.repos'],
  ['DRONE_POLICY_FILE', 'trusted and untrusted'],
  ['DRONE_LABELS_DEFAULT', 'kueue'],
  ['DRONE_ANNOTATIONS_DEFAULT', 'disruption'],
  ['DRONE_RESOURCE_REQUEST_CPU', 'stage.cpu'],
  ['DRONE_RESOURCE_REQUEST_MEMORY', 'stage.memory'],
  ['DRONE_KUBE_NAMESPACE', 'namespaces.system'],
  ['DRONE_KUBE_POD_NAME', 'nothing: Kubernetes gives it'],
  ['DRONE_KUBE_POD_UID', 'nothing: Kubernetes gives it'],
]);

/** For runner and reaper alike; without secrets. */
export function variables(deployment: Deployment): Readonly<Record<string, string>> {
  const { drone, runner, namespaces, stage, disruption, kueueQueue } = deployment;
  const labels = kueueQueue === undefined ? {} : { 'kueue.x-k8s.io/queue-name': kueueQueue };
  const annotations = disruptionAnnotations(disruption, stage.timeoutMinutes);
  return {
    ...runner.environment,
    DRONE_RPC_PROTO: drone.proto,
    DRONE_RPC_HOST: drone.host,
    DRONE_RUNNER_CAPACITY: String(runner.capacity),
    ...asMap('DRONE_RUNNER_LABELS', runner.labels),
    DRONE_SERVER_PORT: `:${HTTP_PORT}`,
    DRONE_NAMESPACE_DEFAULT: namespaces.untrusted,
    DRONE_NAMESPACE_RULES_FILE: `${FILES_FOLDER}/${RULES_FILE}`,
    DRONE_POLICY_FILE: `${FILES_FOLDER}/${POLICY_FILE}`,
    ...asMap('DRONE_LABELS_DEFAULT', labels),
    ...asMap('DRONE_ANNOTATIONS_DEFAULT', annotations),
    DRONE_RESOURCE_REQUEST_CPU: String(millicores(stage.cpu)),
    DRONE_RESOURCE_REQUEST_MEMORY: String(bytes(stage.memory)),
    DRONE_KUBE_NAMESPACE: namespaces.system,
  };
}

function asMap(
  variable: string,
  entries: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const pairs = Object.entries(entries).map(([key, value]) => `${key}:${value}`);
  return pairs.length === 0 ? {} : { [variable]: pairs.join(',') };
}

/** By name: the policies, and who may name which namespace in a pipeline. */
export const files = (deployment: Deployment): Readonly<Record<string, string>> => ({
  [POLICY_FILE]: Yaml.stringify(...policies(deployment)),
  [RULES_FILE]: Yaml.stringify(rules(deployment)),
});

/** The last one is for everybody, so that no pipeline chooses its namespace by itself. */
const policies = (deployment: Deployment): readonly object[] => {
  const { trusted, temporaryNamespaces, untrusted } = deployment;
  return [
    ...(temporaryNamespaces === undefined
      ? []
      : [
          {
            kind: 'policy',
            name: 'temporary-namespaces',
            match: { repo: temporaryNamespaces.repos },
            metadata: { namespace: TEMPORARY },
          },
        ]),
    ...policyDocuments({
      ...(trusted === undefined
        ? {}
        : {
            trusted: {
              ...policy(deployment, trusted),
              repos: trusted.repos,
              pullRequests: trusted.pullRequests,
            },
          }),
      untrusted: {
        // An empty selector takes away the one of the pipeline.
        nodeSelector: {},
        ...policy(deployment, untrusted),
        // Pipelines may ask for more: LimitRange, quota and admission rules say how much.
        request: {},
      },
    }),
  ];
};

function policy(deployment: Deployment, builds: BuildNamespace): PipelinePolicy {
  const { trust, namespace, container, nodes, allow, runtimeClass } = builds;
  const { priorityClasses, runtimeClasses } = admissionInput(deployment, builds).parameters ?? {};
  return {
    namespace,
    allow,
    priorities: {
      // It throws out Pods of others, so not everybody may press that button.
      ...(trust === 'trusted' ? { interactive: priorityClass(deployment, 'interactive') } : {}),
      batch: priorityClass(deployment, 'batch'),
      default: priorityClass(deployment, 'default'),
    },
    // The admission rules take no others.
    ...(allow.includes('priority_class') && priorityClasses !== undefined
      ? { priorityClasses }
      : {}),
    ...(allow.includes('runtime_class') && runtimeClasses !== undefined ? { runtimeClasses } : {}),
    ...(runtimeClass === '' ? {} : { runtimeClass }),
    limit: {
      ...(container.cpu === undefined ? {} : { cpu: millicores(container.cpu) }),
      memory: bytes(container.memory),
    },
    ...(nodes === undefined
      ? {}
      : { nodeSelector: nodes.selector, tolerations: tolerationsOf(nodes) }),
  };
}

/**
 * Who may name which namespace in a pipeline. The last policy decides for all others, and the
 * runner may make Pods in no other namespace.
 */
const rules = ({
  namespaces,
  trusted,
  temporaryNamespaces,
}: Deployment): Readonly<Record<string, readonly string[]>> => ({
  ...(trusted === undefined ? {} : { [namespaces.trusted]: trusted.repos }),
  ...(temporaryNamespaces === undefined ? {} : { [TEMPORARY]: temporaryNamespaces.repos }),
});
