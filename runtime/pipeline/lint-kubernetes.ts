/** Rules about the keys under `kubernetes:`, so that no Pod has to be refused for them. */
import { isSubdomain, LABEL_FIX, wrongLabel } from '../config/kubernetes-names.ts';
import { isExtendedResource, OWN_RESOURCES, readAmount } from './amounts.ts';
import { error, type ErrorCode } from './codes.ts';
import { quoted } from './decode-report.ts';
import type { Diagnostic, Position } from './diagnostics.ts';
import type { SeccompProfile, WorkspaceVolume, WrittenAmounts } from './kubernetes-model.ts';
import { lintAffinity } from './lint-affinity.ts';
import type { Pipeline, Step } from './model.ts';
import { nearest } from './nearest.ts';

/** Reports at the place of a key under `kubernetes`. */
type ReportAt = (code: ErrorCode, key: string, message: string, fix: string) => void;

function collect(
  whole: Pipeline | Step,
  rules: (report: ReportAt, at: (key: string) => Position) => void,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const at = (key: string): Position => whole.places?.get(`kubernetes.${key}`) ?? whole.position;
  rules((code, key, message, fix) => found.push(error(code, at(key), message, fix)), at);
  return found;
}

export function lintStageKubernetes(pipeline: Pipeline): readonly Diagnostic[] {
  const { kubernetes } = pipeline;
  if (kubernetes === undefined) return [];
  const { affinity, securityContext, workspace } = kubernetes;
  return [
    ...collect(pipeline, (report) => {
      lintName(report, 'priority_class', kubernetes.priorityClass);
      lintName(report, 'runtime_class', kubernetes.runtimeClass);
      const wrong = wrongLabel(kubernetes.nodeSelector);
      if (wrong !== undefined) {
        const message = `\`kubernetes.node_selector\` ${wrong}`;
        report('kubernetes-selector', 'node_selector', message, LABEL_FIX);
      }
      if (workspace !== undefined) lintWorkspace(report, workspace);
      lintSeccomp(report, securityContext?.seccompProfile);
    }),
    ...(affinity === undefined ? [] : lintAffinity(affinity)),
  ];
}

function lintName(report: ReportAt, key: string, name: string): void {
  if (name === '' || isSubdomain(name)) return;
  const message = `\`kubernetes.${key}\` is ${quoted(name)}, not the name of a Kubernetes object`;
  const fix = 'write small letters, digits, `-` and `.`, with a letter or digit at both ends';
  report('kubernetes-name', key, message, fix);
}

/** A claim that is there, one that is made, memory, or the disk of the node: one of them. */
function lintWorkspace(report: ReportAt, workspace: WorkspaceVolume): void {
  const { claim, inMemory, size, storageClass } = workspace;
  lintName(report, 'workspace.storage_class', storageClass);
  lintName(report, 'workspace.claim', claim);
  const wrong = (key: string, message: string, fix: string): void => {
    report('kubernetes-workspace', `workspace.${key}`, message, fix);
  };
  const others = [
    ...(size > 0 ? ['size'] : []),
    ...(inMemory ? ['medium'] : []),
    ...(storageClass === '' ? [] : ['storage_class']),
  ];
  if (claim !== '' && others.length > 0) {
    const names = others.map((name) => `\`${name}\``).join(' and ');
    const message = `the claim of the workspace is there already, so ${names} cannot be chosen`;
    wrong(others[0]!, message, `remove ${names}, or \`claim\` to have a volume made`);
  } else if (inMemory && storageClass !== '') {
    const message = 'the workspace is to be in memory and in a volume of a storage class';
    wrong('medium', message, 'remove `medium` or `storage_class`');
  } else if (size === 0 && storageClass !== '') {
    const message = 'the workspace has a `storage_class` and no `size`';
    wrong(
      'storage_class',
      message,
      'add `size`, such as `10GiB`: a claim has to ask for an amount',
    );
  } else if (size === 0 && inMemory) {
    const message = 'the workspace is in memory and has no `size`';
    wrong('medium', message, 'add `size`, such as `1GiB`: files would take all memory of the node');
  }
}

function lintSeccomp(report: ReportAt, profile: SeccompProfile | undefined): void {
  if (profile?.type === undefined) return;
  const isLocal = profile.type === 'Localhost';
  if (isLocal === (profile.localhostProfile !== '')) return;
  const message = isLocal
    ? 'the seccomp profile is a file of the node and has no `localhost_profile`'
    : `the seccomp profile has a \`localhost_profile\` and the type \`${profile.type}\``;
  const fix = isLocal ? 'add `localhost_profile`' : 'remove it, or write `type: Localhost`';
  report('kubernetes-security', 'security_context.seccomp_profile', message, fix);
}

export function lintStepKubernetes(step: Step): readonly Diagnostic[] {
  const { kubernetes, places } = step;
  if (kubernetes === undefined) return [];
  const { limits, requests, securityContext } = kubernetes;
  return collect(step, (report) => {
    for (const [part, amounts, other] of [
      ['requests', requests, limits],
      ['limits', limits, requests],
    ] as const) {
      for (const [name, text] of amounts) lintAmount(report, part, { name, text, other });
    }
    lintSeccomp(report, securityContext?.seccompProfile);
    for (const key of ['add', 'drop'] as const) {
      const wrong = securityContext?.capabilities[key].find(
        (name) => !/^(?!CAP_)[A-Z][A-Z_]*$/.test(name),
      );
      if (wrong === undefined) continue;
      const message = `the capability ${quoted(wrong)} of step \`${step.name}\` is none that Linux has`;
      const fix = 'write it in capitals and without `CAP_`, such as `NET_ADMIN`';
      report('kubernetes-security', 'security_context.capabilities', message, fix);
    }
    for (const key of ['user', 'group'] as const) {
      const own = `security_context.run_as_${key}`;
      if (!places?.has(key) || !places.has(`kubernetes.${own}`)) continue;
      const message = `step \`${step.name}\` has \`${key}\` and \`kubernetes.${own}\``;
      report('kubernetes-security', own, message, 'remove one of them: they mean the same');
    }
  });
}

function lintAmount(
  report: ReportAt,
  part: 'requests' | 'limits',
  amount: { readonly name: string; readonly text: string; readonly other: WrittenAmounts },
): void {
  const { name, text, other } = amount;
  const key = `resources.${part}.${name}`;
  const wrong = (message: string, fix: string): void => {
    report('kubernetes-resource', key, message, fix);
  };
  const isOwn = OWN_RESOURCES.some((own) => own === name);
  if (part === 'limits' && isOwn && name !== 'ephemeral_storage') {
    const fix = `write it under \`resources.limits\` of the step`;
    wrong(`\`${name}\` is no limit under \`kubernetes\``, fix);
    return;
  }
  if (!isOwn && !isExtendedResource(name)) {
    // Not `cpu`: a `gpu` is no slip of the pen.
    const near = nearest(name, ['ephemeral_storage', 'memory']);
    const fix =
      near === undefined
        ? 'write a name with a domain, such as `nvidia.com/gpu`'
        : `did you mean \`${near}\`?`;
    wrong(`${quoted(name)} is no resource that a step can ask for`, fix);
    return;
  }
  const read = readAmount(name, text);
  if ('wrong' in read) {
    wrong(`\`${name}\` is ${quoted(text)}, ${read.wrong}`, read.fix);
    return;
  }
  const twin = other.get(name);
  if (part === 'requests' && !isOwn && twin !== undefined && twin !== text) {
    const message = `the request of \`${name}\` is ${quoted(text)} and its limit ${quoted(twin)}`;
    wrong(message, 'write it under `limits` only: of such a resource they have to be the same');
  }
}
