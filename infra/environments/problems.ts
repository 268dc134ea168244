/** What is wrong with the settings, said before anything is written. */
import { POD_SECURITY_LEVELS } from '../../policies/pod-security.ts';
import type { Environment, Quota, Subject } from './settings.ts';

export interface Problem {
  /** Stable: a code keeps its meaning for ever. */
  readonly code: string;
  /** The setting, from the name of the environment on: `dev.execAccess.namespace`. */
  readonly path: string;
  /** What is wrong, one sentence without a full stop. */
  readonly message: string;
  /** What to write instead, one sentence without a full stop. */
  readonly fix: string;
}

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

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_FIX =
  'take at most 63 lower-case letters, digits and dashes, with no dash at either end';
const CPU = /^[1-9]\d*m?$/;
const MEMORY = /^[1-9]\d*([kMGT]|[KMGT]i)?$/;

/** Groups and users that Kubernetes itself gives to everybody, or to every Pod of the cluster. */
const EVERYBODY: ReadonlySet<string> = new Set([
  'system:anonymous',
  'system:authenticated',
  'system:serviceaccounts',
  'system:unauthenticated',
]);

/** All problems of all environments, in the order of the settings. Empty where all is well. */
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

function* environmentProblems({ name, execAccess }: Environment): Generator<Problem> {
  const path = `${name}.execAccess`;
  if (!DNS_LABEL.test(name)) {
    yield {
      code: 'settings-environment-name',
      path: name,
      message: `"${name}" cannot be the name of an environment`,
      fix: LABEL_FIX,
    };
  }
  const { namespace, podSecurity, subjects, quota } = execAccess;
  if (!DNS_LABEL.test(namespace)) {
    yield {
      code: 'settings-namespace-name',
      path: `${path}.namespace`,
      message: `"${namespace}" cannot be the name of a namespace`,
      fix: LABEL_FIX,
    };
  } else if (namespace === 'default' || namespace.startsWith('kube-')) {
    yield {
      code: 'settings-namespace-reserved',
      path: `${path}.namespace`,
      message: `pipelines must not run in "${namespace}", which belongs to the cluster`,
      fix: 'give a namespace made for pipelines alone',
    };
  }
  // Types are not checked by whoever runs the sources without `tsc`, and a level that the API
  // server does not know would be refused at deployment only.
  if (!POD_SECURITY_LEVELS.includes(podSecurity)) {
    yield {
      code: 'settings-pod-security',
      path: `${path}.podSecurity`,
      message: `"${podSecurity}" is no Pod Security level`,
      fix: `write one of ${POD_SECURITY_LEVELS.join(', ')}`,
    };
  }
  yield* subjectProblems(subjects, `${path}.subjects`);
  yield* quotaProblems(quota, `${path}.quota`);
}

function* subjectProblems(subjects: readonly Subject[], path: string): Generator<Problem> {
  if (subjects.length === 0) {
    yield {
      code: 'settings-subjects-empty',
      path,
      message: 'nobody may run pipelines here',
      fix: "add a group or a user, as in {kind: 'Group', name: 'developers'}",
    };
  }
  for (const [index, { kind, name }] of subjects.entries()) {
    const own = `${path}[${index}].name`;
    if (name.trim() === '') {
      yield {
        code: 'settings-subject-name',
        path: own,
        message: `the ${kind.toLowerCase()} has no name`,
        fix: 'write the name as the authentication of the cluster gives it',
      };
    } else if (EVERYBODY.has(name)) {
      yield {
        code: 'settings-subject-everybody',
        path: own,
        message: `"${name}" is everybody, and who may create Pods may run any program`,
        fix: 'name the groups and users who are meant',
      };
    }
    if (subjects.findIndex((other) => other.kind === kind && other.name === name) < index) {
      yield {
        code: 'settings-subject-twice',
        path: own,
        message: `the ${kind.toLowerCase()} "${name}" stands here twice`,
        fix: 'remove one of the two',
      };
    }
  }
}

function* quotaProblems({ pods, cpu, memory }: Quota, path: string): Generator<Problem> {
  if (!Number.isSafeInteger(pods) || pods < 1) {
    yield {
      code: 'settings-quota-pods',
      path: `${path}.pods`,
      message: `${pods} is no number of Pods that lets a stage run`,
      fix: 'write a whole number of at least 1',
    };
  }
  if (!CPU.test(cpu)) {
    yield {
      code: 'settings-quota-cpu',
      path: `${path}.cpu`,
      message: `"${cpu}" is no amount of CPU`,
      fix: 'write whole cores or millicores above zero, as in 8 or 500m',
    };
  }
  if (!MEMORY.test(memory)) {
    yield {
      code: 'settings-quota-memory',
      path: `${path}.memory`,
      message: `"${memory}" is no amount of memory`,
      fix: 'write bytes above zero with a suffix, as in 16Gi or 500M',
    };
  }
}
