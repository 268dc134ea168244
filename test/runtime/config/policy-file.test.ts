import { describe, expect, test } from '@jest/globals';
import { parsePolicies } from '../../../runtime/config/policy-file.ts';
import { brief } from '../pipeline/helpers.ts';

describe('the policy file', () => {
  test('every key', () => {
    const text = `
kind: policy
name: deployments
match:
  repo: octocat/*
  event: { exclude: [pull_request] }
metadata:
  namespace: drone-
  labels: { team: platform }
  annotations: { example.com/owner: any text }
resources:
  request: { cpu: 500, memory: 1GiB }
  limit: { cpu: 2000, memory: 1024 }
node_selector: { disk: ssd }
service_account: deployer
tolerations:
- { key: a, operator: Equal, value: b, effect: NoExecute, toleration_seconds: 60 }
- { operator: Exists }
allow: [affinity, workspace]
priority_class: builds
priority_classes: [builds, batch]
runtime_class: gvisor
runtime_classes: []
`;
    expect(parsePolicies(text)).toEqual({
      diagnostics: [],
      policies: [
        {
          name: 'deployments',
          match: {
            repo: { include: ['octocat/*'], exclude: [] },
            event: { include: [], exclude: ['pull_request'] },
          },
          namespace: 'drone-',
          labels: new Map([['team', 'platform']]),
          annotations: new Map([['example.com/owner', 'any text']]),
          request: { cpu: 500, memory: 1024 ** 3 },
          limit: { cpu: 2000, memory: 1024 },
          nodeSelector: new Map([['disk', 'ssd']]),
          serviceAccount: 'deployer',
          tolerations: [
            { key: 'a', operator: 'Equal', value: 'b', effect: 'NoExecute', tolerationSeconds: 60 },
            { key: '', operator: 'Exists', value: '', effect: '', tolerationSeconds: undefined },
          ],
          allow: ['affinity', 'workspace'],
          priorityClass: 'builds',
          priorityClasses: ['builds', 'batch'],
          runtimeClass: 'gvisor',
          runtimeClasses: [],
        },
      ],
    });
  });

  test('a policy that sets nothing', () => {
    expect(parsePolicies('name: default\n').policies).toEqual([
      {
        name: 'default',
        match: {},
        namespace: '',
        labels: new Map(),
        annotations: new Map(),
        request: { cpu: 0, memory: 0 },
        limit: { cpu: 0, memory: 0 },
        nodeSelector: undefined,
        serviceAccount: '',
        tolerations: [],
        allow: undefined,
        priorityClass: '',
        priorityClasses: undefined,
        runtimeClass: '',
        runtimeClasses: undefined,
      },
    ]);
  });

  test('an empty file has no policies', () => {
    expect(parsePolicies('# nothing yet\n')).toEqual({ policies: [], diagnostics: [] });
  });

  test.each([
    ['no list', '- a\n', ['1:1 error type-map']],
    ['no YAML', 'a: [\n', ['1:4 error yaml-unclosed']],
    ['millicores', 'resources:\n  request:\n    cpu: 500m\n', ['3:10 error type-int']],
    ['plural keys', 'resources:\n  requests:\n    cpu: 500\n', ['2:3 warning type-unknown-key']],
    ['a slip', 'node_selectr: {}\n', ['1:1 warning type-unknown-key']],
    ['a label', 'metadata:\n  labels:\n    a: b c\n', ['3:5 error policy-name']],
    ['an annotation', 'metadata:\n  annotations:\n    -a: b\n', ['3:5 error policy-name']],
    ['a namespace', 'metadata:\n  namespace: A\n', ['2:14 error policy-name']],
    ['a selector', 'node_selector:\n  a: b c\n', ['2:3 error policy-name']],
    ['a service account', 'service_account: A\n', ['1:18 error policy-name']],
    ['the other key', 'tolerations:\n- tolerationseconds: 1\n', ['2:3 warning type-unknown-key']],
  ])('%s', (_, text, expected) => {
    expect(parsePolicies(text).diagnostics.map(brief)).toEqual(expected);
  });

  test.each([
    ['no match', 'name: a\n---\nname: b\n', ['1:7 warning policy-matches-all']],
    ['an empty match', 'match: {}\n---\nname: b\n', ['1:8 warning policy-matches-all']],
    [
      'conditions that no runner looks at',
      'match:\n  paths: [x]\n---\nname: b\n---\nname: c\n',
      ['2:3 warning policy-matches-all', '4:7 warning policy-matches-all'],
    ],
    ['the last one may', 'match:\n  repo: x/*\n---\nname: b\n', []],
  ])('a policy that hides those below it: %s', (_, text, expected) => {
    expect(parsePolicies(text).diagnostics.map(brief)).toEqual(expected);
  });
});
