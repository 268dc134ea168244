import { describe, expect, test } from '@jest/globals';
import { compileStage, wantedImages } from '../../../runtime/compile/compile.ts';
import { startOf, type KnownImage } from '../../../runtime/compile/known-images.ts';
import type { CompiledStage, CompileInput } from '../../../runtime/compile/types.ts';
import type { Step } from '../../../runtime/pipeline/model.ts';
import { inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const S3 = 'docker.io/plugins/s3:latest';
const KNOWN: KnownImage = {
  digest: DIGEST,
  entrypoint: ['/bin/s3', '$(HOME)'],
  command: ['--all'],
};

/** Without commands, so that nobody but a registry can say what it runs. */
const plugin = (step: Omit<Partial<Step>, 'dependsOn'> = {}): Step =>
  stepOf({ name: 'upload', image: 'plugins/s3', commands: [], ...step });

const compile = (step: Step, input: Partial<Parameters<typeof inputOf>[0]> = {}): CompiledStage =>
  compileStage(
    inputOf({
      images: new Map([[S3, KNOWN]]),
      ...input,
      pipeline: pipelineOf({ clone: NO_CLONE, steps: [step] }),
    }),
  );

const shim = ['/run/drone/busybox', 'sh', '/run/drone/step.sh', '/run/drone', 'run'];

describe('a plugin whose image is known', () => {
  test('is latched, with the words of the image, and pinned to what was read', () => {
    const stage = compile(plugin());
    const [, container] = stage.pod.spec.containers;
    expect(stage.plan.steps[0]?.kind).toBe('latched');
    expect(container?.command).toEqual([...shim, '/bin/s3', '$$(HOME)', '--all']);
    expect(container).not.toHaveProperty('args');
    expect(container?.image).toBe(`${S3}@${DIGEST}`);
    expect(stage.ephemerals.size).toBe(0);
    expect(stage.files.data['plan']).toBe('1\tsuccess\tstop\tlatched\twait\t0\t-\t-\tupload\n');
  });

  test('is reported under the name that the file has', () => {
    expect(compile(plugin()).images).toEqual(new Map([[1, S3]]));
  });

  test('gets `command` of the step in place of the one of the image', () => {
    const [, container] = compile(plugin({ command: ['$x', 'b c'] })).pod.spec.containers;
    expect(container?.command).toEqual([...shim, '/bin/s3', '$$(HOME)', '$$x', 'b c']);
  });

  test('keeps a digest that the file has', () => {
    const image = `plugins/s3@sha256:${'2'.repeat(64)}`;
    const images = new Map([[`docker.io/${image}`, KNOWN]]);
    const [, container] = compile(plugin({ image }), { images }).pod.spec.containers;
    expect(container?.image).toBe(`docker.io/${image}`);
  });

  test('has limits of its own, which an ephemeral container cannot have', () => {
    const limits = { cpu: 0, memory: 1 << 20 };
    const step = plugin({ resources: { requests: { cpu: 0, memory: 0 }, limits } });
    expect(compile(step).plan.steps[0]?.memoryLimit).toBe(1 << 20);
    expect(compile(step, { images: new Map() }).plan.steps[0]?.memoryLimit).toBe(0);
  });

  test.each<[string, KnownImage | undefined, { readonly pull?: Step['pull'] }]>([
    ['nothing is known of its image', undefined, {}],
    ['its image runs nothing', { ...KNOWN, entrypoint: [], command: [] }, {}],
    ['its image starts an init system', { ...KNOWN, entrypoint: ['/init'] }, {}],
    ['the node must have its image', KNOWN, { pull: 'Never' }],
  ])('is an ephemeral container where %s', (_, known, step) => {
    const images = new Map(known === undefined ? [] : [[S3, known]]);
    const stage = compile(plugin(step), { images });
    expect(stage.plan.steps[0]?.kind).toBe('ephemeral');
    expect(stage.ephemerals.get(1)?.image).toBe(S3);
  });
});

test('a step with commands and a service stay as they are, even if their image is known', () => {
  const images = new Map([[S3, KNOWN]]);
  const steps = [stepOf({ image: 'plugins/s3' })];
  const services = [serviceOf({ name: 'web', image: 'plugins/s3' })];
  const { pod } = compileStage(
    inputOf({ images, pipeline: pipelineOf({ clone: NO_CLONE, services, steps }) }),
  );
  const [, service, step] = pod.spec.containers;
  expect([service?.image, step?.image]).toEqual([S3, S3]);
  expect(service).not.toHaveProperty('command');
  expect(step?.command?.slice(-2)).toEqual(['script', 'script-2']);
});

describe('the clone step', () => {
  const clone = (cloneImage: string, images: CompileInput['images']): CompiledStage =>
    compileStage(
      inputOf({
        ...(images === undefined ? {} : { images }),
        options: { cloneImage },
        pipeline: pipelineOf({ steps: [stepOf({})] }),
      }),
    );

  test('of another image is latched where that is known', () => {
    const stage = clone('plugins/s3', new Map([[S3, KNOWN]]));
    expect(stage.plan.steps[0]?.kind).toBe('latched');
    expect(stage.pod.spec.containers[1]).toMatchObject({
      image: `${S3}@${DIGEST}`,
      command: [...shim, '/bin/s3', '$$(HOME)', '--all'],
    });
    expect(clone('plugins/s3', new Map()).plan.steps[0]?.kind).toBe('ephemeral');
  });

  test('of drone/git is known without asking, and not pinned', () => {
    const stage = clone('drone/git', new Map([['docker.io/drone/git:latest', KNOWN]]));
    expect(stage.pod.spec.containers[1]).toMatchObject({
      image: 'drone/git',
      command: [...shim, '/usr/local/bin/clone'],
    });
  });
});

describe('what to ask registries for', () => {
  test('images of plugins, each once, with the credentials of the stage', () => {
    const config = '{"auths":{"ghcr.io":{"auth":"eDp5"}}}';
    const wanted = wantedImages(
      inputOf({
        secrets: new Map([['pull', config]]),
        options: { cloneImage: 'my/clone:1' },
        pipeline: pipelineOf({
          imagePullSecrets: ['pull'],
          platform: { os: '', arch: 'arm64', variant: '', version: '' },
          services: [serviceOf({ name: 'web', image: 'nginx' })],
          steps: [
            stepOf({ name: 'build', image: 'golang' }),
            plugin({ name: 'one' }),
            plugin({ name: 'two' }),
            plugin({ name: 'three', image: 'ghcr.io/a/b:1' }),
            plugin({ name: 'four', image: 'local', pull: 'Never' }),
            plugin({
              name: 'five',
              image: 'other',
              when: { branch: { include: ['x'], exclude: [] } },
            }),
          ],
        }),
      }),
    );
    expect(wanted).toEqual({
      images: ['docker.io/my/clone:1', S3, 'ghcr.io/a/b:1'],
      credentials: config,
      platform: { os: 'linux', arch: 'arm64', variant: '' },
    });
  });

  test('nothing where all commands are known', () => {
    expect(wantedImages(inputOf({})).images).toEqual([]);
  });
});

test.each([
  [['/a'], ['b'], [], ['/a', 'b']],
  [['/a'], ['b'], ['c'], ['/a', 'c']],
  [[], ['b'], [], ['b']],
  [[], [], ['c'], ['c']],
  [[], [], [], undefined],
  [['', 'x'], [], [], undefined],
  [['/usr/sbin/init'], [], [], undefined],
])('entrypoint %j, command %j, with %j of the step: %j', (entrypoint, command, args, words) => {
  expect(startOf({ digest: DIGEST, entrypoint, command }, args)).toEqual(words);
});
