import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { withoutRunner } from '../../../runtime/compile/runner-input.ts';
import type { Container } from '../../../runtime/compile/objects.ts';
import type { CompiledStage, CompileInput } from '../../../runtime/compile/types.ts';
import { pipelineOf } from '../pipeline/helpers.ts';
import { inputOf } from '../support.ts';

const HEAD = 'kind: pipeline\ntype: kubernetes\nclone: {disable: true}\n';
const STEPS = 'steps: [{name: a, image: b, commands: [make]}]\n';

/** Compiled as `exec` does, from the text of a file. */
function compile(text: string, options: Partial<CompileInput['options']> = {}): CompiledStage {
  const pipeline = pipelineOf(`${HEAD}${text}`);
  return compileStage(inputOf({ pipeline, options, runner: withoutRunner(pipeline) }));
}
const stage = (lines: string): string => `kubernetes:\n${lines.replace(/^/gm, '  ')}\n${STEPS}`;
const step = (lines: string): string =>
  `steps:\n- name: a\n  image: b\n  commands: [make]\n${lines.replace(/^/gm, '  ')}\n`;
const containerOf = ({ pod }: CompiledStage, index = 1): Container => {
  const container = pod.spec.containers[index];
  if (container === undefined) throw new Error('no container');
  return container;
};

test.each<[string, object]>([
  ['priority_class: high', { priorityClassName: 'high' }],
  ['runtime_class: gvisor', { runtimeClassName: 'gvisor' }],
  ['node_selector: {disk: ssd}', { nodeSelector: { disk: 'ssd' } }],
  [
    'security_context: {run_as_user: 1, run_as_group: 2, run_as_non_root: true, fs_group: 3, supplemental_groups: [4], fs_group_change_policy: Always, seccomp_profile: {type: Localhost, localhost_profile: a}}',
    {
      securityContext: {
        runAsUser: 1,
        runAsGroup: 2,
        runAsNonRoot: true,
        fsGroup: 3,
        fsGroupChangePolicy: 'Always',
        supplementalGroups: [4],
        seccompProfile: { type: 'Localhost', localhostProfile: 'a' },
      },
    },
  ],
  [
    `affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - {weight: 5, podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {a: b}}}}`,
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] },
            ],
          },
        },
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 5,
              podAffinityTerm: {
                topologyKey: 'zone',
                labelSelector: { matchLabels: { a: 'b' } },
              },
            },
          ],
        },
      },
    },
  ],
])('the Pod: %j', (lines, expected) => {
  expect(compile(stage(lines)).pod.spec).toMatchObject(expected);
});

test('a pipeline without such keys gets none of their fields', () => {
  const { spec } = compile(STEPS).pod;
  for (const field of [
    'priorityClassName',
    'runtimeClassName',
    'nodeSelector',
    'affinity',
    'securityContext',
  ]) {
    expect(spec).not.toHaveProperty(field);
  }
});

test.each<[string, object]>([
  ['{}', { emptyDir: {} }],
  ['{size: 1GiB}', { emptyDir: { sizeLimit: '1073741824' } }],
  ['{size: 1GiB, medium: memory}', { emptyDir: { medium: 'Memory', sizeLimit: '1073741824' } }],
  ['{claim: cache}', { persistentVolumeClaim: { claimName: 'cache' } }],
  [
    '{storage_class: fast, size: 1GiB}',
    {
      ephemeral: {
        volumeClaimTemplate: {
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'fast',
            resources: { requests: { storage: '1073741824' } },
          },
        },
      },
    },
  ],
])('the workspace %s', (workspace, expected) => {
  const { volumes } = compile(stage(`workspace: ${workspace}`)).pod.spec;
  expect(volumes.find(({ name }) => name === 'workspace')).toEqual({
    name: 'workspace',
    ...expected,
  });
});

describe('resources', () => {
  const resources = (requests: string, limits = '{}', more = ''): Container =>
    containerOf(
      compile(
        step(
          `kubernetes:\n  resources:\n    requests: ${requests}\n    limits: ${limits}\n${more}`.trimEnd(),
        ),
      ),
    );

  test.each<[string, string, object]>([
    [
      '{}',
      '{nvidia.com/gpu: 1}',
      {
        requests: { cpu: '0', memory: '0', 'nvidia.com/gpu': '1' },
        limits: { 'nvidia.com/gpu': '1' },
      },
    ],
    [
      '{nvidia.com/gpu: 2}',
      '{}',
      {
        requests: { cpu: '0', memory: '0', 'nvidia.com/gpu': '2' },
        limits: { 'nvidia.com/gpu': '2' },
      },
    ],
    [
      '{ephemeral_storage: 2GiB}',
      '{ephemeral_storage: 1GiB}',
      {
        requests: { cpu: '0', memory: '0', 'ephemeral-storage': '1073741824' },
        limits: { 'ephemeral-storage': '1073741824' },
      },
    ],
    ['{cpu: 50, memory: 1024}', '{}', { requests: { cpu: '50m', memory: '1024' } }],
  ])('requests %s, limits %s', (requests, limits, expected) => {
    expect(resources(requests, limits).resources).toEqual(expected);
  });

  test('no request is above the limit of the step', () => {
    const more = 'resources: {limits: {cpu: 40}}';
    expect(resources('{cpu: 50}', '{}', more).resources).toEqual({
      requests: { cpu: '40m', memory: '0' },
      limits: { cpu: '40m' },
    });
  });

  test.each([
    ['less than the stage', '{cpu: 30, memory: 1048576}', { cpu: '70m', memory: '103809024' }],
    ['more than the stage', '{cpu: 3000, memory: 1GiB}', { cpu: '0', memory: '0' }],
    ['no CPU nor memory', '{nvidia.com/gpu: 1}', { cpu: '100m', memory: '104857600' }],
  ])('a step asks for %s: the rest stands on the coordinator', (_, requests, expected) => {
    const text = step(`kubernetes: {resources: {requests: ${requests}}}`);
    expect(containerOf(compile(text), 0).resources.requests).toEqual(expected);
  });

  test('disk for the whole Pod', () => {
    const text = stage('resources: {requests: {ephemeral_storage: 1GiB}}');
    expect(containerOf(compile(text), 0).resources.requests).toMatchObject({
      'ephemeral-storage': '1073741824',
    });
  });

  test('a step that is added at its turn gets none, and is named', () => {
    const text =
      'steps: [{name: plugin, image: acme/plugin, kubernetes: {resources: {limits: {a.b/c: 1}}}}]';
    expect(compile(text).withoutResources).toEqual(['plugin']);
    expect(compile(step('kubernetes: {resources: {limits: {a.b/c: 1}}}')).withoutResources).toEqual(
      [],
    );
  });
});

describe('security of a step', () => {
  const keys = (lines: string): string => step(`kubernetes: {security_context: {${lines}}}`);
  test.each<[string, CompileInput['options']['security'], object]>([
    ['run_as_user: 5, run_as_group: 6', 'default', { runAsUser: 5, runAsGroup: 6 }],
    [
      'read_only_root_filesystem: true, allow_privilege_escalation: false, run_as_non_root: true',
      'default',
      { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, runAsNonRoot: true },
    ],
    [
      'capabilities: {add: [NET_ADMIN], drop: [ALL]}',
      'default',
      { capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } },
    ],
    ['capabilities: {}', 'default', {}],
    [
      'seccomp_profile: {type: RuntimeDefault}',
      'default',
      { seccompProfile: { type: 'RuntimeDefault' } },
    ],
    [
      'capabilities: {add: [NET_BIND_SERVICE]}, run_as_user: 5',
      'restricted',
      {
        allowPrivilegeEscalation: false,
        capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] },
        runAsNonRoot: true,
        runAsUser: 5,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    ],
  ])('%s, in a namespace of the level %s', (lines, security, expected) => {
    const { securityContext = {} } = containerOf(compile(keys(lines), { security }));
    expect(securityContext).toEqual(expected);
  });

  test('the user of the pipeline is the one of its steps, where these have to have one', () => {
    const found = compile(stage('security_context: {run_as_user: 7}'), { security: 'restricted' });
    expect(containerOf(found).securityContext).toMatchObject({ runAsUser: 7, runAsNonRoot: true });
  });

  test.each<[string, number]>([
    ['{}', 0],
    ['{run_as_user: 7}', 7],
  ])('a working tree belongs to the user of the pipeline: %s', (security, expected) => {
    const found = compile(stage(`security_context: ${security}`), { workspace: 'upload' });
    expect(containerOf(found, 0).securityContext?.runAsUser).toBe(expected);
  });
});
