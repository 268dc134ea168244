/** From the decoded document to the pipeline: defaults in, optional fields out. */
import { buildStageKubernetes, buildStepKubernetes } from './build-kubernetes.ts';
import type { Position } from './diagnostics.ts';
import type {
  Condition,
  Conditions,
  FailurePolicy,
  Pipeline,
  Places,
  PullPolicy,
  ResourceAmounts,
  Resources,
  Step,
  Volume,
  VolumeSource,
} from './model.ts';
import { CONDITION_KEYS } from './model.ts';
import type {
  ConditionsSchema,
  PIPELINE_SCHEMA,
  ResourcesSchema,
  StepSchema,
  VolumeSchema,
} from './pipeline-schema.ts';
import type { Decoded, Fields, Infer } from './schema.ts';
import { DEFAULT_WORKSPACE } from './workspace.ts';

const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

export function buildPipeline(document: Infer<typeof PIPELINE_SCHEMA>): Pipeline {
  const { fields, places } = document;
  const platform = fields.platform?.fields;
  const clone = fields.clone?.fields;
  const metadata = fields.metadata?.fields;
  return {
    name: text(document, 'name'),
    // Drone's runner takes linux and amd64 for granted and does nothing with that. Nodes are chosen
    // by it here, so only what the author wrote may count: all other files have to run on a cluster
    // of arm64 too.
    platform: {
      os: platform?.os?.toLowerCase() ?? '',
      arch: platform?.arch ?? '',
      variant: platform?.variant ?? '',
      version: platform?.version ?? '',
    },
    clone: {
      disable: clone?.disable ?? false,
      depth: clone?.depth ?? 0,
      skipVerify: clone?.skip_verify ?? false,
      trace: clone?.trace ?? false,
    },
    workspacePath: fields.workspace?.fields.path || DEFAULT_WORKSPACE,
    environment: fields.environment ?? EMPTY,
    resources: buildResources(fields.resources),
    services: (fields.services ?? []).map((service) => buildStep(service, true)),
    steps: (fields.steps ?? []).map((step) => buildStep(step, false)),
    volumes: (fields.volumes ?? []).map(buildVolume),
    imagePullSecrets: fields.image_pull_secrets ?? [],
    metadata: {
      namespace: metadata?.namespace ?? '',
      annotations: metadata?.annotations ?? EMPTY,
      labels: metadata?.labels ?? EMPTY,
    },
    nodeName: fields.node_name ?? '',
    nodeSelector: fields.node_selector ?? EMPTY,
    serviceAccountName: fields.service_account_name ?? '',
    tolerations: (fields.tolerations ?? []).map((toleration) => ({
      effect: toleration.fields.effect ?? '',
      key: toleration.fields.key ?? '',
      operator: toleration.fields.operator ?? '',
      value: toleration.fields.value ?? '',
      tolerationSeconds: toleration.fields.tolerationseconds,
    })),
    dnsConfig: buildDnsConfig(fields.dns_config),
    hostAliases: (fields.host_aliases ?? []).map((alias) => ({
      ip: alias.fields.ip ?? '',
      hostnames: alias.fields.hostnames ?? [],
    })),
    kubernetes: buildStageKubernetes(fields.kubernetes),
    trigger: buildConditions(fields.trigger),
    dependsOn: fields.depends_on ?? [],
    position: places.get('name') ?? document.position,
    places: new Map([
      ...places,
      ...within('resources.limits', fields.resources?.fields.limits?.places),
      ...within('platform', fields.platform?.places),
      ...within('metadata', fields.metadata?.places),
      ...within('kubernetes', fields.kubernetes?.places),
      ...within('kubernetes.workspace', fields.kubernetes?.fields.workspace?.places),
      ...within('kubernetes.security_context', fields.kubernetes?.fields.security_context?.places),
    ]),
  };
}

function buildStep(decoded: Infer<StepSchema>, service: boolean): Step {
  const { fields, places } = decoded;
  const { resources, security_context: security } = fields.kubernetes?.fields ?? {};
  return {
    name: text(decoded, 'name'),
    image: text(decoded, 'image'),
    commands: fields.commands ?? [],
    entrypoint: fields.entrypoint ?? [],
    command: fields.command ?? [],
    environment: fields.environment ?? EMPTY,
    settings: fields.settings ?? EMPTY,
    when: buildConditions(fields.when),
    failure: buildFailure(fields.failure),
    detach: service || (fields.detach ?? false),
    dependsOn: fields.depends_on ?? [],
    privileged: fields.privileged ?? false,
    pull: buildPull(fields.pull),
    resources: buildResources(fields.resources),
    user: fields.user ?? security?.fields.run_as_user,
    group: fields.group ?? security?.fields.run_as_group,
    volumes: (fields.volumes ?? []).map((mount) => ({
      name: text(mount, 'name'),
      path: text(mount, 'path'),
      subPath: mount.fields.sub_path ?? '',
      position: mount.places.get('name') ?? mount.position,
    })),
    workingDir: fields.working_dir ?? '',
    kubernetes: buildStepKubernetes(fields.kubernetes),
    position: places.get('name') ?? decoded.position,
    places: new Map([
      ...places,
      ...within('when', fields.when?.places),
      ...within('kubernetes', fields.kubernetes?.places),
      ...within('kubernetes.resources', resources?.places),
      ...within('kubernetes.security_context', security?.places),
    ]),
  };
}

/** A text that was refused is not reported a second time as missing. */
function text<Name extends string>(
  decoded: Decoded<Fields & Record<Name, { schema: { kind: 'string' }; description: string }>>,
  name: Name,
): string {
  if (decoded.failed.has(name)) return `(invalid, line ${decoded.position.line})`;
  return decoded.fields[name] ?? '';
}

function* within(
  prefix: string,
  places: Places | undefined,
): Iterable<readonly [string, Position]> {
  for (const [key, position] of places ?? []) yield [`${prefix}.${key}`, position];
}

function buildConditions(decoded: Infer<ConditionsSchema> | undefined): Conditions {
  const conditions: Partial<Record<keyof Conditions, Condition>> = {};
  for (const key of CONDITION_KEYS) {
    const condition = decoded?.fields[key];
    if (condition !== undefined) conditions[key] = condition;
  }
  return conditions;
}

function buildFailure(failure: string | undefined): FailurePolicy {
  if (failure === 'ignore') return 'ignore';
  return failure === 'fast' || failure === 'fail-fast' || failure === 'fast-fail' ? 'fast' : 'stop';
}

function buildPull(pull: string | undefined): PullPolicy | undefined {
  if (pull === 'always') return 'Always';
  if (pull === 'never') return 'Never';
  return pull === 'if-not-exists' ? 'IfNotPresent' : undefined;
}

function buildResources(decoded: Infer<ResourcesSchema> | undefined): Resources {
  const amounts = (part: 'requests' | 'limits'): ResourceAmounts => {
    const found = decoded?.fields[part]?.fields;
    return { cpu: found?.cpu ?? 0, memory: found?.memory ?? 0 };
  };
  return { requests: amounts('requests'), limits: amounts('limits') };
}

function buildDnsConfig(
  decoded: Infer<typeof PIPELINE_SCHEMA>['fields']['dns_config'],
): Pipeline['dnsConfig'] {
  if (decoded === undefined) return undefined;
  return {
    nameservers: decoded.fields.nameservers ?? [],
    searches: decoded.fields.searches ?? [],
    options: (decoded.fields.options ?? []).map((option) => ({
      name: option.fields.name ?? '',
      value: option.fields.value,
    })),
  };
}

function buildVolume(decoded: Infer<VolumeSchema>): Volume {
  return {
    name: text(decoded, 'name'),
    source: buildVolumeSource(decoded),
    position: decoded.places.get('name') ?? decoded.position,
  };
}

function buildVolumeSource({ fields }: Infer<VolumeSchema>): VolumeSource | undefined {
  const { temp, host, claim } = fields;
  if (temp !== undefined) {
    const { medium = '', size_limit: sizeLimit = 0 } = temp.fields;
    return { kind: 'temp', medium, sizeLimit };
  }
  if (host !== undefined) return { kind: 'host', path: host.fields.path ?? '' };
  if (claim !== undefined) {
    const { name = '', read_only: readOnly = false } = claim.fields;
    return { kind: 'claim', claimName: name, readOnly };
  }
  for (const kind of ['config_map', 'secret'] as const) {
    const files = fields[kind];
    if (files !== undefined) {
      const { name = '', default_mode: defaultMode, optional = false } = files.fields;
      return { kind, objectName: name, defaultMode, optional };
    }
  }
  return undefined;
}
