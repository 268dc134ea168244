import { describe, expect, test } from '@jest/globals';
import { POD_SECURITY_LEVELS } from '../../policies/pod-security.ts';
import { at } from '../cluster/json.ts';
import { environmentOf, object, objects } from './support.ts';

describe('the namespaces', () => {
  test.each(POD_SECURITY_LEVELS)('one for trusted repositories may enforce %s', (podSecurity) => {
    const manifests = objects(environmentOf({ trusted: { repos: ['a/b'], podSecurity } }));
    const { labels } = object(manifests, 'Namespace', 'drone-trusted').metadata;
    expect(labels['pod-security.kubernetes.io/enforce']).toBe(podSecurity);
    for (const mode of ['enforce', 'audit', 'warn']) {
      expect(labels[`pod-security.kubernetes.io/${mode}-version`]).toMatch(/^v1\.\d+$/);
    }
  });

  test.each([
    ['drone-system', 'restricted'],
    ['drone-untrusted', 'baseline'],
  ])('%s enforces %s', (name, level) => {
    const { labels } = object(objects(), 'Namespace', name).metadata;
    expect(labels['pod-security.kubernetes.io/enforce']).toBe(level);
  });

  test('are never deleted by a machine', () => {
    const namespaces = objects().filter(({ kind }) => kind === 'Namespace');
    expect(namespaces).toHaveLength(2);
    for (const { metadata } of namespaces) {
      expect(metadata.annotations).toMatchObject({
        'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
        'argocd.argoproj.io/compare-options': 'IgnoreExtraneous',
        'kustomize.toolkit.fluxcd.io/prune': 'disabled',
      });
    }
  });
});

describe('the bounds', () => {
  const manifests = objects(
    environmentOf({
      untrusted: {
        quota: { pods: 7, cpu: '6', memory: '5Gi', perPriority: { batch: 3 } },
        container: { cpu: '2', memory: '1Gi', ephemeralStorage: '4Gi' },
      },
    }),
  );
  const hard = (name: string): unknown =>
    object(manifests, 'ResourceQuota', name, 'drone-untrusted')['spec'];

  test('on all stages together', () => {
    expect(hard('builds')).toEqual({
      hard: {
        pods: '7',
        'requests.cpu': '6',
        'requests.memory': '5Gi',
        'services.loadbalancers': '0',
        'services.nodeports': '0',
      },
    });
  });

  test('on those of one PriorityClass', () => {
    const scope = (values: readonly string[]): object => ({
      matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values }],
    });
    expect(hard('builds-batch')).toEqual({
      hard: { pods: '3' },
      scopeSelector: scope(['drone-kube-batch']),
    });
    expect(hard('not-for-builds')).toEqual({
      hard: { pods: '0' },
      scopeSelector: scope(['drone-kube-runner', 'drone-kube-balloon']),
    });
  });

  test('on each container, without requests that nobody asked for', () => {
    const most = { cpu: '2', memory: '1Gi', 'ephemeral-storage': '4Gi' };
    const none = { cpu: '0', memory: '0', 'ephemeral-storage': '0' };
    expect(object(manifests, 'LimitRange', 'builds')['spec']).toEqual({
      limits: [{ type: 'Container', max: most, default: most, defaultRequest: none }],
    });
  });

  test('are told to the admission rules', () => {
    const policy = object(manifests, 'ValidatingAdmissionPolicy', 'drone-kube-untrusted');
    const text = JSON.stringify(policy['spec']);
    for (const parameter of [
      'system:serviceaccount:drone-system:drone-kube',
      '1Gi',
      'drone-kube-interactive',
      'drone-kube-default',
      'drone-kube-batch',
    ]) {
      expect(text).toContain(parameter);
    }
    expect(text).not.toContain('drone-kube-runner');
  });
});

test('the admission rules of a namespace are bound to it alone', () => {
  const manifests = objects(environmentOf({ trusted: { repos: ['a/b'] } }));
  const bound = ['trusted', 'untrusted'].map((trust) => {
    const name = `drone-kube-${trust}`;
    const binding = object(manifests, 'ValidatingAdmissionPolicyBinding', name);
    expect(at(binding, 'spec', 'policyName')).toBe(name);
    return at(
      binding,
      'spec',
      'matchResources',
      'namespaceSelector',
      'matchExpressions',
      '0',
      'values',
    );
  });
  expect(bound).toEqual([['drone-trusted'], ['drone-untrusted']]);
});

test('their parameters can be given, where no setting makes them', () => {
  const manifests = objects(
    environmentOf({ untrusted: { admission: { images: ['registry.example.com/ci'] } } }),
  );
  const policy = object(manifests, 'ValidatingAdmissionPolicy', 'drone-kube-untrusted');
  expect(JSON.stringify(policy)).toContain('registry.example.com/ci');
});

test('builds throw nobody out of the cluster, and are thrown out after the balloon', () => {
  const classes = objects().filter(({ kind }) => kind === 'PriorityClass');
  const values = Object.fromEntries(
    classes.map((each) => [
      each.metadata.name.replace('drone-kube-', ''),
      [each['value'], each['preemptionPolicy']],
    ]),
  );
  expect(values).toEqual({
    runner: [1_000_000, 'PreemptLowerPriority'],
    interactive: [100, 'PreemptLowerPriority'],
    default: [0, 'PreemptLowerPriority'],
    batch: [-5, 'PreemptLowerPriority'],
    balloon: [-10, 'Never'],
  });
  expect(classes.every((each) => each['globalDefault'] === false)).toBe(true);
});
