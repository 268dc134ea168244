import { describe, expect, test } from '@jest/globals';
import { planView, whyRuns, whySkipped } from '../../../runtime/cli/plan-view.ts';
import { compileStage } from '../../../runtime/compile/compile.ts';
import { planStage, type PlanOptions } from '../../../runtime/compile/plan.ts';
import { compareWithBuild } from '../../../runtime/pipeline/conditions.ts';
import type { Condition, Conditions, Step } from '../../../runtime/pipeline/model.ts';
import { contextOf, inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const include = (...patterns: string[]): Condition => ({ include: patterns, exclude: [] });
const exclude = (...patterns: string[]): Condition => ({ include: [], exclude: patterns });

const BUILD: PlanOptions['build'] = {
  action: '',
  branch: 'feature/x',
  cron: '',
  event: 'push',
  instance: 'ci.example.com',
  ref: 'refs/heads/feature/x',
  repo: 'octocat/hello',
  target: '',
};

describe('why a step is skipped', () => {
  test.each<[Conditions, string]>([
    [{ branch: include('main') }, 'branch is feature/x, the step wants main'],
    [{ branch: include('main', 'rel-*') }, 'branch is feature/x, the step wants main or rel-*'],
    [{ event: exclude('push', 'tag') }, 'event is push, the step excludes push or tag'],
    [
      { branch: { include: ['**'], exclude: ['feature/*'] } },
      'branch is feature/x, the step excludes feature/*',
    ],
    [{ cron: include('nightly') }, 'cron is empty, the step wants nightly'],
    [
      { event: include('tag'), ref: include('refs/heads/**'), repo: include('other/*') },
      'event is push, the step wants tag; repo is octocat/hello, the step wants other/*',
    ],
  ])('%j', (conditions, expected) => {
    expect(whySkipped({ why: 'when', compared: compareWithBuild(conditions, BUILD) })).toBe(
      expected,
    );
  });
});

describe('why a step runs', () => {
  const status = include('failure');
  test.each<[Parameters<typeof stepOf>[0], string]>([
    [{}, 'runs: no conditions'],
    [{ when: { event: include() } }, 'runs: no conditions'],
    [{ when: { event: include('push') } }, 'runs: event is push'],
    [
      { when: { event: include('push'), branch: exclude('main') } },
      'runs: branch is feature/x, event is push',
    ],
    [{ when: { status } }, 'runs when the build failed'],
    [{ when: { status, event: include('push') } }, 'runs when the build failed, event is push'],
    [{ when: { status: include('*') } }, 'runs: always'],
    [{ failure: 'ignore' }, 'runs: no conditions; its failure is ignored'],
    [{ failure: 'fast' }, 'runs: no conditions; its failure ends the stage at once'],
  ])('%j', (fields, expected) => {
    const [step] = planStage(pipelineOf({ clone: NO_CLONE, steps: [stepOf(fields)] }), {
      build: BUILD,
      workspace: 'clone',
      include: [],
      exclude: [],
    }).steps;
    expect(step === undefined ? '' : whyRuns(step)).toBe(expected);
  });
});

const MEBIBYTE = 1024 * 1024;
const limited = (mebibytes: number): Step['resources'] => ({
  requests: { cpu: 0, memory: 0 },
  limits: { cpu: 0, memory: mebibytes * MEBIBYTE },
});

const viewOf = (...parts: Parameters<typeof pipelineOf>): string => {
  const input = inputOf({ pipeline: pipelineOf(...parts), context: contextOf() });
  return planView(compileStage(input), input);
};

/** The column of the steps. */
const tree = (view: string): string[] => {
  const lines = view.split('\n');
  const width = (lines[2] ?? '').indexOf('KIND');
  return lines.slice(3, lines.indexOf('', 3)).map((line) => line.slice(0, width).trimEnd());
};

test('the whole plan', () => {
  const view = viewOf({
    services: [serviceOf({ name: 'db', image: 'redis:8' })],
    steps: [
      stepOf({ name: 'build', resources: limited(1024) }),
      stepOf({ name: 'serve', detach: true }),
      stepOf({
        name: 'notify',
        commands: [],
        image: 'plugins/slack:1',
        when: { status: include('failure', 'success') },
      }),
      stepOf({ name: 'release', when: { event: include('tag') } }),
    ],
  });
  expect(view).toBe(`default: push of octocat/hello, branch main, refs/heads/main

STEP     KIND      AFTER  IMAGE                            WHY
clone    clone     -      drone/git:latest                 runs: always
db       service   clone  docker.io/library/redis:8        runs from the start
build    step      db     docker.io/library/alpine:latest  runs: no conditions
serve    detached  build  docker.io/library/alpine:latest  runs: no conditions
notify   plugin    serve  docker.io/plugins/slack:1        runs: always
release  step      -      docker.io/library/alpine:latest  skipped: event is push, the step wants tag

request of the stage: 100m CPU, 100Mi memory
memory limits: build 1Gi
without a memory limit: clone, db, serve, notify
`);
});

describe('the tree', () => {
  const step = (name: string, ...dependsOn: string[]): Step => stepOf({ name, dependsOn });

  test('a graph has branches; a step stands below the last thing it waits for', () => {
    const steps = [
      step('report', 'unit', 'lint'),
      step('lint', 'clone'),
      step('build', 'clone'),
      step('unit', 'build'),
      step('e2e', 'build'),
      step('upload', 'e2e'),
    ];
    expect(tree(viewOf({ steps }))).toEqual([
      'clone',
      '├─ lint',
      '└─ build',
      '   ├─ unit',
      '   │  report',
      '   └─ e2e',
      '      upload',
    ]);
  });

  test('no step stands above what it waits for', () => {
    const steps = [step('a', 'clone'), step('b', 'a', 'c'), step('c', 'clone')];
    expect(tree(viewOf({ steps }))).toEqual(['clone', '├─ a', '└─ c', '   b']);
  });

  test('several roots', () => {
    const steps = [step('a'), step('b'), step('c', 'a')];
    expect(tree(viewOf({ clone: NO_CLONE, steps }))).toEqual(['a', 'c', 'b']);
  });

  test('a series of thousands of steps', () => {
    const steps = Array.from({ length: 5_000 }, (_, index) => step(`step ${index}`));
    expect(tree(viewOf({ steps }))).toHaveLength(5_001);
  });
});

test.each([
  [[limited(512), limited(512)], ['memory limits: a 512Mi, b 512Mi (1Gi together)']],
  [[limited(0), limited(0)], ['memory limits: none']],
  [
    [limited(100), limited(0)],
    ['memory limits: a 100Mi', 'without a memory limit: b'],
  ],
] as const)('limits %j', ([a, b], expected) => {
  const steps = [stepOf({ name: 'a', resources: a }), stepOf({ name: 'b', resources: b })];
  const lines = viewOf({ clone: NO_CLONE, steps }).trimEnd().split('\n');
  expect(lines.slice(lines.findIndex((line) => line.startsWith('memory')))).toEqual(expected);
});
