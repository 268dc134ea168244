import { describe, expect, test } from '@jest/globals';
import { rulesFor, violations, type Trust } from '../../../policies/admission/index.ts';
import { policyFile, type PipelinePolicies } from '../../../policies/pipeline/index.ts';
import { choosePolicy, podSettings } from '../../../runtime/config/policy.ts';
import { parsePolicies } from '../../../runtime/config/policy-file.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { buildOf, configOf } from '../../runtime/config/helpers.ts';
import { pipelineOf } from '../../runtime/support.ts';
import { asJson, compiled, creation, STEP } from '../admission/pods.ts';
import { parametersAt } from '../admission/places.ts';

const NOTHING = { cpu: 0, memory: 0 };

const POLICIES: PipelinePolicies = {
  trusted: { namespace: 'builds', repos: ['octocat/*'] },
  untrusted: { namespace: 'builds-untrusted' },
};

const textOf = (policies: PipelinePolicies): string => {
  const { text, diagnostics } = policyFile(policies);
  expect(diagnostics).toEqual([]);
  return text;
};

describe('the file', () => {
  test('reads as a person would write it', () => {
    expect(textOf(POLICIES)).toBe(`kind: policy
name: trusted
match:
  repo:
    - octocat/*
  event:
    exclude:
      - pull_request
metadata:
  namespace: builds
resources:
  limit:
    cpu: 8000
    memory: 17179869184
allow:
  - priority_class
  - node_selector
  - affinity
  - resources
  - security_context
  - workspace
---
kind: policy
name: default
metadata:
  namespace: builds-untrusted
resources:
  request:
    cpu: 500
    memory: 1073741824
  limit:
    cpu: 2000
    memory: 4294967296
allow: []
`);
  });

  test('every key is read back by the runner as it was meant', () => {
    const text = textOf({
      untrusted: {
        namespace: 'builds',
        request: { cpu: 1 },
        limit: { memory: 2 },
        labels: { team: 'yes' },
        annotations: { 'example.com/a': '0755' },
        nodeSelector: {},
        tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'on', effect: 'NoSchedule' }],
        serviceAccount: 'deployer',
        allow: ['workspace'],
        priorities: { default: 'builds' },
        priorityClasses: ['builds', 'batch'],
        runtimeClass: 'gvisor',
        runtimeClasses: ['gvisor'],
      },
    });
    expect(parsePolicies(text).policies).toEqual([
      {
        name: 'default',
        match: {},
        namespace: 'builds',
        request: { cpu: 1, memory: 0 },
        limit: { cpu: 0, memory: 2 },
        labels: new Map([['team', 'yes']]),
        annotations: new Map([['example.com/a', '0755']]),
        nodeSelector: new Map(),
        tolerations: [
          {
            key: 'dedicated',
            operator: 'Equal',
            value: 'on',
            effect: 'NoSchedule',
            tolerationSeconds: undefined,
          },
        ],
        serviceAccount: 'deployer',
        allow: ['workspace'],
        priorityClass: 'builds',
        priorityClasses: ['builds', 'batch'],
        runtimeClass: 'gvisor',
        runtimeClasses: ['gvisor'],
      },
    ]);
  });

  test.each<[string, PipelinePolicies, string]>([
    [
      'no repository is trusted, which would be all of them',
      { ...POLICIES, trusted: { namespace: 'builds', repos: [], pullRequests: true } },
      'policy-matches-all',
    ],
    ['no namespace', { untrusted: { namespace: 'Builds' } }, 'policy-name'],
  ])('what the runner would say is told: %s', (_, policies, code) => {
    expect(policyFile(policies).diagnostics.map((diagnostic) => diagnostic.code)).toEqual([code]);
  });
});

describe('a build', () => {
  const policies = parsePolicies(textOf(POLICIES)).policies;
  test.each([
    ['a push of a trusted repository', {}, 'builds'],
    ['a pull request of one', { event: 'pull_request' }, 'builds-untrusted'],
    ['a push of another repository', { repo: 'somebody/else' }, 'builds-untrusted'],
    ['of an owner with a like name', { repo: 'octocat2/hello' }, 'builds-untrusted'],
  ])('%s', (_, build, namespace) => {
    expect(choosePolicy(policies, buildOf(build))?.namespace).toBe(namespace);
  });

  test('a pull request of a trusted repository, where that is wanted', () => {
    const text = textOf({
      ...POLICIES,
      trusted: { namespace: 'builds', repos: ['octocat/*'], pullRequests: true },
    });
    const chosen = choosePolicy(parsePolicies(text).policies, buildOf({ event: 'pull_request' }));
    expect(chosen?.namespace).toBe('builds');
  });
});

describe('the priority of a build', () => {
  const { policies } = parsePolicies(
    textOf({
      trusted: {
        namespace: 'builds',
        repos: ['octocat/*'],
        priorities: { interactive: 'first', batch: 'last', default: 'middle' },
      },
      untrusted: { namespace: 'others', priorities: { batch: 'last' } },
    }),
  );
  test.each([
    ['push', 'octocat/hello', 'builds', 'middle'],
    ['tag', 'octocat/hello', 'builds', 'middle'],
    ['promote', 'octocat/hello', 'builds', 'first'],
    ['rollback', 'octocat/hello', 'builds', 'first'],
    ['custom', 'octocat/hello', 'builds', 'first'],
    ['cron', 'octocat/hello', 'builds', 'last'],
    ['pull_request', 'octocat/hello', 'others', ''],
    ['cron', 'somebody/else', 'others', 'last'],
    ['promote', 'somebody/else', 'others', ''],
  ])('%s of %s', (event, repo, namespace, priorityClass) => {
    expect(choosePolicy(policies, buildOf({ event, repo }))).toMatchObject({
      namespace,
      priorityClass,
    });
  });
});

test.each<[Trust, Partial<Pipeline>, readonly string[]]>([
  ['trusted', {}, []],
  ['untrusted', {}, []],
  // The request of the policy goes over the one of the pipeline.
  ['untrusted', { resources: { requests: { cpu: 64_000, memory: 2 ** 40 }, limits: NOTHING } }, []],
  [
    'trusted',
    { resources: { requests: { cpu: 64_000, memory: 2 ** 40 }, limits: NOTHING } },
    ['requests'],
  ],
  ['untrusted', { serviceAccountName: 'deployer' }, ['service-account', 'token']],
])('%s: what the policies make of %j meets the admission rules', (trust, keys, expected) => {
  const { policies } = parsePolicies(textOf(POLICIES));
  const policy = policies.find(({ name }) => (name === 'trusted') === (trust === 'trusted'));
  const pipeline = pipelineOf({ steps: [STEP], ...keys });
  const settings = podSettings(pipeline, policy, configOf({}));
  const pod = asJson(compiled(pipeline, { runner: { settings } }).pod);
  const found = violations(creation(pod), rulesFor(trust), parametersAt(trust));
  expect(found.map(({ rule }) => rule.id)).toEqual(expected);
});
