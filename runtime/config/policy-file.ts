/** From the text of DRONE_POLICY_FILE to policies: one in each document. */
import { decodeDocument } from '../pipeline/decode.ts';
import type { Diagnostic, Position } from '../pipeline/diagnostics.ts';
import {
  CONDITION_KEYS,
  type Condition,
  type Conditions,
  type ResourceAmounts,
} from '../pipeline/model.ts';
import { PIPELINE_SCHEMA } from '../pipeline/pipeline-schema.ts';
import { field, int, list, map, object, oneOf, string, type Infer } from '../pipeline/schema.ts';
import { parseSource } from '../pipeline/source.ts';
import { isSubdomain, LABEL_FIX, wrongAnnotation, wrongLabel } from './kubernetes-names.ts';
import { isSwitch, SWITCH_NAMES } from './switches.ts';
import type { Policy } from './types.ts';
import { stageNamespace } from './value-types.ts';

const { metadata, resources, trigger } = PIPELINE_SCHEMA.fields;
const AMOUNTS = resources.schema.fields.requests.schema;

const POLICY_SCHEMA = object('a policy', {
  kind: field(string, '`policy`; has no effect.'),
  name: field(string, 'Name; `default` is for builds that no policy matches.'),
  match: field(trigger.schema, 'Which builds it is for; without it: for all.'),
  metadata,
  resources: field(
    object('the resources of a policy', {
      request: field(AMOUNTS, 'What the scheduler reserves for the stage.'),
      limit: field(AMOUNTS, 'What each container may use at most.'),
    }),
    'Resources of the stage.',
  ),
  node_selector: field(map(string), 'Labels of the nodes to run on.'),
  service_account: field(string, 'Service account of the Pod.'),
  tolerations: field(
    list(
      object('a toleration', {
        effect: field(string, 'Effect of the taint.'),
        key: field(string, 'Key of the taint.'),
        operator: field(string, '`Equal` or `Exists`.'),
        value: field(string, 'Value of the taint.'),
        toleration_seconds: field(int('seconds'), 'How long a NoExecute taint is tolerated.'),
      }),
    ),
    'Taints of nodes that the Pod tolerates.',
  ),
  allow: field(
    list(oneOf(SWITCH_NAMES)),
    'Keys under `kubernetes` that pipelines may use; without it DRONE_KUBE_ALLOW says so.',
  ),
  priority_class: field(string, 'PriorityClass of the Pod, where the pipeline names none.'),
  priority_classes: field(list(string), 'Those that a pipeline may name.'),
  runtime_class: field(string, 'RuntimeClass of the Pod, where the pipeline names none.'),
  runtime_classes: field(list(string), 'Those that a pipeline may name.'),
});

type Document = Infer<typeof POLICY_SCHEMA>;

export interface PolicyFile {
  readonly policies: readonly Policy[];
  /** In the order of the documents. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws. The policies are not to be used if there are errors. */
export function parsePolicies(text: string): PolicyFile {
  const source = parseSource(text);
  const diagnostics = [...source.diagnostics];
  const policies: Policy[] = [];
  for (const [index, root] of source.documents.entries()) {
    const document = decodeDocument(POLICY_SCHEMA, root, (found) => diagnostics.push(found));
    if (document === undefined) continue;
    const policy = toPolicy(document);
    policies.push(policy);
    diagnostics.push(...wrongNames(document));
    const below = source.documents.length - index - 1;
    if (below > 0 && matchesAll(policy.match)) {
      diagnostics.push(hidesOthers(document, below));
    }
  }
  return { policies, diagnostics };
}

function toPolicy({ fields }: Document): Policy {
  const request = fields.resources?.fields.request?.fields;
  const limit = fields.resources?.fields.limit?.fields;
  return {
    name: fields.name ?? '',
    match: toConditions(fields.match),
    namespace: fields.metadata?.fields.namespace ?? '',
    labels: fields.metadata?.fields.labels ?? new Map(),
    annotations: fields.metadata?.fields.annotations ?? new Map(),
    request: amounts(request),
    limit: amounts(limit),
    nodeSelector: fields.node_selector,
    serviceAccount: fields.service_account ?? '',
    tolerations: (fields.tolerations ?? []).map((toleration) => ({
      effect: toleration.fields.effect ?? '',
      key: toleration.fields.key ?? '',
      operator: toleration.fields.operator ?? '',
      value: toleration.fields.value ?? '',
      tolerationSeconds: toleration.fields.toleration_seconds,
    })),
    allow: fields.allow?.filter(isSwitch),
    priorityClass: fields.priority_class ?? '',
    priorityClasses: fields.priority_classes,
    runtimeClass: fields.runtime_class ?? '',
    runtimeClasses: fields.runtime_classes,
  };
}

const amounts = (found: Partial<ResourceAmounts> | undefined): ResourceAmounts => ({
  cpu: found?.cpu ?? 0,
  memory: found?.memory ?? 0,
});

function toConditions(decoded: Document['fields']['match']): Conditions {
  const conditions: Partial<Record<keyof Conditions, Condition>> = {};
  for (const key of CONDITION_KEYS) {
    const condition = decoded?.fields[key];
    if (condition !== undefined) conditions[key] = condition;
  }
  return conditions;
}

/** Conditions that say nothing, or only what no runner looks at when it chooses a policy. */
const matchesAll = (conditions: Conditions): boolean =>
  CONDITION_KEYS.every((key) => key === 'status' || key === 'paths' || isEmpty(conditions[key]));

const isEmpty = (condition: Condition | undefined): boolean =>
  condition === undefined || condition.include.length + condition.exclude.length === 0;

function hidesOthers({ fields, places, position }: Document, below: number): Diagnostic {
  const others = below === 1 ? 'the policy below it is' : `the ${below} policies below it are`;
  return {
    code: 'policy-matches-all',
    severity: 'warning',
    message: `the policy \`${fields.name ?? ''}\` matches every build, so ${others} never used`,
    fix: 'write what it is for under `match`, or move it to the end',
    position: places.get('match') ?? places.get('name') ?? position,
  };
}

const OBJECT_KEYS = [
  ['service_account', 'service account'],
  ['priority_class', 'PriorityClass'],
  ['runtime_class', 'RuntimeClass'],
] as const;

/** What Kubernetes would refuse, in every Pod that the policy is for. */
function wrongNames(document: Document): readonly Diagnostic[] {
  const { fields, places, position } = document;
  const { namespace, labels, annotations } = fields.metadata?.fields ?? {};
  const inMetadata = fields.metadata?.places;
  const found: Diagnostic[] = [];
  const report = (at: Position | undefined, message: string | undefined, fix: string): void => {
    if (message === undefined) return;
    const code = 'policy-name';
    found.push({ code, severity: 'error', message, fix, position: at ?? position });
  };
  const entries = [
    ['labels', inMetadata?.get('labels'), wrongLabel(labels ?? new Map())],
    ['annotations', inMetadata?.get('annotations'), wrongAnnotation(annotations ?? new Map())],
    ['node_selector', places.get('node_selector'), wrongLabel(fields.node_selector ?? new Map())],
  ] as const;
  for (const [key, at, wrong] of entries) {
    report(at, wrong === undefined ? undefined : `\`${key}\` ${wrong}`, LABEL_FIX);
  }
  const parsed = stageNamespace.parse(namespace ?? '');
  if (namespace !== undefined && namespace !== '' && 'wrong' in parsed) {
    report(inMetadata?.get('namespace'), `\`namespace\` ${parsed.wrong}`, parsed.fix);
  }
  for (const [key, kind] of OBJECT_KEYS) {
    const name = fields[key] ?? '';
    if (name === '' || isSubdomain(name)) continue;
    const message = `\`${key}\` is "${name}", not the name of a Kubernetes object`;
    report(places.get(key), message, `write the name of a ${kind}`);
  }
  return found;
}
