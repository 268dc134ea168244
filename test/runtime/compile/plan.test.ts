import { describe, expect, test } from '@jest/globals';
import {
  planFile,
  planStage,
  type PlanOptions,
  type SourcePlan,
} from '../../../runtime/compile/plan.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const BUILD: PlanOptions['build'] = {
  action: '',
  branch: 'main',
  cron: '',
  event: 'push',
  instance: 'ci.example.com',
  ref: 'refs/heads/main',
  repo: 'octocat/hello',
  target: '',
};

const planOf = (pipeline: Partial<Pipeline>, options: Partial<PlanOptions> = {}): SourcePlan =>
  planStage(pipelineOf(pipeline), {
    build: BUILD,
    workspace: 'clone',
    include: [],
    exclude: [],
    ...options,
  });

/** `number name <- what it waits for`, one a step. */
const order = ({ steps }: SourcePlan): string[] =>
  steps.map(({ number, name, waitsFor }) => `${number} ${name} <- ${waitsFor.join(' ')}`.trimEnd());

const step = (name: string, ...dependsOn: string[]): ReturnType<typeof stepOf> =>
  stepOf({ name, dependsOn });
const never = { branch: { include: ['release'], exclude: [] } };

interface Case {
  readonly title: string;
  readonly pipeline: Partial<Pipeline>;
  readonly options?: Partial<PlanOptions>;
  readonly order: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'clone, services and steps run one after the other',
    pipeline: { services: [serviceOf({ name: 'db' })], steps: [step('a'), step('b')] },
    order: ['1 clone <-', '2 db <- 1', '3 a <- 2', '4 b <- 3'],
  },
  {
    title: 'one dependency makes a graph: what has none starts after the clone',
    pipeline: {
      services: [serviceOf({ name: 'db' })],
      steps: [step('a'), step('b'), step('c', 'a', 'b')],
    },
    order: ['1 clone <-', '2 db <- 1', '3 a <- 1', '4 b <- 1', '5 c <- 3 4'],
  },
  {
    title: 'a dependency may stand further down',
    pipeline: { steps: [step('a', 'b'), step('b')] },
    order: ['1 clone <-', '2 a <- 3', '3 b <- 1'],
  },
  {
    title: 'without the clone the first step waits for nothing',
    pipeline: { clone: NO_CLONE, steps: [step('a'), step('b')] },
    order: ['1 a <-', '2 b <- 1'],
  },
  {
    title: 'without the clone the roots of a graph wait for nothing',
    pipeline: { clone: NO_CLONE, steps: [step('a'), step('b'), step('c', 'a')] },
    order: ['1 a <-', '2 b <-', '3 c <- 1'],
  },
  {
    title: 'an upload stands for the clone step',
    pipeline: { steps: [step('a'), step('b', 'clone')] },
    options: { workspace: 'upload' },
    order: ['1 clone <-', '2 a <- 1', '3 b <- 1'],
  },
  {
    title: 'an upload that stands for no clone step is number 0, and steps count from 1',
    pipeline: { clone: NO_CLONE, steps: [step('a'), step('b')] },
    options: { workspace: 'upload' },
    order: ['0  <-', '1 a <- 0', '2 b <- 1'],
  },
  {
    title: 'roots of a graph wait for an upload without a number',
    pipeline: { clone: NO_CLONE, steps: [step('clone'), step('b', 'clone')] },
    options: { workspace: 'upload' },
    order: ['0  <-', '1 clone <- 0', '2 b <- 1'],
  },
  {
    title: 'in a series a step that is left out is no gap',
    pipeline: { steps: [step('a'), stepOf({ name: 'b', when: never }), step('c')] },
    order: ['1 clone <-', '2 a <- 1', '3 c <- 2'],
  },
  {
    title: 'a step that is left out passes its dependencies on, through others as well',
    pipeline: {
      steps: [
        step('a'),
        step('b'),
        stepOf({ name: 'x', when: never, dependsOn: ['a', 'b'] }),
        stepOf({ name: 'y', when: never, dependsOn: ['x'] }),
        step('c', 'y', 'a'),
      ],
    },
    order: ['1 clone <-', '2 a <- 1', '3 b <- 1', '4 c <- 2 3'],
  },
  {
    title: 'include keeps the clone and what it names',
    pipeline: { services: [serviceOf({ name: 'db' })], steps: [step('a'), step('b')] },
    options: { include: ['b'] },
    order: ['1 clone <-', '2 b <- 1'],
  },
  {
    title: 'exclude is stronger than include, and never means the clone',
    pipeline: { steps: [step('a'), step('b')] },
    options: { include: ['a', 'b'], exclude: ['a', 'clone'] },
    order: ['1 clone <-', '2 b <- 1'],
  },
  {
    title: 'a service without a name is not the upload',
    pipeline: {
      clone: NO_CLONE,
      services: [serviceOf({ name: '' })],
      steps: [step('a'), step('b')],
    },
    options: { workspace: 'upload' },
    order: ['0  <-', '1  <- 0', '2 a <- 1', '3 b <- 2'],
  },
  {
    title: 'a service without a name in a graph without a clone step',
    pipeline: {
      clone: NO_CLONE,
      services: [serviceOf({ name: '' })],
      steps: [step('a', ''), step('b'), stepOf({ name: 'c', when: never })],
    },
    options: { workspace: 'upload' },
    order: ['0  <-', '1  <- 0', '2 a <- 1', '3 b <- 0'],
  },
  { title: 'nothing at all', pipeline: { clone: NO_CLONE }, order: [] },
];

test.each(CASES)('$title', ({ pipeline, options, order: expected }) => {
  expect(order(planOf(pipeline, options))).toEqual(expected);
});

test('what is left out is told with the reason', () => {
  const steps = [step('a'), stepOf({ name: 'b', when: never }), step('c')];
  expect(planOf({ steps }, { exclude: ['c'] }).skipped).toMatchObject([
    {
      name: 'b',
      why: 'when',
      compared: [{ key: 'branch', value: 'main', outcome: 'not-included' }],
    },
    { name: 'c', why: 'filter' },
  ]);
});

describe('how a container gets going', () => {
  test.each([
    ['commands', { commands: ['make'] }, 'latched'],
    ['an entrypoint', { commands: [], entrypoint: ['/bin/app'] }, 'latched'],
    [
      'only arguments for the entrypoint of its image',
      { commands: [], command: ['x'] },
      'ephemeral',
    ],
    ['nothing but an image', { commands: [] }, 'ephemeral'],
  ] as const)('a step with %s', (_, fields, kind) => {
    expect(planOf({ clone: NO_CLONE, steps: [stepOf(fields)] }).steps[0]).toMatchObject({
      kind,
      detached: false,
    });
  });

  test('a service starts at once, and nobody waits for its end', () => {
    expect(planOf({ clone: NO_CLONE, services: [serviceOf({})] }).steps[0]).toMatchObject({
      kind: 'service',
      detached: true,
    });
  });

  test.each([[{ commands: ['serve'] }], [{ entrypoint: ['/bin/serve'] }]])(
    'a service with %j runs that at its turn',
    (fields) => {
      const services = [serviceOf(fields)];
      expect(planOf({ clone: NO_CLONE, services }).steps[0]).toMatchObject({
        kind: 'latched',
        detached: true,
      });
    },
  );

  test('a detached step is latched all the same', () => {
    const steps = [stepOf({ detach: true })];
    expect(planOf({ clone: NO_CLONE, steps }).steps[0]).toMatchObject({
      kind: 'latched',
      detached: true,
    });
  });
});

describe('when a step may run', () => {
  test.each([
    [undefined, 'success'],
    [{ include: ['success'], exclude: [] }, 'success'],
    [{ include: ['failure'], exclude: [] }, 'failure'],
    [{ include: ['success', 'failure'], exclude: [] }, 'always'],
    [{ include: [], exclude: ['success'] }, 'failure'],
    [{ include: [], exclude: ['failure'] }, 'success'],
  ] as const)('status %j: %s', (status, expected) => {
    const when = status === undefined ? {} : { status };
    expect(planOf({ clone: NO_CLONE, steps: [stepOf({ when })] }).steps[0]?.when).toBe(expected);
  });

  test('the clone runs whatever happens', () => {
    expect(planOf({}).steps[0]).toMatchObject({ when: 'always', failure: 'stop' });
  });
});

test('the file of the plan has a line of nine fields for each step', () => {
  const plan = planOf(
    {
      services: [serviceOf({ name: 'db' })],
      steps: [
        stepOf({ name: 'unit tests', failure: 'fast' }),
        stepOf({ name: 'plugin', commands: [], failure: 'ignore', dependsOn: ['unit tests'] }),
        stepOf({
          name: 'report',
          detach: true,
          when: { status: { include: ['failure'], exclude: [] } },
          dependsOn: ['plugin', 'unit tests'],
        }),
      ],
    },
    { workspace: 'upload' },
  );
  const file = planFile(plan, ({ kind }) => kind === 'latched');
  expect(file.split('\n').map((line) => line.split('\t'))).toEqual([
    ['1', 'always', 'stop', 'upload', 'wait', '0', '2 3', '-', 'clone'],
    ['2', 'success', 'stop', 'service', 'detach', '1', '-', '-', 'db'],
    ['3', 'success', 'fast', 'latched', 'wait', '1', '4 5', 'script-3', 'unit tests'],
    ['4', 'success', 'ignore', 'ephemeral', 'wait', '1', '5', '-', 'plugin'],
    ['5', 'failure', 'stop', 'latched', 'detach', '2', '-', 'script-5', 'report'],
    [''],
  ]);
});
