/** The rules for what is deployed, before it is: Pods in manifests of any kind. Pure. */
import { PARAMETER_DEFAULTS } from './admission/parameters.ts';
import { ADMISSION_RULES, violations } from './admission/rules.ts';
import type { PodSpecLike } from './admission/types.ts';

/** An object of a manifest, as far as it is read here. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: object;
}

export interface ManifestViolation {
  /** `admission-` and the id of a rule. */
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  /** Where in the object its Pod is: `spec.template`. */
  readonly location: string;
}

/** Nobody but the runner makes Pods where stages run, so what is deployed there would never start. */
const IN_BUILD_NAMESPACE: Omit<ManifestViolation, 'location'> = {
  code: 'admission-creator',
  message: 'is deployed to a namespace of builds, where only the runner makes Pods',
  fix: 'deploy it to another namespace',
};

/** What is wrong with the Pod of an object; empty too where the object makes none. */
export function manifestViolations(
  object: Manifest,
  buildNamespaces: readonly string[],
): readonly ManifestViolation[] {
  const found = podOf(object);
  if (found === undefined) return [];
  const { location, spec } = found;
  const { namespace = 'default' } = object.metadata;
  const rules = ADMISSION_RULES.filter(({ everyPod }) => everyPod);
  const attempt = {
    operation: 'CREATE',
    subresource: '',
    user: '',
    pod: { metadata: {}, spec },
  } as const;
  const parameters = { creators: [], ...PARAMETER_DEFAULTS.untrusted };
  return [
    ...(buildNamespaces.includes(namespace) ? [{ ...IN_BUILD_NAMESPACE, location }] : []),
    ...violations(attempt, rules, parameters).map(({ rule, found: places }) => ({
      code: `admission-${rule.id}`,
      message: `${places.join(', ')}: ${rule.message}`,
      fix: rule.fix,
      location,
    })),
  ];
}

const PATHS = ['spec.jobTemplate.spec.template', 'spec.template', ''] as const;

/** Of a Pod, or of what has a template of one. */
function podOf(
  object: Manifest,
): { readonly location: string; readonly spec: PodSpecLike } | undefined {
  for (const path of PATHS) {
    let at: unknown = object;
    for (const key of path === '' ? [] : path.split('.')) at = valueOf(at, key);
    const spec = valueOf(at, 'spec');
    if (isPodSpec(spec)) return { location: path === '' ? 'spec' : `${path}.spec`, spec };
  }
  return undefined;
}

const valueOf = (object: unknown, key: string): unknown =>
  typeof object === 'object' && object !== null
    ? Object.entries(object).find(([name]) => name === key)?.[1]
    : undefined;

const isPodSpec = (spec: unknown): spec is PodSpecLike =>
  Array.isArray(valueOf(spec, 'containers'));

/** The namespaces that bindings of admission policies name; those of ours name all by name. */
export const boundNamespaces = (objects: readonly Manifest[]): readonly string[] =>
  objects
    .filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
    .flatMap(({ spec }) => {
      const selector = valueOf(valueOf(spec, 'matchResources'), 'namespaceSelector');
      const expressions = valueOf(selector, 'matchExpressions');
      return Array.isArray(expressions) ? expressions : [];
    })
    .flatMap((expression: unknown) => {
      const values = valueOf(expression, 'values');
      return valueOf(expression, 'operator') === 'In' && Array.isArray(values) ? values : [];
    })
    .filter((value: unknown) => typeof value === 'string');
