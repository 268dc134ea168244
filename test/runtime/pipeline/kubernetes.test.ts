import { describe, expect, test } from '@jest/globals';
import type { Diagnostic } from '../../../runtime/pipeline/diagnostics.ts';
import { loadFile } from '../../../runtime/pipeline/load.ts';
import { readAmount } from '../../../runtime/pipeline/amounts.ts';
import { HEAD, lint, pipelineOf, stepOf, withStep } from './helpers.ts';

/** A pipeline with these lines under `kubernetes`; they begin on line 4. */
const withStage = (lines: string): string =>
  `${HEAD}kubernetes:\n${lines.replace(/^/gm, '  ')}\nsteps: [{name: a, image: b}]\n`;

/** `severity code: text that is underlined`. */
const shownIn =
  (text: string) =>
  ({ code, position: { line, column, length }, severity }: Diagnostic): string => {
    const shown = text.split('\n')[line - 1]?.slice(column - 1, column - 1 + length);
    return `${severity} ${code}: ${shown}`;
  };

describe('of a pipeline', () => {
  test('nothing is said', () => {
    expect(pipelineOf(`${HEAD}steps: []\n`).kubernetes).toBeUndefined();
    expect(pipelineOf(withStage('workspace: {}')).kubernetes).toMatchObject({
      priorityClass: '',
      runtimeClass: '',
      nodeSelector: new Map(),
      affinity: undefined,
      ephemeralStorage: 0,
      securityContext: undefined,
      workspace: { size: 0, inMemory: false, storageClass: '', claim: '' },
    });
  });

  test('every key', () => {
    const text = withStage(`priority_class: high
runtime_class: gvisor
node_selector: {disk: ssd}
affinity: {nodeAffinity: {}}
resources: {requests: {ephemeral_storage: 2GiB}}
security_context:
  run_as_user: 1
  run_as_group: 2
  run_as_non_root: true
  fs_group: 3
  fs_group_change_policy: OnRootMismatch
  supplemental_groups: [4]
  seccomp_profile: {type: Localhost, localhost_profile: ci.json}
workspace: {size: 1GiB, medium: Memory}`);
    expect(lint(text)).toEqual([]);
    expect(pipelineOf(text).kubernetes).toMatchObject({
      priorityClass: 'high',
      runtimeClass: 'gvisor',
      nodeSelector: new Map([['disk', 'ssd']]),
      ephemeralStorage: 2 * 1024 ** 3,
      securityContext: {
        runAsUser: 1,
        runAsGroup: 2,
        runAsNonRoot: true,
        fsGroup: 3,
        fsGroupChangePolicy: 'OnRootMismatch',
        supplementalGroups: [4],
        seccompProfile: { type: 'Localhost', localhostProfile: 'ci.json' },
      },
      workspace: { size: 1024 ** 3, inMemory: true },
    });
  });

  test.each([
    ['a slip', 'priorty_class: a', ['warning type-unknown-key: priorty_class']],
    [
      'a slip in an affinity',
      'affinity: {nodeAfinity: {}}',
      ['warning type-unknown-key: nodeAfinity'],
    ],
    ['a medium', 'workspace: {medium: disk, size: 1}', ['error type-value: disk']],
    ['an empty medium', 'workspace: {medium: ""}', ['error type-value: ""']],
    [
      'a profile',
      'security_context:\n  seccomp_profile: {type: unconfined}',
      ['error type-value: unconfined'],
    ],
    ['a number', 'security_context: {fs_group: staff}', ['error type-int: staff']],
  ])('%s is told where it stands', (_, lines, expected) => {
    const text = withStage(lines);
    expect(loadFile(text).diagnostics.map(shownIn(text))).toEqual(expected);
  });

  const required = (term: string): string =>
    `affinity:\n  podAntiAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution: [${term}]`;
  const terms = (expression: string): string =>
    `affinity:\n  nodeAffinity:\n    requiredDuringSchedulingIgnoredDuringExecution:\n      nodeSelectorTerms: [{matchExpressions: [${expression}]}]`;
  const preferred = (entry: string): string =>
    `affinity:\n  nodeAffinity:\n    preferredDuringSchedulingIgnoredDuringExecution: [${entry}]`;

  test.each<[string, readonly string[]]>([
    ['priority_class: High', ['error kubernetes-name: High']],
    ['runtime_class: a_b', ['error kubernetes-name: a_b']],
    ['node_selector: {a: b c}', ['error kubernetes-selector: {a: b c}']],
    ['workspace: {claim: A}', ['error kubernetes-name: A']],
    ['workspace: {storage_class: A, size: 1}', ['error kubernetes-name: A']],
    ['workspace: {claim: a, size: 1}', ['error kubernetes-workspace: 1']],
    ['workspace: {storage_class: a}', ['error kubernetes-workspace: a']],
    ['workspace: {medium: memory}', ['error kubernetes-workspace: memory']],
    [
      'workspace: {medium: memory, storage_class: a, size: 1}',
      ['error kubernetes-workspace: memory'],
    ],
    ['workspace: {storage_class: a, size: 1}', []],
    ['workspace: {claim: a}', []],
    ['workspace: {size: 1}', []],
    [
      'security_context: {seccomp_profile: {type: Localhost}}',
      ['error kubernetes-security: {type: Localhost}'],
    ],
    [
      'security_context: {seccomp_profile: {type: RuntimeDefault, localhost_profile: a}}',
      ['error kubernetes-security: {type: RuntimeDefault, localhost_profile: a}'],
    ],
    [required('{topologyKey: zone, labelSelector: {matchLabels: {a: b}}}'), []],
    [required('{labelSelector: {}}'), ['error kubernetes-affinity: {labelSelector: {}}']],
    [terms('{key: a, operator: In, values: [b]}'), []],
    [terms('{key: a, operator: Exists}'), []],
    [terms('{operator: Exists}'), ['error kubernetes-affinity: {operator: Exists}']],
    [terms('{key: a}'), ['error kubernetes-affinity: {key: a}']],
    [terms('{key: a, operator: NotIn}'), ['error kubernetes-affinity: {key: a, operator: NotIn}']],
    [terms('{key: a, operator: Exists, values: [b]}'), ['error kubernetes-affinity: [b]']],
    [terms('{key: a, operator: Gt, values: [1, 2]}'), ['error kubernetes-affinity: [1, 2]']],
    [preferred('{weight: 100, preference: {}}'), []],
    [preferred('{weight: 0, preference: {}}'), ['error kubernetes-affinity: 0']],
    [preferred('{weight: 1}'), ['error kubernetes-affinity: {weight: 1}']],
  ])('%j', (lines, expected) => {
    const text = withStage(lines);
    expect(lint(text).map(shownIn(text))).toEqual(expected);
  });
});

describe('of a step', () => {
  test('every key', () => {
    const step = stepOf(`kubernetes:
  resources:
    requests: {cpu: 500, memory: 1GiB, ephemeral_storage: 1GiB}
    limits: {ephemeral_storage: 2GiB, nvidia.com/gpu: 1}
  security_context:
    run_as_user: 1000
    run_as_group: 2000
    run_as_non_root: true
    read_only_root_filesystem: true
    allow_privilege_escalation: false
    capabilities: {add: [NET_ADMIN], drop: [ALL]}
    seccomp_profile: {type: RuntimeDefault}`);
    expect([step.user, step.group]).toEqual([1000, 2000]);
    expect(step.kubernetes).toMatchObject({
      requests: new Map([
        ['cpu', '500'],
        ['memory', '1GiB'],
        ['ephemeral_storage', '1GiB'],
      ]),
      limits: new Map([
        ['ephemeral_storage', '2GiB'],
        ['nvidia.com/gpu', '1'],
      ]),
      securityContext: {
        runAsNonRoot: true,
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault', localhostProfile: '' },
      },
    });
  });

  const resources = (part: string): string => `kubernetes:\n  resources:\n    ${part}`;
  test.each<[string, readonly string[]]>([
    [resources('limits: {nvidia.com/gpu: 1}'), []],
    [resources('requests: {nvidia.com/gpu: 1}'), []],
    [resources('limits: {nvidia.com/gpu: 0.5}'), ['error kubernetes-resource: 0.5']],
    [resources('limits: {gpu: 1}'), ['error kubernetes-resource: 1']],
    [resources('limits: {cpu: 100}'), ['error kubernetes-resource: 100']],
    [resources('requests: {cpu: 100m}'), ['error kubernetes-resource: 100m']],
    [resources('requests: {ephemeral_storag: 1GiB}'), ['error kubernetes-resource: 1GiB']],
    [resources('requests: {ephemeral_storage: much}'), ['error kubernetes-resource: much']],
    [resources('requests: {kubernetes.io/x: 1}'), ['error kubernetes-resource: 1']],
    [resources('requests: {a.b/c: 1}\n    limits: {a.b/c: 2}'), ['error kubernetes-resource: 1']],
    [
      'kubernetes: {security_context: {capabilities: {add: [CAP_NET_ADMIN]}}}',
      ['error kubernetes-security: {add: [CAP_NET_ADMIN]}'],
    ],
    [
      'kubernetes: {security_context: {capabilities: {add: [net_admin]}}}',
      ['error kubernetes-security: {add: [net_admin]}'],
    ],
    ['user: 1\nkubernetes: {security_context: {run_as_user: 1}}', ['error kubernetes-security: 1']],
    [
      'group: 1\nkubernetes: {security_context: {run_as_group: 1}}',
      ['error kubernetes-security: 1'],
    ],
  ])('%j', (lines, expected) => {
    const text = withStep(lines);
    expect(lint(text).map(shownIn(text))).toEqual(expected);
  });
});

test.each<[string, string, number]>([
  ['cpu', '250', 250],
  ['memory', '1.5GiB', 1.5 * 1024 ** 3],
  ['ephemeral_storage', '1024', 1024],
  ['nvidia.com/gpu', '2', 2],
])('%s: %s', (name, text, value) => {
  expect(readAmount(name, text)).toEqual({ value });
});

test('only a platform that is named counts', () => {
  expect(pipelineOf(HEAD).platform).toMatchObject({ os: '', arch: '' });
  expect(pipelineOf(`${HEAD}platform: {arch: arm64}`).platform).toMatchObject({
    os: '',
    arch: 'arm64',
  });
});
