/** What is wrong with the namespace of people. */
import { POD_SECURITY_LEVELS, type PodSecurityLevel } from '../../policies/pod-security.ts';
import type { ExecAccess, Subject } from './settings.ts';
import {
  at,
  wrongCpu,
  wrongMemory,
  wrongNamespace,
  wrongPods,
  type Problem,
  type Wrong,
} from './values.ts';

/** Groups and users that Kubernetes itself gives to everybody, or to every Pod of the cluster. */
const EVERYBODY: ReadonlySet<string> = new Set([
  'system:anonymous',
  'system:authenticated',
  'system:serviceaccounts',
  'system:unauthenticated',
]);

export function* execAccessProblems(
  { namespace, podSecurity, subjects, quota }: ExecAccess,
  path: string,
): Generator<Problem> {
  yield* at(`${path}.namespace`, wrongNamespace(namespace));
  yield* at(`${path}.podSecurity`, wrongPodSecurity(podSecurity));
  yield* subjectProblems(subjects, `${path}.subjects`);
  yield* at(`${path}.quota.pods`, wrongPods(quota.pods));
  yield* at(`${path}.quota.cpu`, wrongCpu(quota.cpu));
  yield* at(`${path}.quota.memory`, wrongMemory(quota.memory));
}

// Types are not checked by whoever runs the sources without `tsc`, and a level that the API
// server does not know would be refused at deployment only.
export const wrongPodSecurity = (level: PodSecurityLevel): Wrong | undefined =>
  POD_SECURITY_LEVELS.includes(level)
    ? undefined
    : {
        code: 'settings-pod-security',
        message: `"${level}" is no Pod Security level`,
        fix: `write one of ${POD_SECURITY_LEVELS.join(', ')}`,
      };

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
