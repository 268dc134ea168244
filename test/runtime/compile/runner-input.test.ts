import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import type { Container, EphemeralContainer } from '../../../runtime/compile/objects.ts';
import { withoutRunner, type RunnerInput } from '../../../runtime/compile/runner-input.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import type { PodSettings } from '../../../runtime/config/policy.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const MEBIBYTE = 1024 * 1024;
const position = { line: 1, column: 1, length: 1 };
const NETRC = { machine: 'git.example.com', login: 'octocat', password: 'correct horse' };

/** Every kind of container: clone, service, step, plug-in. */
const EVERY_KIND: Partial<Pipeline> = {
  services: [serviceOf({ name: 'db' })],
  steps: [
    stepOf({ name: 'test' }),
    stepOf({ name: 'notify', commands: [], image: 'plugins/slack' }),
  ],
};

const compile = (
  pipeline: Partial<Pipeline>,
  runner: Partial<RunnerInput>,
  input: Parameters<typeof inputOf>[0] = {},
): CompiledStage => compileStage(inputOf({ ...input, runner, pipeline: pipelineOf(pipeline) }));

const settings = (parts: Partial<PodSettings>): Pick<RunnerInput, 'settings'> => ({
  settings: { ...withoutRunner(pipelineOf({})).settings, ...parts },
});

/** All containers of steps, those that are added later too. */
const containersOf = ({ pod, ephemerals }: CompiledStage): (Container | EphemeralContainer)[] => [
  ...pod.spec.containers.slice(1),
  ...ephemerals.values(),
];

describe('labels and annotations', () => {
  const layer = (value: string, ...keys: string[]): ReadonlyMap<string, string> =>
    new Map(keys.map((key) => [key, value]));

  test('labels: defaults, the pipeline, the runner, the policy; what selects the stage is last', () => {
    const labels = {
      below: layer('default', 'a', 'b', 'io.drone'),
      above: layer('policy', 'c', 'io.drone.build.number', 'drone-kube.io/stage'),
    };
    const { pod } = compile(
      {
        metadata: {
          namespace: '',
          labels: layer('pipeline', 'b', 'c', 'io.drone.name'),
          annotations: new Map(),
        },
      },
      settings({ labels }),
    );
    expect(pod.metadata.labels).toMatchObject({
      a: 'default',
      b: 'pipeline',
      c: 'policy',
      'io.drone': 'true',
      'io.drone.name': 'drone-1',
      'io.drone.build.number': 'policy',
      'drone-kube.io/stage': 'drone-1',
    });
  });

  test('annotations: defaults, the runner, the pipeline, the policy', () => {
    const annotations = {
      below: layer('default', 'a', 'io.drone'),
      above: layer('policy', 'c', 'io.drone.stage.number'),
    };
    const { pod } = compile(
      {
        metadata: {
          namespace: '',
          labels: new Map(),
          annotations: layer('pipeline', 'b', 'c', 'io.drone.stage.name', 'io.drone.stage.number'),
        },
      },
      settings({ annotations }),
    );
    expect(pod.metadata.annotations).toMatchObject({
      a: 'default',
      b: 'pipeline',
      c: 'policy',
      'io.drone': 'true',
      'io.drone.stage.name': 'pipeline',
      'io.drone.stage.number': 'policy',
    });
  });

  test('only the Pod has them', () => {
    const { files, environment } = compile(
      {},
      settings({ labels: { below: layer('default', 'a'), above: layer('policy', 'b') } }),
    );
    for (const { metadata } of [files, environment]) {
      expect(Object.keys(metadata.labels)).toEqual(['drone-kube.io/stage']);
    }
  });

  test.each([
    ['arm64', 'arm64'],
    ['arm', 'arm'],
    ['amd64', undefined],
  ])('the platform %s gives the label %s', (arch, expected) => {
    const platform = { os: 'linux', arch, variant: '', version: '' };
    expect(compile({ platform }, {}).pod.metadata.labels['kubernetes.io/arch']).toBe(expected);
  });
});

test('node selector, tolerations and account are those of the settings, whatever the pipeline says', () => {
  const { spec } = compile(
    { nodeSelector: new Map([['disk', 'hdd']]), serviceAccountName: 'mine' },
    settings({
      nodeSelector: new Map([['pool', 'ci']]),
      serviceAccountName: 'deployer',
      tolerations: [
        { key: 'ci', operator: 'Exists', value: '', effect: '', tolerationSeconds: undefined },
      ],
    }),
  ).pod;
  expect(spec).toMatchObject({
    nodeSelector: { pool: 'ci' },
    serviceAccountName: 'deployer',
    automountServiceAccountToken: true,
    tolerations: [{ key: 'ci', operator: 'Exists' }],
  });
});

describe('resources', () => {
  const NOTHING = { cpu: 0, memory: 0 };
  const limited = (cpu: number, memory: number): Partial<RunnerInput> =>
    settings({
      resources: { request: { cpu: 100, memory: 100 * MEBIBYTE }, limit: { cpu, memory } },
    });

  test.each([
    ['enough', { cpu: 1, memory: 4 * MEBIBYTE }, { cpu: '100m', memory: '104857600' }],
    ['too little', { cpu: 50, memory: 64 * MEBIBYTE }, { cpu: '200m', memory: '268435456' }],
  ])('what is requested for the stage is %s for all its containers', (_, minRequest, expected) => {
    const { pod } = compile(EVERY_KIND, { minRequest });
    expect(pod.spec.containers[0]?.resources.requests).toEqual(expected);
    expect(pod.spec.containers[1]?.resources.requests).toEqual({ cpu: '0', memory: '0' });
  });

  test('a limit is of every container that can have one, and a step may only lower it', () => {
    const own = { cpu: 2000, memory: 64 * MEBIBYTE };
    const { pod, plan } = compile(
      {
        ...EVERY_KIND,
        steps: [
          stepOf({ name: 'own', resources: { requests: NOTHING, limits: own } }),
          stepOf({ name: 'notify', commands: [], resources: { requests: NOTHING, limits: own } }),
        ],
      },
      limited(500, 128 * MEBIBYTE),
    );
    const limits = pod.spec.containers.map(({ name, resources }) => [name, resources.limits]);
    expect(limits).toEqual([
      ['coordinator', undefined],
      ['1-clone', { cpu: '500m', memory: '134217728' }],
      ['2-db', { cpu: '500m', memory: '134217728' }],
      ['3-own', { cpu: '500m', memory: '67108864' }],
    ]);
    expect(plan.steps.map(({ memoryLimit }) => memoryLimit)).toEqual([
      128 * MEBIBYTE,
      128 * MEBIBYTE,
      64 * MEBIBYTE,
      0,
    ]);
  });

  test('a clone step of another image has no limit that could be told', () => {
    const { plan } = compile({}, limited(0, MEBIBYTE), {
      options: { cloneImage: 'example.com/c' },
    });
    expect(plan.steps).toMatchObject([{ kind: 'ephemeral', memoryLimit: 0 }]);
  });
});

describe('folders of the node', () => {
  const hostVolumes = [
    { source: '/srv/cache', target: '/cache', readOnly: false },
    { source: '/etc/certs', target: '/certs', readOnly: true },
  ];

  test('every container has them, services and the clone step too', () => {
    const stage = compile(EVERY_KIND, { hostVolumes });
    const containers = containersOf(stage);
    expect(containers).toHaveLength(4);
    for (const { volumeMounts } of containers) {
      expect(volumeMounts.slice(-2)).toEqual([
        { name: 'host-0', mountPath: '/cache' },
        { name: 'host-1', mountPath: '/certs', readOnly: true },
      ]);
    }
    expect(stage.pod.spec.volumes.slice(-2)).toEqual([
      { name: 'host-0', hostPath: { path: '/srv/cache', type: 'DirectoryOrCreate' } },
      { name: 'host-1', hostPath: { path: '/etc/certs', type: 'DirectoryOrCreate' } },
    ]);
    expect(JSON.stringify(stage.pod.spec.containers[0])).not.toContain('host-');
  });

  test('where a step mounts something itself, that stays', () => {
    const { pod } = compile(
      {
        clone: NO_CLONE,
        volumes: [{ name: 'own', source: { kind: 'temp', medium: '', sizeLimit: 0 }, position }],
        steps: [stepOf({ volumes: [{ name: 'own', path: '/cache', subPath: '', position }] })],
        workspacePath: '/work',
      },
      {
        hostVolumes: [
          ...hostVolumes,
          { source: '/srv/other', target: '/certs', readOnly: false },
          { source: '/srv/work', target: '/work', readOnly: false },
        ],
      },
    );
    expect(pod.spec.containers[1]?.volumeMounts.slice(1)).toEqual([
      { name: 'workspace', mountPath: '/work' },
      { name: 'volume-0', mountPath: '/cache' },
      { name: 'host-1', mountPath: '/certs', readOnly: true },
    ]);
  });

  test('they keep no plug-in from running privileged', () => {
    const steps = [stepOf({ name: 'publish', image: 'plugins/docker', commands: [] })];
    const { ephemerals } = compile({ clone: NO_CLONE, steps }, { hostVolumes });
    expect(ephemerals.get(1)?.securityContext).toEqual({ privileged: true });
  });
});

describe('credentials of git', () => {
  const context = contextOf({ netrc: NETRC });
  const withNetrc = (stage: CompiledStage): string[] =>
    containersOf(stage)
      .filter(({ env }) => env.some(({ name }) => name === 'DRONE_NETRC_PASSWORD'))
      .map(({ name }) => name);

  test.each([
    ['every step', false, ['1-clone', '2-db', '3-test', '4-notify']],
    ['the clone step', true, ['1-clone']],
  ])('%s has them', (_, netrcCloneOnly, expected) => {
    const stage = compile(EVERY_KIND, { netrcCloneOnly }, { context });
    expect(withNetrc(stage)).toEqual(expected);
    expect(stage.masks).toEqual(expect.arrayContaining(['octocat', 'correct horse']));
  });

  test('a clone step of another image has them as well', () => {
    const options = { cloneImage: 'example.com/clone' };
    const stage = compile(EVERY_KIND, { netrcCloneOnly: true }, { context, options });
    expect(withNetrc(stage)).toEqual(['1-clone']);
  });

  test('they are nowhere if they are for a clone step that is not there', () => {
    const stage = compile(
      { ...EVERY_KIND, clone: NO_CLONE },
      { netrcCloneOnly: true },
      { context },
    );
    expect([withNetrc(stage), stage.secret, stage.masks]).toEqual([[], undefined, []]);
  });
});
