/** The namespace that a stage runs in. Pure. */
import { matchesGlob } from '../pipeline/glob.ts';
import { TEMPORARY_NAMESPACE } from './kubernetes-names.ts';
import type { Refusal } from './refusal.ts';
import type { NamespaceRules } from './types.ts';
import { stageNamespace } from './value-types.ts';

export interface NamespaceInput {
  /** What the pipeline names; '' where it names none. */
  readonly pipeline: string;
  /** What its policy names; '' where there is none. */
  readonly policy: string;
  /** DRONE_NAMESPACE_DEFAULT. */
  readonly fallback: string;
  readonly rules: NamespaceRules;
  /** `owner/name` of the repository. */
  readonly slug: string;
  /** The name of a namespace that is made for this stage, if it gets one. */
  readonly temporary: string;
}

export interface StageNamespace {
  readonly name: string;
  /** It has to be created before the stage and deleted after it. */
  readonly temporary: boolean;
}

/**
 * Policy, pipeline, default: the first that names one. The rules are about the namespace that the
 * pipeline names, also where a policy goes over it: policies and the default are the runner's own.
 */
export function namespaceOf(input: NamespaceInput): StageNamespace | { readonly refusal: Refusal } {
  const { fallback, pipeline, policy, temporary } = input;
  const refusal = pipeline === '' ? undefined : refuse(input);
  if (refusal !== undefined) return { refusal };
  const name = policy || pipeline || fallback;
  return name === TEMPORARY_NAMESPACE
    ? { name: temporary, temporary: true }
    : { name, temporary: false };
}

function refuse({ pipeline, rules, slug }: NamespaceInput): Refusal | undefined {
  const parsed = stageNamespace.parse(pipeline);
  if ('wrong' in parsed) {
    const message = `\`metadata.namespace\` of the pipeline ${parsed.wrong}`;
    return { code: 'namespace-invalid', message, fix: parsed.fix };
  }
  const globs = rules.get(pipeline);
  if (globs === undefined || globs.some((glob) => matchesGlob(glob, slug))) return undefined;
  return {
    code: 'namespace-restricted',
    message: `the repository ${slug} may not use the namespace "${pipeline}"`,
    fix: 'name another one in `metadata.namespace`, or leave it out; the rules are those of DRONE_NAMESPACE_RULES',
  };
}
