/** The rules as objects of Kubernetes. Pure: the same input gives the same objects. */
import { celText, SHARED_VARIABLES } from './cel.ts';
import {
  PARAMETER_DEFAULTS,
  parameterVariables,
  parameterProblems,
  type AdmissionParameters,
  type ParameterProblem,
} from './parameters.ts';
import { explanation, rulesFor } from './rules.ts';
import type { AdmissionRule, Trust } from './types.ts';

export interface AdmissionInput {
  /** Of the policy and its binding: nobody else's in the cluster. A DNS label. */
  readonly name: string;
  readonly trust: Trust;
  /** Where stages run that the rules are for. At least one. */
  readonly namespaces: readonly string[];
  /** The service account of the runner. */
  readonly runner: { readonly namespace: string; readonly name: string };
  /** What differs from PARAMETER_DEFAULTS; `creators` come beside the runner. */
  readonly parameters?: Partial<AdmissionParameters>;
}

interface Metadata {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PolicyObject {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicy';
  readonly metadata: Metadata;
  readonly spec: object;
}

export interface BindingObject {
  readonly apiVersion: 'admissionregistration.k8s.io/v1';
  readonly kind: 'ValidatingAdmissionPolicyBinding';
  readonly metadata: Metadata;
  readonly spec: object;
}

/** The API server itself puts it on every namespace, and nobody can change it. */
export const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

const LABELS = {
  'app.kubernetes.io/name': 'drone-kube',
  'app.kubernetes.io/component': 'admission',
};

const usernameOf = ({ namespace, name }: AdmissionInput['runner']): string =>
  `system:serviceaccount:${namespace}:${name}`;

/** The parameters of a namespace, complete. */
export const admissionParameters = ({
  trust,
  runner,
  parameters,
}: Pick<AdmissionInput, 'trust' | 'runner' | 'parameters'>): AdmissionParameters => ({
  ...PARAMETER_DEFAULTS[trust],
  ...parameters,
  creators: [usernameOf(runner), ...(parameters?.creators ?? [])],
});

/** What is wrong with the parameters. Empty where all is well. */
export const admissionProblems = (
  input: Pick<AdmissionInput, 'trust' | 'runner' | 'parameters'>,
): readonly ParameterProblem[] => parameterProblems(input.trust, admissionParameters(input));

/**
 * A policy and its binding to the namespaces. What the API server cannot evaluate is refused. The
 * parameters are in the policy: see `parameterVariables`.
 */
export function admissionObjects(input: AdmissionInput): readonly [PolicyObject, BindingObject] {
  const { name, namespaces, trust } = input;
  const metadata = { name, labels: LABELS };
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: policySpec(rulesFor(trust), admissionParameters(input)),
    },
    {
      apiVersion,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: {
        policyName: name,
        validationActions: ['Deny', 'Audit'],
        matchResources: {
          namespaceSelector: {
            matchExpressions: [{ key: NAMESPACE_NAME, operator: 'In', values: [...namespaces] }],
          },
        },
      },
    },
  ];
}

const policySpec = (rules: readonly AdmissionRule[], parameters: AdmissionParameters): object => ({
  failurePolicy: 'Fail',
  matchConstraints: {
    resourceRules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['CREATE', 'UPDATE'],
        resources: ['pods', 'pods/ephemeralcontainers', 'pods/resize'],
      },
    ],
  },
  // A verdict or a finalizer must go through, though the parameters are stricter by now.
  matchConditions: [
    {
      name: 'changes-what-is-checked',
      expression:
        "request.operation == 'CREATE' || object.spec != oldObject.spec || object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})",
    },
  ],
  variables: Object.entries({
    ...parameterVariables(parameters),
    ...SHARED_VARIABLES,
    ...Object.fromEntries(rules.map((rule) => [variable(rule), rule.cel])),
  }).map(([name, expression]) => ({ name, expression })),
  validations: rules.map((rule) => ({
    expression: `variables.${variable(rule)}.size() == 0`,
    message: explanation(rule),
    messageExpression: `variables.${variable(rule)}.join(', ') + ': ' + ${celText(explanation(rule))}`,
    reason: 'Forbidden',
  })),
});

const variable = ({ id }: AdmissionRule): string => `found_${id.replaceAll('-', '_')}`;
