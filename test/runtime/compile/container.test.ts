import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { withLateVariables } from '../../../runtime/compile/container.ts';
import type { Container, EnvVar } from '../../../runtime/compile/objects.ts';
import type { CompiledStage, CompileInput } from '../../../runtime/compile/types.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const compile = (
  pipeline: Partial<Pipeline>,
  input: Parameters<typeof inputOf>[0] = {},
): CompiledStage => compileStage(inputOf({ ...input, pipeline: pipelineOf(pipeline) }));

/** The container of the one step of a pipeline without a clone. */
function containerOf(
  step: Parameters<typeof stepOf>[0],
  input: Parameters<typeof inputOf>[0] = {},
): Container {
  const { pod } = compile({ clone: NO_CLONE, steps: [stepOf(step)] }, input);
  const container = pod.spec.containers[1];
  if (container === undefined) throw new Error('the step has no container');
  return container;
}

const environmentOf = ({ env }: { readonly env: readonly EnvVar[] }): Record<string, unknown> =>
  Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

const MEBIBYTE = 1024 * 1024;

describe('resources', () => {
  test.each([
    ['the pipeline', { cpu: 500, memory: 64 * MEBIBYTE }, { cpu: '500m', memory: '67108864' }],
    ['the default', { cpu: 0, memory: 0 }, { cpu: '100m', memory: '104857600' }],
    ['both', { cpu: 250, memory: 0 }, { cpu: '250m', memory: '104857600' }],
  ])(
    'the request of the stage comes from %s and sits on the coordinator alone',
    (_, requests, expected) => {
      const { pod } = compile({
        services: [serviceOf({ name: 'db' })],
        steps: [
          stepOf({
            resources: { requests: { cpu: 9000, memory: 9 }, limits: { cpu: 0, memory: 0 } },
          }),
        ],
        resources: { requests, limits: { cpu: 0, memory: 0 } },
      });
      const [coordinator, ...others] = pod.spec.containers;
      expect(others).toHaveLength(3);
      expect(coordinator).toMatchObject({ name: 'coordinator', resources: { requests: expected } });
      expect(others.map(({ resources }) => resources)).toEqual(
        others.map(() => ({ requests: { cpu: '0', memory: '0' } })),
      );
    },
  );

  test('a step keeps its own limits', () => {
    const limits = { cpu: 1500, memory: 128 * MEBIBYTE };
    const resources = { requests: { cpu: 0, memory: 0 }, limits };
    expect(containerOf({ resources }).resources).toEqual({
      requests: { cpu: '0', memory: '0' },
      limits: { cpu: '1500m', memory: '134217728' },
    });
  });
});

describe('names', () => {
  test.each([
    ['Unit Tests', '1-unit-tests'],
    ['coordinator', '1-coordinator'],
    ['Prüfung', '1-pr-fung'],
    ['测试', '1'],
    ['--x--', '1-x'],
    [`${'a'.repeat(49)}-b`, `1-${'a'.repeat(49)}`],
  ])('the container of the step %j is %s', (name, expected) => {
    expect(containerOf({ name }).name).toBe(expected);
  });

  test('whatever steps are called, containers have unique names that Kubernetes takes', () => {
    const name = fc.oneof(
      fc.string({ maxLength: 100, unit: 'grapheme' }),
      fc.constantFrom('a b', 'a-b', 'A.B', 'clone', 'coordinator', 'x'.repeat(100)),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
        const steps = names.map((each) => stepOf({ name: each }));
        const { pod, containers } = compile({ clone: NO_CLONE, steps });
        const all = pod.spec.containers.map((container) => container.name);
        expect(new Set(all).size).toBe(all.length);
        expect(all.filter((each) => !/^(?=.{1,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(each))).toEqual(
          [],
        );
        expect([...containers.values()]).toEqual(all.slice(1));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the command', () => {
  test('a latched step waits in a shell that is there in any image', () => {
    const { command, args, volumeMounts } = containerOf({ command: ['x'] });
    expect(command).toEqual([
      '/run/drone/busybox',
      'sh',
      '/run/drone/step.sh',
      '/run/drone',
      'script',
      'script-1',
    ]);
    expect(args).toBeUndefined();
    expect(volumeMounts).toContainEqual({
      name: 'drone-kube-run',
      mountPath: '/run/drone',
      subPath: 'steps/1',
      readOnly: true,
    });
  });

  test('the clone step waits for the entrypoint of its image', () => {
    const { pod, images } = compile({}, { options: { cloneImage: 'drone/git:1.2' } });
    expect(pod.spec.containers[1]?.command?.slice(-2)).toEqual(['run', '/usr/local/bin/clone']);
    expect([pod.spec.containers[1]?.image, images.get(1)]).toEqual([
      'drone/git:1.2',
      'drone/git:1.2',
    ]);
  });

  test('another clone image is added at its turn', () => {
    const { pod, plan } = compile({}, { options: { cloneImage: 'example.com/clone' } });
    expect(plan.steps).toMatchObject([{ name: 'clone', kind: 'ephemeral' }]);
    expect(pod.spec.containers.map(({ name }) => name)).toEqual(['coordinator']);
  });

  test('a service keeps the entrypoint of its image and sees no latch', () => {
    const { pod } = compile({
      clone: NO_CLONE,
      services: [serviceOf({ name: 'db', image: 'redis:7', command: ['--port', '$PORT'] })],
    });
    const service = pod.spec.containers[1];
    expect(service).toMatchObject({
      image: 'docker.io/library/redis:7',
      args: ['--port', '$$PORT'],
      volumeMounts: [{ name: 'workspace', mountPath: '/drone/src' }],
    });
    expect([service?.command, service?.workingDir, service?.lifecycle]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['commands', { commands: ['make'] }, '/drone/src'],
    ['a folder of its own', { commands: ['make'], workingDir: '/tmp' }, '/tmp'],
    ['detached, with commands', { commands: ['make'], detach: true }, '/drone/src'],
    ['detached, with an entrypoint', { commands: [], entrypoint: ['x'], detach: true }, undefined],
  ])('the working folder of a step with %s is %s', (_, step, expected) => {
    expect(containerOf(step).workingDir).toBe(expected);
  });

  test.each([
    [undefined, 'IfNotPresent'],
    ['Always', 'Always'],
    ['Never', 'Never'],
  ] as const)('pull %s: %s', (pull, expected) => {
    expect(containerOf({ pull }).imagePullPolicy).toBe(expected);
  });
});

describe('variables', () => {
  const own = (step: Parameters<typeof stepOf>[0]): Record<string, unknown> =>
    environmentOf(containerOf(step));
  const values = (map: Record<string, string>): Map<string, { value: string }> =>
    new Map(Object.entries(map).map(([name, value]) => [name, { value }]));

  test('every step knows its name and its node', () => {
    expect(own({ name: 'Unit Tests' })).toEqual({
      DRONE_STEP_NAME: 'Unit Tests',
      KUBERNETES_NODE: { fieldRef: { fieldPath: 'spec.nodeName' } },
    });
  });

  test.each([
    [
      'a step may override what the build says',
      { DRONE_BRANCH: 'x', CI: '' },
      { DRONE_BRANCH: 'x', CI: '' },
    ],
    ['but not its own name', { DRONE_STEP_NAME: 'other' }, { DRONE_STEP_NAME: 'build' }],
    ['settings win over variables', { PLUGIN_TAGS: 'no' }, { PLUGIN_TAGS: 'a,b' }],
    ['the kubelet must not expand them', { A: '$(B) $$ $C' }, { A: '$$(B) $$$$ $$C' }],
  ])('%s', (_, environment, expected) => {
    const settings = new Map([['tags', { value: ['a', 'b'] }]]);
    expect(own({ environment: values(environment), settings })).toMatchObject(expected);
  });

  test('the shared ones come by reference, below those of the step', () => {
    expect(containerOf({}).envFrom).toEqual([{ configMapRef: { name: 'drone-1-env' } }]);
  });

  test('the depth of the clone', () => {
    const clone = { disable: false, depth: 5, skipVerify: true, trace: false };
    const { pod } = compile({ clone });
    expect(environmentOf(pod.spec.containers[1] ?? { env: [] })).toMatchObject({
      PLUGIN_DEPTH: '5',
      PLUGIN_SKIP_VERIFY: 'true',
    });
    expect(environmentOf(compile({}).pod.spec.containers[1] ?? { env: [] })).not.toHaveProperty(
      'PLUGIN_DEPTH',
    );
  });

  test('a service has the status of the beginning, since nobody hands it one later', () => {
    const service = serviceOf({ name: 'db', environment: values({ CI_BUILD_STATUS: 'mine' }) });
    const { pod } = compile({ clone: NO_CLONE, services: [service] });
    expect(environmentOf(pod.spec.containers[1] ?? { env: [] })).toMatchObject({
      DRONE_BUILD_STATUS: 'success',
      DRONE_STAGE_FINISHED: '1700000100',
      DRONE_STEP_NUMBER: '1',
      CI_BUILD_STATUS: 'mine',
    });
  });

  test('an ephemeral step gets the values of its turn, unless it has its own', () => {
    const environment = values({ DRONE_BUILD_STATUS: 'mine' });
    const { ephemerals } = compile({
      clone: NO_CLONE,
      steps: [
        stepOf({
          name: 'notify',
          image: 'plugins/slack',
          commands: [],
          command: ['$X'],
          environment,
        }),
      ],
    });
    const planned = ephemerals.get(1);
    if (planned === undefined) throw new Error('no step');
    const added = withLateVariables(planned, {
      DRONE_BUILD_STATUS: 'failure',
      DRONE_FAILED_STEPS: '$(a)',
    });
    expect(environmentOf(added)).toMatchObject({
      DRONE_BUILD_STATUS: 'mine',
      DRONE_FAILED_STEPS: '$$(a)',
      DRONE_STEP_NAME: 'notify',
    });
    expect(added).toMatchObject({ name: '1-notify', args: ['$$X'], workingDir: '/drone/src' });
    expect(added).not.toHaveProperty('resources');
    expect(added.volumeMounts).toContainEqual({
      name: 'drone-kube-status',
      mountPath: '/run/drone',
      readOnly: true,
    });
  });

  test('no name occurs twice in a container', () => {
    const environment = values({ DRONE_NETRC_PASSWORD: 'x', KUBERNETES_NODE: 'x', PLUGIN_A: 'x' });
    const settings: ReadonlyMap<string, { value: string }> = values({ a: '1', A: '2' });
    const netrc = { machine: 'git.example.com', login: 'octocat', password: 'correct horse' };
    const input: Partial<CompileInput> = { context: contextOf({ netrc }) };
    const names = containerOf({ environment, settings }, input).env.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});
