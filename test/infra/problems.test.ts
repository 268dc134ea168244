import { describe, expect, test } from '@jest/globals';
import { settingsProblems } from '../../infra/environments/problems.ts';
import type { Environment, ExecAccess, Subject } from '../../infra/environments/settings.ts';
import type { Builds } from '../../infra/environments/settings-builds.ts';
import type { Opening } from '../../infra/environments/settings-network.ts';
import type { SecretReference } from '../../infra/environments/settings-secrets.ts';
import { environmentOf, everything, withAccess } from './support.ts';

const found = (...environments: readonly Environment[]): readonly string[] =>
  settingsProblems(environments).map(({ path, code }) => `${path} ${code}`);

const QUOTA = withAccess().execAccess.quota;
const group = (name: string): Subject => ({ kind: 'Group', name });
const gatewayAt = (
  url: string,
  opening: Opening = { namespace: 'monitoring' },
): Partial<Environment> => ({ reaper: { pushgateway: { url, opening } } });
// What reaches the check of somebody who runs the sources without a type check.
const unknownSwitch: Builds = JSON.parse('{"allow": ["workspaces"]}');
const untyped: Partial<ExecAccess> = JSON.parse('{"podSecurity": "strict"}');

describe('settings in order', () => {
  test.each<Partial<ExecAccess>>([
    {},
    { podSecurity: 'restricted' },
    { podSecurity: 'privileged' },
    { namespace: 'a' },
    { namespace: `a${'-'.repeat(61)}b` },
    { subjects: [group('developers'), { kind: 'User', name: 'developers' }] },
    { subjects: [group('oidc:team/one'), group('system:serviceaccounts:tools')] },
    { quota: { pods: 1, cpu: '500m', memory: '1000000' } },
    { quota: { pods: 1, cpu: '16', memory: '1T' } },
  ])('%j', (execAccess) => {
    expect(found(withAccess(execAccess))).toEqual([]);
  });
});

describe('each wrong setting is named by path and code', () => {
  test.each<[Partial<ExecAccess>, string]>([
    [{ namespace: '' }, 'namespace settings-namespace-name'],
    [{ namespace: 'Pipelines' }, 'namespace settings-namespace-name'],
    [{ namespace: 'pipelines-' }, 'namespace settings-namespace-name'],
    [{ namespace: 'p'.repeat(64) }, 'namespace settings-namespace-name'],
    [{ namespace: 'default' }, 'namespace settings-namespace-reserved'],
    [{ namespace: 'kube-system' }, 'namespace settings-namespace-reserved'],
    [untyped, 'podSecurity settings-pod-security'],
    [{ subjects: [] }, 'subjects settings-subjects-empty'],
    [{ subjects: [group('a'), group(' ')] }, 'subjects[1].name settings-subject-name'],
    [{ subjects: [group('a'), group('a')] }, 'subjects[1].name settings-subject-twice'],
    [{ subjects: [group('system:authenticated')] }, 'subjects[0].name settings-subject-everybody'],
    [
      { subjects: [{ kind: 'User', name: 'system:anonymous' }] },
      'subjects[0].name settings-subject-everybody',
    ],
    [{ quota: { ...QUOTA, pods: 0 } }, 'quota.pods settings-quota-pods'],
    [{ quota: { ...QUOTA, pods: 1.5 } }, 'quota.pods settings-quota-pods'],
    [{ quota: { ...QUOTA, cpu: '0' } }, 'quota.cpu settings-quota-cpu'],
    [{ quota: { ...QUOTA, cpu: '8 cores' } }, 'quota.cpu settings-quota-cpu'],
    [{ quota: { ...QUOTA, memory: '16GB' } }, 'quota.memory settings-quota-memory'],
    [{ quota: { ...QUOTA, memory: '100m' } }, 'quota.memory settings-quota-memory'],
  ])('%j', (execAccess, problem) => {
    expect(found(withAccess(execAccess))).toEqual([`staging.execAccess.${problem}`]);
  });

  test('the name of an environment names a folder', () => {
    expect(found(environmentOf({ name: '../dev' }))).toEqual(['../dev settings-environment-name']);
  });

  test('two environments of one name', () => {
    expect(found(environmentOf(), environmentOf({ name: 'dev' }), environmentOf())).toEqual([
      'staging settings-environment-twice',
    ]);
  });

  test('all at once', () => {
    expect(
      found(withAccess({ namespace: 'default' }, 'a'), withAccess({ subjects: [] }, 'b')),
    ).toEqual([
      'a.execAccess.namespace settings-namespace-reserved',
      'b.execAccess.subjects settings-subjects-empty',
    ]);
  });
});

test('everything switched on is in order', () => {
  expect(found(everything)).toEqual([]);
});

const SECRET = { kind: 'existing', name: 'rpc', key: 'secret' } as const;
const EXTERNAL = {
  kind: 'external-secrets',
  name: 'rpc',
  key: 'secret',
  store: { kind: 'SecretStore', name: 'vault' },
  remote: { key: 'rpc' },
} as const;
const NETWORK = environmentOf().network;
const GITOPS = environmentOf().gitops;
const drone = (rpcSecret: SecretReference, host = 'drone.example.com') => ({ host, rpcSecret });

describe('a wrong setting of the deployment is named by path and code', () => {
  test.each<[Partial<Environment>, ...string[]]>([
    [{ instance: 'a'.repeat(31) }, 'instance settings-instance'],
    [{ image: 'registry.example.com/runner' }, 'image settings-image'],
    [{ image: 'registry.example.com/runner:latest' }, 'image settings-image'],
    [{ namespaces: { system: 'kube-system' } }, 'namespaces.system settings-namespace-reserved'],
    [
      { namespaces: { untrusted: 'drone-system' } },
      'namespaces.untrusted settings-namespace-twice',
    ],
    [{ priorities: { balloon: -11 } }, 'priorities.balloon settings-priority'],
    [{ drone: drone(SECRET, 'https://drone') }, 'drone.host settings-host'],
    [{ runner: { replicas: 0 } }, 'runner.replicas settings-count'],
    [{ runner: { capacity: 1.5 } }, 'runner.capacity settings-count'],
    [{ runner: { labels: { 'a b': 'c' } } }, 'runner.labels settings-label'],
    [{ runner: { memory: '1Gi' } }, 'runner.memoryLimit settings-memory-limit'],
    [
      { runner: { environment: { DRONE_RPC_HOST: 'x' } } },
      'runner.environment.DRONE_RPC_HOST settings-variable-taken',
    ],
    [
      { runner: { environment: { DRONE_UI_PASSWORD: 'x' } } },
      'runner.environment.DRONE_UI_PASSWORD settings-variable-secret',
    ],
    [{ runner: { environment: { 'A-B': 'x' } } }, 'runner.environment.A-B settings-variable-name'],
    [{ reaper: { schedule: 'hourly' } }, 'reaper.schedule settings-schedule'],
    [gatewayAt('pushgateway:9091'), 'reaper.pushgateway.url settings-address'],
    [gatewayAt('http://me:secret@gateway'), 'reaper.pushgateway.url settings-address'],
    [
      gatewayAt('http://gateway', { cidr: '169.254.169.254/32' }),
      'reaper.pushgateway.opening.cidr settings-opening-closed',
    ],
    [{ stage: { memory: '5Gi' } }, 'untrusted.container.memory settings-container-limit'],
    [
      { untrusted: { container: { cpu: '100m' } } },
      'untrusted.container.cpu settings-container-limit',
    ],
    [{ untrusted: { runtimeClass: 'gVisor' } }, 'untrusted.runtimeClass settings-object-name'],
    [{ untrusted: unknownSwitch }, 'untrusted.allow settings-allow'],
    [
      { untrusted: { podSecurity: 'privileged' } },
      'untrusted.podSecurity settings-untrusted-privileged',
    ],
    [
      { untrusted: { admission: { hostPaths: ['/var'] } } },
      'untrusted.admission.hostPaths admission-parameter',
    ],
    [{ trusted: { repos: [] } }, 'trusted.repos settings-repos-empty'],
    [{ trusted: { repos: ['**/*'] } }, 'trusted.repos settings-repos-everybody'],
    [{ trusted: { repos: ['platform'] } }, 'trusted.repos settings-repos-glob'],
    [
      {
        untrusted: {
          nodes: {
            selector: {},
            tolerations: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }],
          },
        },
      },
      'untrusted.nodes.tolerations[0].key settings-toleration',
    ],
    [{ network: { ...NETWORK, apiServer: [] } }, 'network.apiServer settings-api-server'],
    [{ network: { ...NETWORK, drone: [] } }, 'network.drone settings-drone-closed'],
    [
      { network: { ...NETWORK, git: [{ cidr: '10.0.0.0/33' }] } },
      'network.git[0].cidr settings-cidr',
    ],
    [
      { network: { ...NETWORK, builds: [{ cidr: '169.254.169.254/32' }] } },
      'network.builds[0].cidr settings-opening-closed',
    ],
    [
      { network: { ...NETWORK, builds: [{ cidr: '10.96.0.1/32' }] } },
      'network.builds[0].cidr settings-opening-closed',
    ],
    [
      { network: { ...NETWORK, git: [{ cidr: '10.96.0.1/32', ports: [22, 443] }] } },
      'network.git[0].cidr settings-opening-closed',
    ],
    [
      { network: { ...NETWORK, builds: [{ namespace: 'cache', ports: [0] }] } },
      'network.builds[0].ports settings-port',
    ],
    [{ capacity: { kind: 'buffer', stages: 1 } }, 'capacity.kind settings-capacity-buffer'],
    [
      {
        capacity: {
          kind: 'balloon',
          stages: 1,
          windows: [{ name: 'day', schedule: '0 7 * * *', hours: 0, stages: 1 }],
        },
      },
      'capacity.windows[0].hours settings-window-hours',
    ],
    [
      { disruption: { autoscaler: { kind: 'karpenter', version: 'v1' } } },
      'disruption.autoscaler.version settings-autoscaler-version',
    ],
    [{ warmUp: { images: [] } }, 'warmUp.images settings-warm-up-empty'],
    [{ kueue: { queue: 'a queue' } }, 'kueue.queue settings-object-name'],
    [
      { gitops: { ...GITOPS, repository: 'git.example.com/ci' } },
      'gitops.repository settings-gitops-repository',
    ],
    [
      { gitops: { ...GITOPS, repository: 'https://me:pass@git.example.com/ci' } },
      'gitops.repository settings-gitops-password',
    ],
    [{ drone: drone({ ...SECRET, kind: 'sops' }) }, 'drone.rpcSecret.kind settings-secret-sops'],
    [
      { drone: drone({ ...SECRET, kind: 'sealed-secrets', encrypted: 'hunter2' }) },
      'drone.rpcSecret.encrypted settings-secret-sealed',
    ],
    [
      { drone: drone(SECRET), runner: { secretEnvironment: { DRONE_UI_PASSWORD: EXTERNAL } } },
      'runner.secretEnvironment.DRONE_UI_PASSWORD settings-secret-sources',
    ],
  ])('%j', (settings, ...problems) => {
    expect(found(environmentOf(settings))).toEqual(problems.map((problem) => `staging.${problem}`));
  });

  test('and never shows what might be a secret', () => {
    const problems = settingsProblems([
      environmentOf({
        drone: drone({ ...SECRET, kind: 'sealed-secrets', encrypted: 'hunter2' }),
        runner: { environment: { DRONE_UI_PASSWORD: 'hunter2' } },
      }),
    ]);
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });
});
