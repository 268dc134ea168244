/** From options and files to the input of the compiler; what `exec` and `compile` share. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { compileStage } from '../compile/compile.ts';
import { substitutionVariables } from '../compile/environment.ts';
import { withoutRunner } from '../compile/runner-input.ts';
import { tooLarge } from '../compile/size.ts';
import type { CompiledStage, CompileInput } from '../compile/types.ts';
import { DEFAULT_CLONE_IMAGE, DEFAULT_COORDINATOR_IMAGE, LABEL_ORIGIN } from '../contract.ts';
import { scripts } from '../pod/scripts.ts';
import { BUILD_OPTIONS, buildContext, gitFacts } from './build-context.ts';
import { parseVariables } from './dotenv.ts';
import { flag, list, one, type Option, type Values } from './options.ts';
import { check, choose, readPipelineFile, report } from './pipeline-file.ts';
import { DEFAULT_FILE } from './pipeline-files.ts';
import { EXIT, UsageError, type Terminal } from './usage.ts';
import { workingTreeRoot } from './working-tree.ts';

export const STAGE_OPTIONS: readonly Option[] = [
  {
    name: 'pipeline',
    value: 'NAME',
    help: 'which pipeline of the file (the only one, or `default`)',
  },
  { name: 'include', value: 'STEPS', many: true, help: 'run only these steps and services' },
  { name: 'exclude', value: 'STEPS', many: true, help: 'leave these steps and services out' },
  { name: 'secret-file', value: 'FILE', help: 'secrets as NAME=VALUE lines' },
  { name: 'env-file', value: 'FILE', help: 'variables for all steps as NAME=VALUE lines' },
  { name: 'clone', help: 'run the clone step; without it the working tree is the workspace' },
  ...BUILD_OPTIONS,
  {
    name: 'coordinator-image',
    value: 'IMAGE',
    help: `static busybox (${DEFAULT_COORDINATOR_IMAGE})`,
  },
  { name: 'clone-image', value: 'IMAGE', help: `image of the clone step (${DEFAULT_CLONE_IMAGE})` },
];

export interface StageInput {
  /** All but what only the cluster knows: namespace and security level. */
  readonly input: Omit<CompileInput, 'namespace' | 'options'> & {
    readonly options: Omit<CompileInput['options'], 'security'>;
  };
  readonly folder: string;
}

/** Prints what is wrong with the file; `undefined` where it cannot be used. */
export async function stageInput(
  values: Values,
  positionals: readonly string[],
  terminal: Terminal,
  clock: { readonly now: number; readonly id: string },
): Promise<StageInput | undefined> {
  if (positionals.length > 1) {
    throw new UsageError('more than one file was named', 'name one pipeline file');
  }
  const file = positionals[0] ?? DEFAULT_FILE;
  const source = await readPipelineFile(file);
  const folder = await workingTreeRoot(file === '-' ? process.cwd() : dirname(resolve(file)));
  const [git, environment, secrets] = await Promise.all([
    gitFacts(folder),
    variablesOf(values, 'env-file'),
    variablesOf(values, 'secret-file'),
  ]);
  const named = one(values, 'pipeline');
  const context = buildContext(values, git, folder, named ?? '', clock.now);
  const variables = substitutionVariables(context, { now: clock.now, global: environment });
  const checked = check(source, { trusted: context.repo.trusted, variables });
  if (report(checked, file, terminal) === EXIT.invalid) return undefined;
  const pipeline = choose(checked.documents, named);

  const include = list(values, 'include');
  const exclude = list(values, 'exclude');
  const names = [...pipeline.services, ...pipeline.steps].map((step) => step.name);
  for (const name of [...include, ...exclude]) {
    if (!names.includes(name)) {
      throw new UsageError(`the pipeline has no step "${name}"`, `it has: ${names.join(', ')}`);
    }
  }
  const stage = { ...context.stage, name: pipeline.name || 'default' };
  return {
    folder,
    input: {
      pipeline,
      context: { ...context, stage },
      now: clock.now,
      name: `drone-exec-${clock.id}`,
      labels: { [LABEL_ORIGIN]: 'exec' },
      runner: withoutRunner(pipeline),
      secrets: new Map([...secrets].map(([name, value]) => [name.toLowerCase(), value])),
      globalEnvironment: flag(values, 'clone') ? environment : withSafeDirectory(environment),
      scripts: scripts(),
      options: {
        workspace: flag(values, 'clone') ? 'clone' : 'upload',
        include,
        exclude,
        coordinatorImage: one(values, 'coordinator-image') ?? DEFAULT_COORDINATOR_IMAGE,
        cloneImage: one(values, 'clone-image') ?? DEFAULT_CLONE_IMAGE,
        privilegedImages: [],
      },
    },
  };
}

/** Throws a UsageError for a stage that no API server would take. */
export function compileChecked(input: CompileInput): CompiledStage {
  const stage = compileStage(input);
  const problem = tooLarge(stage);
  if (problem !== undefined) {
    throw new UsageError(problem.message, problem.fix, 'stage-too-large');
  }
  return stage;
}

/** The tree was unpacked by one user, and steps may run as another: git would refuse to work. */
const withSafeDirectory = (environment: ReadonlyMap<string, string>): Map<string, string> =>
  new Map([
    ['GIT_CONFIG_COUNT', '1'],
    ['GIT_CONFIG_KEY_0', 'safe.directory'],
    ['GIT_CONFIG_VALUE_0', '*'],
    ...environment,
  ]);

async function variablesOf(values: Values, option: string): Promise<Map<string, string>> {
  const file = one(values, option);
  if (file === undefined) return new Map();
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UsageError(`cannot read ${file}`, `give --${option} a file that is there`);
  });
  return parseVariables(text, file);
}
