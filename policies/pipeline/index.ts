/** The runner's own policies, for trusted and untrusted repositories. */
export {
  PIPELINE_POLICY_DEFAULTS,
  policyDocuments,
  SWITCH_NAMES,
  type BuildKind,
  type PipelinePolicies,
  type PipelinePolicy,
  type PolicyAmounts,
  type PolicyToleration,
  type Switch,
  type TrustedPolicy,
} from './policies.ts';
export { policyFile, type PolicyText } from './policy-file.ts';
