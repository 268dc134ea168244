import { describe, expect, test } from '@jest/globals';
import { admissionObjects } from '../../policies/admission/index.ts';
import { boundNamespaces, manifestViolations, type Manifest } from '../../policies/manifests.ts';
import { PolicyValidation, type Context } from '../../policies/plugin.ts';
import { RUNNER } from './admission/pods.ts';

const privileged = { containers: [{ name: 'a', securityContext: { privileged: true } }] };
const plain = { containers: [{ name: 'a', image: 'busybox' }] };
const object = (kind: string, spec?: object, namespace = 'drone'): Manifest => ({
  kind,
  metadata: { name: 'x', namespace },
  ...(spec && { spec }),
});

describe('a manifest', () => {
  test.each([
    ['Pod', privileged, 'spec'],
    ['Deployment', { template: { spec: privileged } }, 'spec.template.spec'],
    [
      'CronJob',
      { jobTemplate: { spec: { template: { spec: privileged } } } },
      'spec.jobTemplate.spec.template.spec',
    ],
  ])('%s with a privileged container', (kind, spec, location) => {
    expect(manifestViolations(object(kind, spec), [])).toEqual([
      {
        code: 'admission-privileged',
        message: expect.stringMatching(/^container a: /),
        fix: expect.any(String),
        location,
      },
    ]);
  });

  test.each([
    ['a Pod like any other', object('Pod', plain)],
    ['a Pod with a token', object('Pod', { ...plain, automountServiceAccountToken: true })],
    ['an object without a Pod', object('ConfigMap')],
    ['an object with another template', object('X', { template: { metadata: {} } })],
  ])('%s', (_, manifest) => {
    expect(manifestViolations(manifest, [])).toEqual([]);
  });

  test('where stages run, nothing else is deployed', () => {
    const daemonSet = object('DaemonSet', { template: { spec: plain } }, 'builds');
    expect(manifestViolations(daemonSet, ['builds']).map(({ code }) => code)).toEqual([
      'admission-creator',
    ]);
  });
});

const bindingOf = (namespaces: readonly string[]): Manifest => {
  const [, binding] = admissionObjects({
    name: 'x',
    trust: 'untrusted',
    namespaces,
    runner: RUNNER,
  });
  return binding;
};

test('the namespaces of stages are those that our bindings name', () => {
  const others = [
    object('ValidatingAdmissionPolicyBinding', { policyName: 'x' }),
    object('ConfigMap'),
  ];
  expect(boundNamespaces([...others, bindingOf(['a', 'b'])])).toEqual(['a', 'b']);
});

/** Runs the plug-in as `cdk8s synth` does. */
async function report(
  files: Readonly<Record<string, readonly (object | null)[]>>,
): Promise<{ readonly violations: readonly unknown[]; readonly status: string }> {
  const violations: unknown[] = [];
  let status = '';
  const context: Context = {
    manifests: Object.keys(files),
    parseManifest: (path) => [...(files[path] ?? [])],
    report: {
      addViolation: (violation) => violations.push(violation),
      submit: (given) => {
        status = given;
      },
    },
  };
  await new PolicyValidation().validate(context);
  return { violations, status };
}

test('synth fails by a wrong Pod, and says where it is', async () => {
  const found = await report({
    'dist/a.yaml': [null, object('Deployment', { template: { spec: privileged } })],
    'dist/b.yaml': [bindingOf(['builds']), object('Pod', plain, 'builds')],
  });
  expect(found.status).toBe('failure');
  expect(found.violations).toMatchObject([
    {
      ruleName: 'admission-privileged',
      violatingResources: [
        { resourceName: 'x', locations: ['spec.template.spec'], manifestPath: 'dist/a.yaml' },
      ],
    },
    { ruleName: 'admission-creator', violatingResources: [{ manifestPath: 'dist/b.yaml' }] },
  ]);
});

test('synth goes on where all is well', async () => {
  expect(await report({ 'dist/a.yaml': [object('Pod', plain)] })).toEqual({
    violations: [],
    status: 'success',
  });
});
