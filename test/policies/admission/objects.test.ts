import { describe, expect, test } from '@jest/globals';
import {
  ADMISSION_RULES,
  admissionObjects,
  admissionProblems,
  type AdmissionInput,
  type AdmissionParameters,
} from '../../../policies/admission/index.ts';
import { RUNNER } from './pods.ts';
import { PLACES } from './places.ts';

const inputOf = (input: Partial<AdmissionInput> = {}): AdmissionInput => ({
  name: 'builds',
  trust: 'untrusted',
  namespaces: ['a', 'b'],
  runner: RUNNER,
  ...input,
});

/** By name. */
const variables = (input: Partial<AdmissionInput> = {}): ReadonlyMap<string, string> => {
  const [policy] = admissionObjects(inputOf(input));
  const { spec }: { spec: { variables: { name: string; expression: string }[] } } = JSON.parse(
    JSON.stringify(policy),
  );
  expect(new Set(spec.variables.map(({ name }) => name)).size).toBe(spec.variables.length);
  return new Map(spec.variables.map(({ name, expression }) => [name, expression]));
};

describe('the objects', () => {
  test('a policy that refuses what it cannot evaluate, bound to the namespaces by their names', () => {
    expect(admissionObjects(inputOf())).toMatchObject([
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'builds' },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: {
            resourceRules: [
              {
                operations: ['CREATE', 'UPDATE'],
                resources: ['pods', 'pods/ephemeralcontainers', 'pods/resize'],
              },
            ],
          },
        },
      },
      {
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'builds' },
        spec: {
          policyName: 'builds',
          validationActions: ['Deny', 'Audit'],
          matchResources: {
            namespaceSelector: {
              matchExpressions: [
                { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['a', 'b'] },
              ],
            },
          },
        },
      },
    ]);
  });

  test('the same for the same input', () => {
    expect(JSON.stringify(admissionObjects(inputOf()))).toBe(
      JSON.stringify(admissionObjects(inputOf())),
    );
  });

  test('trusted repositories are spared the rules for untrusted ones only', () => {
    const [found, all] = (['trusted', 'untrusted'] as const).map((trust) => [
      ...variables({ trust }).keys(),
    ]);
    expect(all?.filter((name) => found?.includes(name) !== true)).toEqual(['found_token']);
    expect(all?.filter((name) => name.startsWith('found_'))).toHaveLength(ADMISSION_RULES.length);
  });

  test('parameters are variables, whatever is in them', () => {
    const found = variables({
      parameters: { creators: ["o'neill\\"], requests: PARTS, deadlineSeconds: 60 },
    });
    expect(Object.fromEntries(found)).toMatchObject({
      creators: String.raw`['system:serviceaccount:drone:drone-runner', 'o\'neill\\']`,
      serviceAccounts: "['default']",
      privileged: 'false',
      secrets: '[]',
      memoryVolume: "quantity('0')",
      requests:
        "{'cpu': quantity('1'), 'memory': quantity('2Gi'), 'ephemeral-storage': quantity('3Gi')}",
      deadlineSeconds: '60',
    });
  });
});

const PARTS = { cpu: '1', memory: '2Gi', 'ephemeral-storage': '3Gi' };

describe('parameters', () => {
  const problems = (
    parameters: Partial<AdmissionParameters>,
    trust: AdmissionInput['trust'] = 'trusted',
  ): readonly string[] =>
    admissionProblems(inputOf({ trust, parameters })).map(
      ({ path, message }) => `${path} ${message}`,
    );

  test.each(Object.values(PLACES))('of the samples are sound', ({ parameters, trust }) => {
    expect(problems(parameters, trust)).toEqual([]);
  });

  test.each<[Partial<AdmissionParameters>, string]>([
    [{ requests: { ...PARTS, cpu: 'much' } }, 'requests.cpu "much" is no quantity'],
    [{ limits: { ...PARTS, memory: '-1' } }, 'limits.memory "-1" is no quantity'],
    [{ memoryVolume: '' }, 'memoryVolume "" is no quantity'],
    [{ images: [''] }, 'images has an entry that is empty or has a space in it'],
    [{ claims: ['a b'] }, 'claims has an entry that is empty or has a space in it'],
    [
      { tolerations: ['node-role.kubernetes.io/control-plane'] },
      'tolerations lets builds run where node-role.kubernetes.io/control-plane keeps them off',
    ],
    [{ deadlineSeconds: 1.5 }, 'deadlineSeconds 1.5 is no time to live'],
  ])('%j', (parameters, expected) => {
    expect(problems(parameters)).toEqual([expected]);
  });

  test('what Drone gives to trusted repositories alone is refused for others', () => {
    const open = {
      privileged: true,
      hostPaths: ['/'],
      claims: ['a'],
      configMaps: ['a'],
      secrets: ['a'],
      memoryVolume: '1Mi',
    };
    expect(problems(open)).toEqual([]);
    expect(problems(open, 'untrusted').map((text) => text.split(' ')[0])).toEqual(
      Object.keys(open),
    );
  });
});
