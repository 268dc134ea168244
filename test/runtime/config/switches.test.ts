import { describe, expect, test } from '@jest/globals';
import { podSettings } from '../../../runtime/config/policy.ts';
import { parsePolicies } from '../../../runtime/config/policy-file.ts';
import { refuseKeys, SWITCH_NAMES, type Switch } from '../../../runtime/config/switches.ts';
import type { Policy } from '../../../runtime/config/types.ts';
import { brief, HEAD, pipelineOf } from '../pipeline/helpers.ts';
import { configOf, problemsOf } from './helpers.ts';

const withStage = (lines: string) =>
  pipelineOf(`${HEAD}kubernetes: {${lines}}\nsteps: [{name: a, image: b}]`);
const withStep = (lines: string) =>
  pipelineOf(`${HEAD}steps:\n- name: a\n  image: b\n  kubernetes: {${lines}}`);
const policyOf = (text: string): Policy | undefined => parsePolicies(text).policies[0];
const refused = (
  pipeline: ReturnType<typeof pipelineOf>,
  allow: readonly Switch[],
  policy?: string,
) =>
  refuseKeys({
    pipeline,
    allow,
    policy: policy === undefined ? undefined : policyOf(policy),
    slug: 'octocat/hello',
  });

/** Each use, and all switches that it needs. */
const USES: readonly (readonly [ReturnType<typeof pipelineOf>, readonly Switch[]])[] = [
  [withStage('priority_class: a'), ['priority_class']],
  [withStage('runtime_class: a'), ['runtime_class']],
  [withStage('node_selector: {a: b}'), ['node_selector']],
  [withStage('affinity: {}'), ['affinity']],
  [withStage('resources: {requests: {ephemeral_storage: 1}}'), ['resources']],
  [withStage('security_context: {fs_group: 1}'), ['security_context']],
  [
    withStage('security_context: {seccomp_profile: {type: Unconfined}}'),
    ['security_context', 'privileges'],
  ],
  [withStage('workspace: {size: 1}'), ['workspace']],
  [withStage('workspace: {size: 1, storage_class: a}'), ['workspace']],
  [withStage('workspace: {size: 1, medium: memory}'), ['workspace']],
  [withStage('workspace: {claim: a}'), ['workspace_claim']],
  [withStep('resources: {limits: {a.b/c: 1}}'), ['resources']],
  [withStep('security_context: {capabilities: {drop: [ALL]}}'), ['security_context']],
  [
    withStep('security_context: {capabilities: {add: [SYS_ADMIN]}}'),
    ['security_context', 'privileges'],
  ],
  [
    withStep('security_context: {seccomp_profile: {type: Unconfined}}'),
    ['security_context', 'privileges'],
  ],
];

describe('a key that is used', () => {
  test.each(USES)('%#: needs its switches and no other', (pipeline, needed) => {
    expect(refused(pipeline, needed)).toEqual([]);
    for (const missing of needed) {
      const found = refused(
        pipeline,
        SWITCH_NAMES.filter((name) => name !== missing),
      );
      expect(found.map(({ code, fix }) => [code, fix.includes(`\`${missing}\``)])).toEqual([
        ['key-not-allowed', true],
      ]);
    }
  });

  test('each switch is tried', () => {
    expect(new Set(USES.flatMap(([, needed]) => needed))).toEqual(new Set(SWITCH_NAMES));
  });

  test('a pipeline without any needs none', () => {
    expect(refused(pipelineOf(`${HEAD}steps: [{name: a, image: b}]`), [])).toEqual([]);
  });
});

test('the author learns which key, where, and whom to ask', () => {
  const [found] = refused(withStage('priority_class: a'), [], 'name: default\nallow: []\n');
  expect(found).toMatchObject({
    message: '`kubernetes.priority_class` is not allowed for octocat/hello on this runner',
    fix: 'remove it, or ask the operator of the runner to add `priority_class` to `allow` of the policy `default` (DRONE_POLICY_FILE)',
    position: { line: 3, column: 30 },
  });
  const [without] = refused(withStage('priority_class: a'), []);
  expect(without?.fix).toMatch(/to add `priority_class` to DRONE_KUBE_ALLOW$/);
});

describe('who decides', () => {
  const pipeline = withStage('priority_class: a');
  test.each<[string, string | undefined, readonly Switch[], number]>([
    ['nobody: off', undefined, [], 1],
    ['the variable', undefined, ['priority_class'], 0],
    ['the variable, where the policy is silent', 'name: a\n', ['priority_class'], 0],
    ['the policy goes over it', 'allow: []\n', ['priority_class'], 1],
    ['the policy alone', 'allow: [priority_class]\n', [], 0],
  ])('%s', (_, policy, allow, count) => {
    expect(refused(pipeline, allow, policy)).toHaveLength(count);
  });

  test('the variable is a list of switches', () => {
    expect(configOf({}).allow).toEqual([]);
    expect(configOf({ DRONE_KUBE_ALLOW: 'affinity, workspace' }).allow).toEqual([
      'affinity',
      'workspace',
    ]);
    expect(problemsOf({ DRONE_KUBE_ALLOW: 'afinity' })).toMatchObject([
      { code: 'config-list', variable: 'DRONE_KUBE_ALLOW', fix: 'did you mean affinity?' },
    ]);
  });
});

test.each<[string, string, number]>([
  ['priority_class: a', 'allow: [priority_class]', 0],
  ['priority_class: a', 'allow: [priority_class]\npriority_classes: [a, b]', 0],
  ['priority_class: a', 'allow: [priority_class]\npriority_classes: [b]', 1],
  ['priority_class: a', 'allow: [priority_class]\npriority_classes: []', 1],
  ['priority_class: system-node-critical', 'allow: [priority_class]', 1],
  ['priority_class: a', 'priority_classes: [a]', 1],
  ['runtime_class: a', 'allow: [runtime_class]', 0],
  ['runtime_class: a', 'allow: [runtime_class]\nruntime_classes: [b]', 1],
])('%s, %j', (key, policy, count) => {
  expect(refused(withStage(key), [], policy)).toHaveLength(count);
});

describe('what becomes of classes and nodes', () => {
  const settings = (file: string, policy: string | undefined, environment = {}) => {
    const found = policy === undefined ? undefined : policyOf(policy);
    return podSettings(pipelineOf(`${HEAD}${file}`), found, configOf(environment));
  };

  test.each<[string, string, string | undefined, string]>([
    ['nobody names one', '', undefined, ''],
    ['the policy', '', 'priority_class: p\nruntime_class: p', 'p'],
    ['the pipeline', 'kubernetes: {priority_class: k, runtime_class: k}', undefined, 'k'],
    [
      'the pipeline goes over the policy',
      'kubernetes: {priority_class: k, runtime_class: k}',
      'priority_class: p\nruntime_class: p',
      'k',
    ],
  ])('classes: %s', (_, file, policy, expected) => {
    const { priorityClassName, runtimeClassName } = settings(file, policy);
    expect([priorityClassName, runtimeClassName]).toEqual([expected, expected]);
  });

  const ARM = 'platform: {os: linux, arch: arm64}';
  const OWN = 'kubernetes: {node_selector: {a: kubernetes, b: kubernetes}}';
  test.each<[string, string, string | undefined, object]>([
    ['no platform is named', 'platform: {}', undefined, { d: 'runner' }],
    [
      'a platform',
      ARM,
      undefined,
      { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64', d: 'runner' },
    ],
    [
      'a selector that says otherwise',
      `${ARM}\nnode_selector: {kubernetes.io/arch: amd64}`,
      undefined,
      { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    ],
    [
      'a platform, and a policy that takes the selector away',
      ARM,
      'node_selector: {}',
      { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' },
    ],
    [
      'added to the one of the runner',
      OWN,
      undefined,
      { d: 'runner', a: 'kubernetes', b: 'kubernetes' },
    ],
    [
      'added to the one of the pipeline',
      `node_selector: {a: top, c: top}\n${OWN}`,
      undefined,
      { a: 'kubernetes', b: 'kubernetes', c: 'top' },
    ],
    [
      'added to the one of the policy, which stays',
      OWN,
      'node_selector: {a: policy}',
      { a: 'policy', b: 'kubernetes' },
    ],
  ])('nodes: %s', (_, file, policy, expected) => {
    const { nodeSelector } = settings(file, policy, { DRONE_NODE_SELECTOR_DEFAULT: 'd:runner' });
    expect(Object.fromEntries(nodeSelector)).toEqual(expected);
  });
});

test.each([
  ['a switch', 'allow: [prioritty_class]', '1:9 error type-value'],
  ['a class', 'priority_class: A', '1:17 error policy-name'],
  ['another class', 'runtime_class: A', '1:16 error policy-name'],
])('%s of the policy file', (_, text, expected) => {
  expect(parsePolicies(text).diagnostics.map(brief)).toEqual([expected]);
});
