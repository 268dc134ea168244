/** What the runner is given is what the runner understands. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { OWN_VARIABLES } from '../../infra/constructs/variables.ts';
import type { Environment } from '../../infra/environments/settings.ts';
import type { Autoscaler } from '../../infra/environments/settings-capacity.ts';
import { loadConfig } from '../../runtime/config/load.ts';
import { namespaceOf } from '../../runtime/config/namespace.ts';
import { choosePolicy } from '../../runtime/config/policy.ts';
import type { DaemonConfig } from '../../runtime/config/types.ts';
import { GROUPS } from '../../runtime/config/variables.ts';
import { at } from '../cluster/json.ts';
import { environmentOf, everything, object, objects } from './support.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drone-kube-configuration-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The configuration of a daemon that gets the two ConfigMaps, as it reads them. */
async function configOf(environment: Environment): Promise<DaemonConfig> {
  const manifests = objects(environment);
  const data = (name: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(Object(at(object(manifests, 'ConfigMap', name), 'data'))).map(
        ([key, value]) => [key, String(value)],
      ),
    );
  for (const [name, text] of Object.entries(data('drone-kube-policies'))) {
    await writeFile(join(folder, name), text);
  }
  const variables = Object.entries(data('drone-kube-configuration')).map(([name, value]) => [
    name,
    value.replace('/etc/drone-kube/', `${folder}/`),
  ]);
  const loaded = loadConfig({ ...Object.fromEntries(variables), DRONE_RPC_SECRET: 'secret' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.warnings).toEqual([]);
  return loaded.config;
}

const build = (repo: string, event = 'push') => ({
  action: '',
  branch: 'main',
  cron: '',
  event,
  instance: '',
  ref: 'refs/heads/main',
  repo,
  target: '',
});

/** Where a stage runs whose pipeline asks for this namespace. */
function where(config: DaemonConfig, repo: string, wanted = '', event = 'push'): string {
  const policy = choosePolicy(config.policies, build(repo, event));
  const found = namespaceOf({
    pipeline: wanted,
    policy: policy?.namespace ?? '',
    fallback: config.namespaces.default,
    rules: config.namespaces.rules,
    slug: repo,
    temporary: 'drone-made-for-it',
  });
  return 'refusal' in found ? found.refusal.code : found.name;
}

test('everything that can be set is understood', async () => {
  const config = await configOf(everything);
  expect(config.rpc.server).toBe('https://drone.example.com');
  expect(config.kube.namespace).toBe('drone-system');
  expect(config.dashboard.address.port).toBe(3000);
  expect(Object.fromEntries(config.defaults.labels)).toEqual({
    'kueue.x-k8s.io/queue-name': 'builds',
  });
  expect(config.resources.request).toEqual({ cpu: 500, memory: 512 * 2 ** 20 });
});

test('variables that are made of settings exist', () => {
  const known = GROUPS.flatMap(({ variables }) => variables.map(({ name }) => name));
  for (const name of OWN_VARIABLES.keys()) expect(known).toContain(name);
});

describe('a stage runs', () => {
  test.each<[string, string, string, string, string]>([
    ['platform/app', '', 'push', 'drone-trusted', 'of a trusted repository'],
    ['platform/app', '', 'pull_request', 'drone-untrusted', 'of a pull request'],
    ['octocat/hello', '', 'push', 'drone-untrusted', 'of any other repository'],
    ['octocat/hello', 'drone-trusted', 'push', 'namespace-restricted', 'that wants more'],
    [
      'octocat/hello',
      'drone-system',
      'push',
      'drone-untrusted',
      'that wants the one of the runner',
    ],
    ['octocat/hello', 'drone-', 'push', 'namespace-restricted', 'that wants one of its own'],
    ['octocat/hello', 'kube-system', 'push', 'drone-untrusted', 'that wants one of the cluster'],
    ['lab/try', '', 'push', 'drone-made-for-it', 'with a namespace of its own'],
  ])('%s, namespace "%s", event %s: in %s', async (repo, wanted, event, expected) => {
    expect(where(await configOf(everything), repo, wanted, event)).toBe(expected);
  });

  test('with pull requests where those are trusted', async () => {
    const trusted = { repos: ['platform/*'], pullRequests: true };
    const config = await configOf(environmentOf({ trusted }));
    expect(where(config, 'platform/app', '', 'pull_request')).toBe('drone-trusted');
  });

  test('on the nodes for builds, whatever the pipeline says', async () => {
    const nodes = {
      selector: { pool: 'builds' },
      tolerations: [{ key: 'builds', value: 'yes', effect: 'NoSchedule' as const }],
    };
    const config = await configOf(environmentOf({ untrusted: { nodes } }));
    const policy = choosePolicy(config.policies, build('octocat/hello'));
    expect(Object.fromEntries(policy?.nodeSelector ?? [])).toEqual(nodes.selector);
    expect(policy?.tolerations).toMatchObject([{ key: 'builds', value: 'yes', operator: 'Equal' }]);
    const without = choosePolicy((await configOf(environmentOf())).policies, build('a/b'));
    expect(without?.nodeSelector?.size).toBe(0);
  });
});

describe('what a pipeline may use, and how urgent its stage is', () => {
  const environment = environmentOf({
    trusted: { repos: ['platform/*'], allow: ['priority_class', 'runtime_class'] },
    untrusted: { runtimeClass: 'gvisor' },
  });
  const policyOf = async (repo: string, event: string) =>
    choosePolicy((await configOf(environment)).policies, build(repo, event));

  test.each<[string, string, string, readonly string[]]>([
    ['platform/app', 'push', 'drone-kube-default', ['priority_class', 'runtime_class']],
    ['platform/app', 'promote', 'drone-kube-interactive', ['priority_class', 'runtime_class']],
    ['platform/app', 'cron', 'drone-kube-batch', ['priority_class', 'runtime_class']],
    ['platform/app', 'pull_request', 'drone-kube-default', []],
    ['octocat/hello', 'push', 'drone-kube-default', []],
    ['octocat/hello', 'cron', 'drone-kube-batch', []],
    ['octocat/hello', 'promote', 'drone-kube-default', []],
  ])('%s, event %s: %s', async (repo, event, priorityClass, allow) => {
    expect(await policyOf(repo, event)).toMatchObject({ priorityClass, allow });
  });

  test('only classes that the admission rules take', async () => {
    expect(await policyOf('platform/app', 'push')).toMatchObject({
      priorityClasses: ['drone-kube-interactive', 'drone-kube-default', 'drone-kube-batch'],
      runtimeClass: '',
      runtimeClasses: [],
    });
    expect(await policyOf('octocat/hello', 'push')).toMatchObject({ runtimeClass: 'gvisor' });
    const name = 'drone-kube-untrusted';
    const rules = object(objects(environment), 'ValidatingAdmissionPolicy', name);
    expect(JSON.stringify(rules)).toContain("['gvisor']");
  });

  test('a trusted repository has what leads out of no Pod, where nobody says otherwise', async () => {
    const config = await configOf(environmentOf({ trusted: { repos: ['platform/*'] } }));
    const { allow } = choosePolicy(config.policies, build('platform/app')) ?? {};
    expect(allow).toContain('workspace');
    expect(allow).not.toContain('privileges');
    expect(allow).not.toContain('workspace_claim');
  });
});

test.each<[Autoscaler, string, string]>([
  [
    { kind: 'cluster-autoscaler', version: '1.35' },
    'cluster-autoscaler.kubernetes.io/safe-to-evict',
    'false',
  ],
  [
    { kind: 'cluster-autoscaler', version: '1.36' },
    'cluster-autoscaler.kubernetes.io/safe-to-evict',
    'on-completion',
  ],
  [{ kind: 'karpenter', version: '1.9' }, 'karpenter.sh/do-not-disrupt', 'true'],
  [{ kind: 'karpenter', version: '1.12' }, 'karpenter.sh/do-not-disrupt', '2h30m'],
])('stages tell %j to let them finish', async (autoscaler, annotation, value) => {
  const disruption = { autoscaler, descheduler: true };
  const stage = { timeoutMinutes: 90 };
  const config = await configOf(environmentOf({ disruption, stage }));
  expect(Object.fromEntries(config.defaults.annotations)).toEqual({
    [annotation]: value,
    'descheduler.alpha.kubernetes.io/prefer-no-eviction': 'true',
  });
});
