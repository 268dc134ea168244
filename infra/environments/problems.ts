/** What is wrong with the settings, all of it, said before anything is written. */
import { buildProblems } from './problems-builds.ts';
import { capacityProblems } from './problems-capacity.ts';
import { execAccessProblems } from './problems-exec-access.ts';
import { gitopsProblems } from './problems-gitops.ts';
import { networkProblems } from './problems-network.ts';
import { runnerProblems } from './problems-runner.ts';
import { withDefaults } from './defaults.ts';
import type { Environment, Namespaces } from './settings.ts';
import { at, isDnsLabel, LABEL_FIX, wrongImage, wrongNamespace, type Problem } from './values.ts';

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(lines).join('\n'));
    this.problems = problems;
  }
}

const lines = ({ path, message, code, fix }: Problem): string =>
  `${path}: error: ${message} [${code}]\n  fix: ${fix}`;

/** All problems of all environments. Empty where all is well. */
export const settingsProblems = (environments: readonly Environment[]): readonly Problem[] => [
  ...environments.flatMap((environment, index) =>
    environments.findIndex(({ name }) => name === environment.name) < index
      ? [
          {
            code: 'settings-environment-twice',
            path: environment.name,
            message: 'another environment has this name, and would be overwritten in the output',
            fix: 'give each environment a name of its own',
          },
        ]
      : [],
  ),
  ...environments.flatMap((environment) => [...environmentProblems(environment)]),
];

function* environmentProblems(environment: Environment): Generator<Problem> {
  const { name, instance = 'drone-kube' } = environment;
  if (!isDnsLabel(name)) {
    yield {
      code: 'settings-environment-name',
      path: name,
      message: `"${name}" cannot be the name of an environment`,
      fix: LABEL_FIX,
    };
  }
  if (!isDnsLabel(instance) || instance.length > 30) {
    yield {
      code: 'settings-instance',
      path: `${name}.instance`,
      message: `"${instance}" cannot begin the names of objects`,
      fix: 'take at most 30 lower-case letters, digits and dashes, with no dash at either end',
    };
  }
  const deployment = withDefaults(environment);
  yield* at(`${name}.image`, wrongImage(environment.image));
  yield* namespaceProblems(deployment.namespaces, environment);
  for (const [priority, value] of Object.entries(deployment.priorities)) {
    if (Number.isInteger(value) && value >= -10 && value <= 1_000_000_000) continue;
    yield {
      code: 'settings-priority',
      path: `${name}.priorities.${priority}`,
      message: `${value} is no priority that works: autoscalers ignore Pods below -10`,
      fix: 'write a whole number from -10 to 1000000000',
    };
  }
  yield* runnerProblems(deployment);
  yield* buildProblems(deployment);
  yield* networkProblems(deployment);
  yield* capacityProblems(deployment);
  yield* gitopsProblems(deployment);
  if (environment.execAccess !== undefined) {
    yield* execAccessProblems(environment.execAccess, `${name}.execAccess`);
  }
}

function* namespaceProblems(
  namespaces: Readonly<Record<keyof Namespaces, string>>,
  { name, execAccess }: Environment,
): Generator<Problem> {
  const all = Object.entries(namespaces);
  for (const [index, [key, namespace]] of all.entries()) {
    const path = `${name}.namespaces.${key}`;
    yield* at(path, wrongNamespace(namespace));
    const twice = all.findIndex((other) => other[1] === namespace) < index;
    if (!twice && namespace !== execAccess?.namespace) continue;
    yield {
      code: 'settings-namespace-twice',
      path,
      message: `"${namespace}" has another use already`,
      fix: 'give each use a namespace of its own: who may create Pods in one can read its Secrets',
    };
  }
}
