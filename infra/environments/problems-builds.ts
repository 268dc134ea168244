/** What is wrong with the namespaces of builds. */
import { admissionProblems } from '../../policies/admission/index.ts';
import { SWITCH_NAMES } from '../../policies/pipeline/policies.ts';
import { admissionInput } from '../constructs/admission.ts';
import type { BuildNamespace, Deployment } from './defaults.ts';
import { wrongPodSecurity } from './problems-exec-access.ts';
import { bytes, isCpu, isMemory, millicores } from './quantities.ts';
import type { Stage } from './settings.ts';
import { BUILD_PRIORITIES, type Nodes } from './settings-builds.ts';
import {
  at,
  wrongCount,
  wrongCpu,
  wrongLabels,
  wrongMemory,
  wrongName,
  wrongPods,
  wrongRepos,
  type Problem,
} from './values.ts';

export function* buildProblems(deployment: Deployment): Generator<Problem> {
  const own = [...namespaceProblemsOf(deployment)];
  yield* own;
  // The parameters follow from the settings: one mistake is told once.
  if (own.length === 0) yield* admissionProblemsOf(deployment);
}

function* admissionProblemsOf(deployment: Deployment): Generator<Problem> {
  for (const builds of [deployment.untrusted, deployment.trusted]) {
    if (builds === undefined) continue;
    for (const problem of admissionProblems(admissionInput(deployment, builds))) {
      const { code, message, fix } = problem;
      const path = `${deployment.name}.${builds.trust}.admission.${problem.path}`;
      yield { code, path, message: `\`${problem.path}\` ${message}`, fix };
    }
  }
}

function* namespaceProblemsOf(deployment: Deployment): Generator<Problem> {
  const { name, untrusted, trusted, temporaryNamespaces, stage } = deployment;
  yield* namespaceProblems(untrusted, `${name}.untrusted`, stage);
  if (untrusted.podSecurity === 'privileged') {
    yield {
      code: 'settings-untrusted-privileged',
      path: `${name}.untrusted.podSecurity`,
      message: 'anybody who can open a pull request could take over the nodes of the cluster',
      fix: 'write baseline or restricted, and name the repositories that need more under trusted',
    };
  }
  if (trusted !== undefined) {
    yield* namespaceProblems(trusted, `${name}.trusted`, stage);
    yield* at(`${name}.trusted.repos`, wrongRepos(trusted.repos));
  }
  if (temporaryNamespaces !== undefined) {
    yield* at(`${name}.temporaryNamespaces.repos`, wrongRepos(temporaryNamespaces.repos));
  }
}

function* namespaceProblems(
  { podSecurity, quota, container, nodes, allow, runtimeClass }: BuildNamespace,
  path: string,
  stage: Required<Stage>,
): Generator<Problem> {
  yield* at(`${path}.podSecurity`, wrongPodSecurity(podSecurity));
  if (runtimeClass !== '') yield* at(`${path}.runtimeClass`, wrongName(runtimeClass));
  const unknown = allow.find((name) => !SWITCH_NAMES.includes(name));
  if (unknown !== undefined) {
    yield {
      code: 'settings-allow',
      path: `${path}.allow`,
      message: `"${unknown}" is no switch of a policy`,
      fix: `write some of ${SWITCH_NAMES.join(', ')}`,
    };
  }
  yield* at(`${path}.quota.pods`, wrongPods(quota.pods));
  yield* at(`${path}.quota.cpu`, wrongCpu(quota.cpu));
  yield* at(`${path}.quota.memory`, wrongMemory(quota.memory));
  for (const priority of BUILD_PRIORITIES) {
    const pods = quota.perPriority[priority];
    if (pods !== undefined) yield* at(`${path}.quota.perPriority.${priority}`, wrongCount(pods, 0));
  }
  yield* at(`${path}.container.memory`, wrongMemory(container.memory));
  yield* at(`${path}.container.ephemeralStorage`, wrongMemory(container.ephemeralStorage));
  if (container.cpu !== undefined) yield* at(`${path}.container.cpu`, wrongCpu(container.cpu));
  const { cpu = '' } = container;
  // The request of a stage stands on one of its containers.
  if (isCpu(cpu) && isCpu(stage.cpu) && millicores(stage.cpu) > millicores(cpu)) {
    yield tooSmall(`${path}.container.cpu`, cpu, stage.cpu);
  }
  if (isMemory(container.memory) && isMemory(stage.memory)) {
    if (bytes(stage.memory) > bytes(container.memory)) {
      yield tooSmall(`${path}.container.memory`, container.memory, stage.memory);
    }
  }
  if (nodes !== undefined) yield* nodeProblems(nodes, `${path}.nodes`);
}

const tooSmall = (path: string, limit: string, request: string): Problem => ({
  code: 'settings-container-limit',
  path,
  message: `${limit} is less than the ${request} that a stage requests, so none could run`,
  fix: 'raise the limit, or lower the request under stage',
});

export function* nodeProblems(
  { selector, tolerations = [] }: Nodes,
  path: string,
): Generator<Problem> {
  yield* at(`${path}.selector`, wrongLabels(selector));
  for (const [index, { key, value = '' }] of tolerations.entries()) {
    const own = `${path}.tolerations[${index}]`;
    yield* at(own, wrongLabels({ [key]: value }));
    if (key === 'karpenter.sh/disrupted' || key.startsWith('node-role.kubernetes.io/')) {
      yield {
        code: 'settings-toleration',
        path: `${own}.key`,
        message: `builds must not tolerate ${key}`,
        fix: 'give the nodes for builds a taint of their own',
      };
    }
  }
}
