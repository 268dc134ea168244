/** All rules, and who breaks them. Pure. */
import type { AdmissionParameters } from './parameters.ts';
import { HOST_RULES } from './rules/host.ts';
import { IDENTITY_RULES } from './rules/identity.ts';
import { PLACEMENT_RULES } from './rules/placement.ts';
import { RESOURCE_RULES } from './rules/resources.ts';
import { VOLUME_RULES } from './rules/volumes.ts';
import type { AdmissionRule, Attempt, Trust } from './types.ts';

/** In the order in which they are looked at: the API server tells of the first one broken only. */
export const ADMISSION_RULES: readonly AdmissionRule[] = [
  ...IDENTITY_RULES,
  ...HOST_RULES,
  ...VOLUME_RULES,
  ...RESOURCE_RULES,
  ...PLACEMENT_RULES,
];

/** The rules of a namespace for such repositories. */
export const rulesFor = (trust: Trust): readonly AdmissionRule[] =>
  ADMISSION_RULES.filter((rule) => rule.trust === 'both' || trust === 'untrusted');

export interface Violation {
  readonly rule: AdmissionRule;
  /** In the order of the Pod; never empty. */
  readonly found: readonly string[];
  /** As the API server gives it, but for what it writes before. */
  readonly message: string;
}

/** Everything that the API server would refuse; it tells of the first. Empty lets the Pod pass. */
export const violations = (
  attempt: Attempt,
  rules: readonly AdmissionRule[],
  parameters: AdmissionParameters,
): readonly Violation[] =>
  rules.flatMap((rule) => {
    const found = rule.find(attempt, parameters);
    return found.length === 0
      ? []
      : [{ rule, found, message: `${found.join(', ')}: ${explanation(rule)}` }];
  });

/** `what is wrong [code]; what to write instead`. */
export const explanation = ({ id, message, fix }: AdmissionRule): string =>
  `${message} [admission-${id}]; ${fix}`;
