/** The policies as the text of DRONE_POLICY_FILE, read back as the runner will read it. Pure. */
import { dump } from 'js-yaml';
import { parsePolicies } from '../../runtime/config/policy-file.ts';
import type { Diagnostic } from '../../runtime/pipeline/diagnostics.ts';
import { policyDocuments, type PipelinePolicies } from './policies.ts';

export interface PolicyText {
  /** YAML, one document for each policy. The same bytes for the same policies. */
  readonly text: string;
  /** What the runner would say about it, warnings as well; it does not start where one is an error. */
  readonly diagnostics: readonly Diagnostic[];
}

export function policyFile(policies: PipelinePolicies): PolicyText {
  const text = policyDocuments(policies)
    .map((document) => dump(document, { lineWidth: -1, noRefs: true }))
    .join('---\n');
  return { text, diagnostics: parsePolicies(text).diagnostics };
}
