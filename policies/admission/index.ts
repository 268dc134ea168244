/** What Pods may be made in the namespaces of stages: rules, and the objects that enforce them. */
export {
  admissionObjects,
  admissionParameters,
  admissionProblems,
  type AdmissionInput,
  type BindingObject,
  type PolicyObject,
} from './objects.ts';
export {
  PARAMETER_DEFAULTS,
  type AdmissionParameters,
  type Amounts,
  type ParameterName,
  type ParameterProblem,
} from './parameters.ts';
export { ADMISSION_RULES, rulesFor, violations, type Violation } from './rules.ts';
export type { AdmissionRule, Attempt, PodLike, Trust } from './types.ts';
