import { describe, expect, test } from '@jest/globals';
import { parsePolicies } from '../../../runtime/config/policy-file.ts';
import { choosePolicy, podSettings } from '../../../runtime/config/policy.ts';
import type { Policy } from '../../../runtime/config/types.ts';
import type { BuildInputs } from '../../../runtime/pipeline/conditions.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { pipelineOf } from '../support.ts';
import { buildOf, configOf } from './helpers.ts';

const OCTOCAT = 'name: octocat\nmatch:\n  repo: octocat/*\n';
const TAGS = 'name: tags\nmatch:\n  event: tag\n';
const ALL = 'name: all\n';
const DEFAULT = 'name: default\nmatch:\n  repo: none/at-all\n';

describe('the policy of a build', () => {
  test.each<[string, string[], Partial<BuildInputs>, string | undefined]>([
    ['none at all', [], {}, undefined],
    ['none that matches', [TAGS], {}, undefined],
    ['the first that matches', [TAGS, OCTOCAT, ALL], {}, 'octocat'],
    ['the order counts', [ALL, OCTOCAT], {}, 'all'],
    ['all conditions count', [`${OCTOCAT}  event: tag\n`, ALL], {}, 'all'],
    ['an exclusion', ['name: a\nmatch:\n  event: { exclude: [push] }\n', ALL], {}, 'all'],
    ['the default', [DEFAULT, TAGS], {}, 'default'],
    ['the default, only if nothing else matches', [DEFAULT, OCTOCAT], {}, 'octocat'],
    ['a slip matches everything', ['name: slip\nmatch:\n  repos: [x/*]\n', ALL], {}, 'slip'],
    ['the status does not count', ['name: a\nmatch:\n  status: failure\n', ALL], {}, 'a'],
    ['the instance', ['name: a\nmatch:\n  instance: ci.*\n'], { instance: 'ci.org' }, 'a'],
  ])('%s', (_, documents, build, expected) => {
    const { policies } = parsePolicies(documents.join('---\n'));
    expect(choosePolicy(policies, buildOf(build))?.name).toBe(expected);
  });
});

const policyOf = (text: string): Policy => {
  const [policy] = parsePolicies(text).policies;
  if (policy === undefined) throw new Error('no policy');
  return policy;
};

const map = (entries: Record<string, string>): ReadonlyMap<string, string> =>
  new Map(Object.entries(entries));

describe('what it does to the Pod', () => {
  const config = configOf({
    DRONE_LABELS_DEFAULT: 'a:default,b:default',
    DRONE_ANNOTATIONS_DEFAULT: 'a:default',
    DRONE_NODE_SELECTOR_DEFAULT: 'disk:default',
    DRONE_SERVICE_ACCOUNT_DEFAULT: 'default-account',
    DRONE_RESOURCE_LIMIT_CPU: '1000',
  });
  const toleration = {
    key: 'a',
    operator: 'Exists',
    value: '',
    effect: '',
    tolerationSeconds: undefined,
  };
  const pipeline = pipelineOf({
    nodeSelector: map({ disk: 'pipeline' }),
    serviceAccountName: 'pipeline-account',
    tolerations: [toleration],
    resources: { requests: { cpu: 700, memory: 0 }, limits: { cpu: 0, memory: 0 } },
  });
  const FULL = `
metadata:
  labels: { b: policy }
  annotations: { a: policy }
node_selector: { zone: policy }
service_account: policy-account
tolerations: [{ key: policy }]
resources:
  request: { memory: 1GiB }
  limit: { cpu: 2000, memory: 2GiB }
`;

  test.each<[string, Pipeline, string | undefined, object]>([
    [
      'the defaults alone',
      pipelineOf({}),
      undefined,
      {
        labels: { below: map({ a: 'default', b: 'default' }), above: map({}) },
        annotations: { below: map({ a: 'default' }), above: map({}) },
        nodeSelector: map({ disk: 'default' }),
        serviceAccountName: 'default-account',
        tolerations: [],
        resources: {
          request: { cpu: 100, memory: 104_857_600 },
          limit: { cpu: 1000, memory: 0 },
        },
      },
    ],
    [
      'the pipeline goes over them',
      pipeline,
      undefined,
      {
        nodeSelector: map({ disk: 'pipeline' }),
        serviceAccountName: 'pipeline-account',
        tolerations: [toleration],
        resources: {
          request: { cpu: 700, memory: 104_857_600 },
          limit: { cpu: 1000, memory: 0 },
        },
      },
    ],
    [
      'a policy goes over both',
      pipeline,
      FULL,
      {
        labels: { below: map({ a: 'default', b: 'default' }), above: map({ b: 'policy' }) },
        annotations: { below: map({ a: 'default' }), above: map({ a: 'policy' }) },
        nodeSelector: map({ zone: 'policy' }),
        serviceAccountName: 'policy-account',
        tolerations: [{ ...toleration, key: 'policy', operator: '' }],
        resources: {
          request: { cpu: 700, memory: 1024 ** 3 },
          limit: { cpu: 2000, memory: 2 * 1024 ** 3 },
        },
      },
    ],
    [
      'what a policy leaves out stays',
      pipeline,
      'name: a\n',
      {
        nodeSelector: map({ disk: 'pipeline' }),
        serviceAccountName: 'pipeline-account',
        tolerations: [toleration],
      },
    ],
    ['an empty selector is one', pipeline, 'node_selector: {}\n', { nodeSelector: map({}) }],
    ['empty tolerations are none', pipeline, 'tolerations: []\n', { tolerations: [toleration] }],
  ])('%s', (_, ofPipeline, policy, expected) => {
    const found = policy === undefined ? undefined : policyOf(policy);
    expect(podSettings(ofPipeline, found, config)).toMatchObject(expected);
  });

  test('0 asks for nothing', () => {
    const nothing = configOf({
      DRONE_RESOURCE_REQUEST_CPU: '0',
      DRONE_RESOURCE_REQUEST_MEMORY: '0',
    });
    expect(podSettings(pipelineOf({}), undefined, nothing).resources.request).toEqual({
      cpu: 0,
      memory: 0,
    });
  });
});
