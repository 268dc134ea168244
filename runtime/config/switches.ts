/**
 * Which keys under `kubernetes` of a pipeline the runner lets a repository use. All of them are off
 * where nobody says otherwise: drone-runner-kube knows none of them, and a runner that takes its
 * place must not give repositories more than they had before its operator has looked at it. Pure.
 */
import type { Diagnostic, Position } from '../pipeline/diagnostics.ts';
import type { Pipeline, Step } from '../pipeline/model.ts';
import type { Policy } from './types.ts';

/** Every switch, with the keys that it is for, in words. */
export const SWITCHES = {
  priority_class:
    '`priority_class`: one of `priority_classes` of the policy, or any but `system-…`.',
  runtime_class: '`runtime_class`: one of `runtime_classes` of the policy, or any.',
  node_selector: '`node_selector`; labels that the policy sets stay.',
  affinity: '`affinity`.',
  resources: '`resources` of pipeline and steps.',
  security_context: '`security_context` of pipeline and steps, but for what `privileges` is for.',
  privileges: '`capabilities.add`, and a seccomp profile that is `Unconfined`.',
  workspace: '`workspace`, but for `claim`.',
  workspace_claim: '`workspace.claim`.',
} as const;

export type Switch = keyof typeof SWITCHES;

export const isSwitch = (name: string): name is Switch => Object.hasOwn(SWITCHES, name);

export const SWITCH_NAMES: readonly Switch[] = Object.keys(SWITCHES).filter(isSwitch);

interface Use {
  readonly name: Switch;
  /** As it stands in the file. */
  readonly key: string;
  readonly position: Position;
}

export interface SwitchInput {
  readonly pipeline: Pick<Pipeline, 'kubernetes' | 'places' | 'position' | 'services' | 'steps'>;
  readonly policy: Policy | undefined;
  /** DRONE_KUBE_ALLOW: for stages whose policy says nothing. */
  readonly allow: readonly Switch[];
  /** `owner/name` of the repository. */
  readonly slug: string;
}

/** What the pipeline uses and may not, in no particular order. Empty lets it run. */
export function refuseKeys({ pipeline, policy, allow, slug }: SwitchInput): readonly Diagnostic[] {
  const allowed = policy?.allow ?? allow;
  const where =
    policy === undefined
      ? 'DRONE_KUBE_ALLOW'
      : `\`allow\` of the policy \`${policy.name}\` (DRONE_POLICY_FILE)`;
  return [
    ...[...usesOf(pipeline)]
      .filter(({ name }) => !allowed.includes(name))
      .map(({ key, name, position }) => ({
        code: 'key-not-allowed',
        severity: 'error' as const,
        message: `\`kubernetes.${key}\` is not allowed for ${slug} on this runner`,
        fix: `remove it, or ask the operator of the runner to add \`${name}\` to ${where}`,
        position,
      })),
    ...wrongClasses(pipeline, policy, allowed),
  ];
}

function* usesOf(pipeline: SwitchInput['pipeline']): Generator<Use> {
  const { kubernetes } = pipeline;
  if (kubernetes !== undefined) {
    const use = (name: Switch, key: string): Use => ({ name, key, position: at(pipeline, key) });
    const { securityContext, workspace } = kubernetes;
    if (kubernetes.priorityClass !== '') yield use('priority_class', 'priority_class');
    if (kubernetes.runtimeClass !== '') yield use('runtime_class', 'runtime_class');
    if (kubernetes.nodeSelector.size > 0) yield use('node_selector', 'node_selector');
    if (kubernetes.affinity !== undefined) yield use('affinity', 'affinity');
    if (kubernetes.ephemeralStorage > 0) yield use('resources', 'resources');
    if (securityContext !== undefined) {
      yield use('security_context', 'security_context');
      if (securityContext.seccompProfile?.type === 'Unconfined') {
        yield use('privileges', 'security_context.seccomp_profile');
      }
    }
    if (workspace !== undefined) {
      if (workspace.claim !== '') yield use('workspace_claim', 'workspace.claim');
      if (workspace.size > 0 || workspace.inMemory || workspace.storageClass !== '') {
        yield use('workspace', 'workspace');
      }
    }
  }
  for (const step of [...pipeline.services, ...pipeline.steps]) yield* usesOfStep(step);
}

function* usesOfStep(step: Step): Generator<Use> {
  const { kubernetes } = step;
  if (kubernetes === undefined) return;
  const use = (name: Switch, key: string): Use => ({ name, key, position: at(step, key) });
  const { limits, requests, securityContext } = kubernetes;
  if (limits.size + requests.size > 0) yield use('resources', 'resources');
  if (securityContext === undefined) return;
  yield use('security_context', 'security_context');
  if (securityContext.capabilities.add.length > 0) {
    yield use('privileges', 'security_context.capabilities');
  }
  if (securityContext.seccompProfile?.type === 'Unconfined') {
    yield use('privileges', 'security_context.seccomp_profile');
  }
}

const at = (whole: Pick<Step, 'places' | 'position'>, key: string): Position =>
  whole.places?.get(`kubernetes.${key}`) ?? whole.position;

function wrongClasses(
  pipeline: SwitchInput['pipeline'],
  policy: Policy | undefined,
  allowed: readonly Switch[],
): readonly Diagnostic[] {
  const { priorityClass = '', runtimeClass = '' } = pipeline.kubernetes ?? {};
  const wrong = (key: Switch, name: string, names: readonly string[] | undefined): Diagnostic[] => {
    const isRight = names === undefined ? !name.startsWith('system-') : names.includes(name);
    if (name === '' || isRight || !allowed.includes(key)) return [];
    const few =
      names === undefined || names.length === 0 ? 'remove it' : `write one of ${names.join(', ')}`;
    return [
      {
        code: 'class-not-allowed',
        severity: 'error',
        message: `\`kubernetes.${key}\` is "${name}", which is not for builds on this runner`,
        fix: few,
        position: at(pipeline, key),
      },
    ];
  };
  return [
    ...wrong('priority_class', priorityClass, policy?.priorityClasses),
    ...wrong('runtime_class', runtimeClass, policy?.runtimeClasses),
  ];
}
