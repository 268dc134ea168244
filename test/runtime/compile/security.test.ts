import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import type { Container, EphemeralContainer } from '../../../runtime/compile/objects.ts';
import type { CompileInput } from '../../../runtime/compile/types.ts';
import { inputOf, pipelineOf, serviceOf, stepOf } from '../support.ts';
import { restrictedViolations } from './restricted.ts';

const EVERY_KIND = pipelineOf({
  services: [serviceOf({ name: 'db', image: 'postgres' })],
  steps: [
    stepOf({ name: 'test' }),
    stepOf({ name: 'own-user', user: 2000, group: 3000 }),
    stepOf({ name: 'background', detach: true }),
    stepOf({ name: 'publish', image: 'plugins/docker', commands: [] }),
    stepOf({ name: 'asks', privileged: true }),
  ],
  volumes: [
    {
      name: 'cache',
      source: { kind: 'temp', medium: 'memory', sizeLimit: 0 },
      position: { line: 1, column: 1, length: 1 },
    },
  ],
});

function violations(options: Partial<CompileInput['options']>): string[] {
  const { pod, ephemerals } = compileStage(inputOf({ pipeline: EVERY_KIND, options }));
  return restrictedViolations(pod, [...ephemerals.values()]);
}

describe('Pod Security `restricted`', () => {
  test.each([
    ['clone', 'drone/git:latest'],
    ['clone', 'example.com/own/clone:1'],
    ['upload', 'drone/git:latest'],
  ] as const)(
    'no container breaks it (workspace by %s, clone image %s)',
    (workspace, cloneImage) => {
      expect(violations({ security: 'restricted', workspace, cloneImage })).toEqual([]);
    },
  );

  test('the rules would be broken elsewhere', () => {
    expect(violations({ security: 'default' })).toEqual(
      expect.arrayContaining([
        '1-clone: runAsNonRoot',
        '2-db: seccompProfile',
        '6-publish: privileged',
        '7-asks: privileged',
      ]),
    );
  });

  test('a step keeps the user that it names, others get one that is not root', () => {
    const { pod } = compileStage(
      inputOf({ pipeline: EVERY_KIND, options: { security: 'restricted' } }),
    );
    expect(users(pod.spec.containers)).toEqual({
      coordinator: [1000, undefined],
      '1-clone': [1000, undefined],
      '2-db': [1000, undefined],
      '3-test': [1000, undefined],
      '4-own-user': [2000, 3000],
      '5-background': [1000, undefined],
      '7-asks': [1000, undefined],
    });
  });
});

const users = (containers: readonly Container[]): Record<string, unknown> =>
  Object.fromEntries(
    containers.map(({ name, securityContext }) => [
      name,
      [securityContext?.runAsUser, securityContext?.runAsGroup],
    ]),
  );

describe('elsewhere', () => {
  const compiled = compileStage(inputOf({ pipeline: EVERY_KIND }));
  const containers = new Map<string, EphemeralContainer>(
    compiled.pod.spec.containers.map((container) => [container.name, container]),
  );
  for (const added of compiled.ephemerals.values()) containers.set(added.name, added);

  test.each([
    ['1-clone', undefined],
    ['2-db', undefined],
    ['3-test', undefined],
    ['4-own-user', { runAsUser: 2000, runAsGroup: 3000 }],
    ['6-publish', { privileged: true }],
    ['7-asks', { privileged: true }],
  ])('the security context of %s is %j', (name, expected) => {
    expect(containers.get(name)?.securityContext).toEqual(expected);
  });

  test.each([
    ['clone', 1000],
    ['upload', 0],
  ] as const)(
    'the coordinator of a workspace by %s is user %i, without any capability',
    (workspace, user) => {
      const { pod } = compileStage(inputOf({ options: { workspace } }));
      expect(pod.spec.containers[0]?.securityContext).toMatchObject({
        runAsUser: user,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    },
  );

  test('more images may run privileged', () => {
    const pipeline = pipelineOf({
      services: [serviceOf({ name: 'docker', image: 'docker:dind' })],
    });
    const { pod } = compileStage(inputOf({ pipeline, options: { privilegedImages: ['docker'] } }));
    expect(pod.spec.containers[2]).toMatchObject({
      name: '2-docker',
      securityContext: { privileged: true },
    });
  });
});

test.each([
  ['', false],
  ['deployer', true],
])('a Pod with the service account "%s" gets a token: %s', (serviceAccountName, token) => {
  const { spec } = compileStage(inputOf({ pipeline: pipelineOf({ serviceAccountName }) })).pod;
  expect([spec.automountServiceAccountToken, spec['serviceAccountName']]).toEqual([
    token,
    serviceAccountName || undefined,
  ]);
});
