import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { LATE_VARIABLES } from '../../../runtime/compile/environment.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const compile = (
  pipeline: Partial<Pipeline>,
  input: Parameters<typeof inputOf>[0] = {},
): CompiledStage => compileStage(inputOf({ ...input, pipeline: pipelineOf(pipeline) }));

const STEPS = [
  stepOf({ name: 'test' }),
  stepOf({ name: 'app', commands: [], entrypoint: ['/bin/app'] }),
  stepOf({ name: 'notify', image: 'plugins/slack', commands: [] }),
];

describe('the Pod', () => {
  test('the coordinator comes first, and then what is there from the beginning', () => {
    const { pod, containers } = compile({ services: [serviceOf({ name: 'db' })], steps: STEPS });
    expect(pod.spec.containers.map(({ name }) => name)).toEqual([
      'coordinator',
      '1-clone',
      '2-db',
      '3-test',
      '4-app',
    ]);
    expect([...containers]).toEqual([
      [1, '1-clone'],
      [2, '2-db'],
      [3, '3-test'],
      [4, '4-app'],
      [5, '5-notify'],
    ]);
  });

  test('a service without a name, or with one of any length, has a container of its number', () => {
    const { pod, containers, files } = compile(
      {
        clone: NO_CLONE,
        services: [serviceOf({ name: '' }), serviceOf({ name: 'x'.repeat(300) })],
        steps: STEPS,
      },
      { options: { workspace: 'upload' } },
    );
    expect([...containers.values()]).toEqual([
      '1',
      `2-${'x'.repeat(50)}`,
      '3-test',
      '4-app',
      '5-notify',
    ]);
    expect(pod.spec.containers[1]?.env).toContainEqual({ name: 'DRONE_STEP_NAME', value: '' });
    expect(files.data['plan']?.split('\n').map((line) => line.split('\t')[0])).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '',
    ]);
  });

  test('an upload has no container, and the coordinator writes into the workspace', () => {
    const { pod, containers } = compile({ steps: STEPS }, { options: { workspace: 'upload' } });
    expect([...containers.keys()]).toEqual([2, 3, 4]);
    expect(pod.spec.containers[0]?.volumeMounts).toContainEqual({
      name: 'workspace',
      mountPath: '/drone/src',
    });
  });

  test('a step container starts only after the coordinator has made its folder', () => {
    expect(compile({}).pod.spec.containers[0]?.lifecycle?.postStart?.exec.command.at(-1)).toContain(
      '/drone-kube/run/control/ready',
    );
  });

  test('it never starts anew, and ends an hour after the timeout at the latest', () => {
    const { spec } = compile({}, { context: contextOf({ repo: { timeout: 30 } }) }).pod;
    expect(spec).toMatchObject({ restartPolicy: 'Never', activeDeadlineSeconds: 5400 });
  });

  test('the environment of services of the cluster does not leak in', () => {
    expect(compile({}).pod.spec.enableServiceLinks).toBe(false);
  });

  test('verdicts of the runner reach the coordinator as a file', () => {
    const { pod } = compile({});
    expect(pod.spec.volumes).toContainEqual({
      name: 'drone-kube-verdict',
      downwardAPI: {
        items: [
          {
            path: 'verdict',
            fieldRef: { fieldPath: "metadata.annotations['drone-kube.io/verdict']" },
          },
        ],
      },
    });
  });

  test.each([
    ['', '/drone/src'],
    ['work', '/work'],
    ['/etc', '/drone/src'],
  ])('the workspace "%s" is at %s in every container', (workspacePath, expected) => {
    const { pod, environment } = compile({ workspacePath, steps: STEPS });
    const mounts = pod.spec.containers.slice(1).map(({ volumeMounts }) => volumeMounts);
    for (const mount of mounts) {
      expect(mount).toContainEqual({ name: 'workspace', mountPath: expected });
    }
    expect(environment.data['DRONE_WORKSPACE']).toBe(expected);
  });
});

describe('the files of the stage', () => {
  test('plan, scripts of the Pod, and one script for each step that runs commands', () => {
    const { files } = compile({ services: [serviceOf({ name: 'db' })], steps: STEPS });
    expect(Object.keys(files.data).sort()).toEqual([
      'coordinator.sh',
      'plan',
      'script-3',
      'script-4',
      'step.sh',
    ]);
    expect(files.data['script-3']).toContain('\nmake\n');
    expect(files.data['script-4']).toContain('\n/bin/app\n');
    expect(files.data['plan']?.split('\n').map((line) => line.split('\t')[7])).toEqual([
      '-',
      '-',
      'script-3',
      'script-4',
      '-',
      undefined,
    ]);
  });

  test('a script is a file, so nothing in it is escaped for the kubelet', () => {
    const steps = [stepOf({ commands: ['echo "$(date) $$"'] })];
    expect(compile({ clone: NO_CLONE, steps }).files.data['script-1']).toContain(
      '\necho "$(date) $$"\n',
    );
  });
});

describe('the shared environment', () => {
  test('layers: what the runner gives, parameters, the pipeline, the build', () => {
    const { data } = compile(
      {
        environment: new Map([
          ['B', 'pipeline'],
          ['C', 'pipeline'],
          ['DRONE_BRANCH', 'pipeline'],
        ]),
      },
      {
        globalEnvironment: new Map([
          ['A', 'runner'],
          ['B', 'runner'],
          ['D', 'runner'],
        ]),
        context: contextOf({ build: { params: { B: 'parameter', D: 'parameter' } } }),
      },
    ).environment;
    expect(data).toMatchObject({
      A: 'runner',
      B: 'pipeline',
      C: 'pipeline',
      D: 'parameter',
      DRONE_BRANCH: 'main',
      DRONE_REPO: 'octocat/hello',
    });
  });

  test('what only holds when a step starts is not in it, wherever it comes from', () => {
    const late = Object.fromEntries(LATE_VARIABLES.map((name) => [name, 'frozen']));
    const { data } = compile(
      { environment: new Map(Object.entries(late)) },
      {
        globalEnvironment: new Map(Object.entries(late)),
        context: contextOf({ build: { status: 'failure', params: late } }),
      },
    ).environment;
    expect(LATE_VARIABLES.filter((name) => name in data)).toEqual([]);
  });

  test('values are not expanded by the kubelet, so they are not escaped', () => {
    const context = contextOf({ build: { message: 'costs $5 $(now) $$' } });
    expect(compile({}, { context }).environment.data['DRONE_COMMIT_MESSAGE']).toBe(
      'costs $5 $(now) $$',
    );
  });

  test.each([
    ['deploy-to', true],
    ['with.dot', true],
    ['A_1', true],
    ['with space', false],
    ['', false],
    ['.', false],
    ['..', false],
    ['..data', false],
    ['x'.repeat(254), false],
    ['ä', false],
    ['a=b', false],
  ])('a parameter named "%s" is in it: %s', (name, expected) => {
    const context = contextOf({ build: { params: { [name]: 'value' } } });
    expect(Object.keys(compile({}, { context }).environment.data).includes(name)).toBe(expected);
  });
});

describe('labels and annotations', () => {
  const CONTEXT = contextOf({
    repo: { namespace: 'octo/group', name: `${'ab-'.repeat(21)}name`, slug: 'octo/group/x' },
    build: { event: 'pull_request' },
  });

  test('the ones of the pipeline cannot replace those that select the stage', () => {
    const labels = new Map([
      ['team', 'a'],
      ['io.drone', 'no'],
      ['drone-kube.io/stage', 'other'],
    ]);
    const annotations = new Map([
      ['io.drone.stage.name', 'mine'],
      ['note', 'x'],
    ]);
    const { pod } = compile(
      { metadata: { namespace: '', labels, annotations } },
      { labels: { 'drone-kube.io/origin': 'exec' } },
    );
    expect(pod.metadata.labels).toMatchObject({
      team: 'a',
      'io.drone': 'true',
      'drone-kube.io/stage': 'drone-1',
      'drone-kube.io/origin': 'exec',
    });
    expect(pod.metadata.annotations).toMatchObject({ 'io.drone.stage.name': 'mine', note: 'x' });
  });

  test('values are made fit for labels', () => {
    const { labels } = compile({}, { context: CONTEXT }).pod.metadata;
    expect(labels).toMatchObject({
      'io.drone.repo.namespace': 'octo-group',
      'io.drone.repo.name': 'ab-'.repeat(21).slice(0, 62),
      'io.drone.build.event': 'pull_request',
      'io.drone.build.number': '42',
    });
    for (const value of Object.values(labels)) {
      expect(value).toMatch(/^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/);
    }
  });

  test('annotations have the values as they are', () => {
    expect(compile({}, { context: CONTEXT }).pod.metadata.annotations).toMatchObject({
      'io.drone.repo.slug': 'octo/group/x',
      'io.drone.ttl': '2h0m0s',
      'io.drone.created': '1700000100',
      'io.drone.expires': '1700007300',
    });
  });

  test('every object of the stage can be selected by it', () => {
    const { files, environment, pod } = compile({}, { labels: { origin: 'exec' } });
    for (const { metadata } of [files, environment, pod]) {
      expect(metadata).toMatchObject({
        namespace: 'builds',
        labels: { 'drone-kube.io/stage': 'drone-1', origin: 'exec' },
      });
    }
    const names = [files, environment].map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(2);
  });
});
