import { describe, expect, test } from '@jest/globals';
import { at } from '../cluster/json.ts';
import { charts, environmentOf, everything, object, type Manifest } from './support.ts';

const made = charts(everything);
const all: readonly Manifest[] = Object.entries(made)
  .filter(([id]) => id !== 'argocd' && id !== 'flux')
  .flatMap(([, manifests]) => manifests);

describe('Argo CD', () => {
  const manifests = made['argocd'] ?? [];
  const project = object(manifests, 'AppProject', 'drone-kube-staging');

  test('may deploy every kind of object, and no other', () => {
    const allowed = new Set(
      ['clusterResourceWhitelist', 'namespaceResourceWhitelist'].flatMap((list) => {
        const kinds = at(project, 'spec', list);
        return (Array.isArray(kinds) ? kinds : []).map(
          (each: unknown) => `${String(at(each, 'group'))}/${String(at(each, 'kind'))}`,
        );
      }),
    );
    const needed = new Set(
      all.map(({ apiVersion, kind }) =>
        apiVersion.includes('/') ? `${apiVersion.split('/')[0]}/${kind}` : `/${kind}`,
      ),
    );
    expect([...allowed].sort()).toEqual([...needed].sort());
    expect(allowed).not.toContain('/Secret');
  });

  test('may deploy into our namespaces', () => {
    const server = 'https://kubernetes.default.svc';
    expect(at(project, 'spec', 'destinations')).toEqual(
      ['drone-system', 'drone-trusted', 'drone-untrusted', 'pipelines'].map((namespace) => ({
        server,
        namespace,
      })),
    );
  });

  test('has a destination that the project allows', () => {
    const destination = at(
      object(manifests, 'Application', 'drone-kube-staging'),
      'spec',
      'destination',
    );
    expect(at(project, 'spec', 'destinations')).toContainEqual(destination);
  });

  test('applies as the API server does, and looks for differences there', () => {
    const application = object(manifests, 'Application', 'drone-kube-staging');
    expect(application.metadata.annotations['argocd.argoproj.io/compare-options']).toBe(
      'ServerSideDiff=true',
    );
    expect(application).toMatchObject({
      spec: {
        project: 'drone-kube-staging',
        source: { path: 'dist/staging', targetRevision: 'main' },
        syncPolicy: {
          automated: { allowEmpty: false },
          syncOptions: expect.arrayContaining(['ServerSideApply=true']),
        },
      },
    });
  });

  test('brings namespaces and priorities first, and the runner when all is there', () => {
    const wave = (kind: string, name: string): number =>
      Number(object(all, kind, name).metadata.annotations['argocd.argoproj.io/sync-wave']);
    const runner = wave('Deployment', 'drone-kube');
    expect(wave('Namespace', 'drone-system')).toBe(0);
    expect(wave('PriorityClass', 'drone-kube-runner')).toBe(0);
    for (const { kind, metadata } of all.filter((each) =>
      /Role|Policy|Quota|LimitRange/.test(each.kind),
    )) {
      expect([kind, Number(metadata.annotations['argocd.argoproj.io/sync-wave']) < runner]).toEqual(
        [kind, true],
      );
    }
  });
});

describe('Flux', () => {
  const manifests = made['flux'] ?? [];
  const kustomization = (chart: string): Manifest =>
    object(manifests, 'Kustomization', `drone-kube-staging-${chart}`);

  test('takes each folder after those that it needs', () => {
    const needs = (chart: string): readonly string[] => {
      const names = at(kustomization(chart), 'spec', 'dependsOn');
      return (Array.isArray(names) ? names : []).map((each: unknown) =>
        String(at(each, 'name')).replace('drone-kube-staging-', ''),
      );
    };
    expect(needs('namespaces')).toEqual([]);
    expect(needs('system')).toEqual(expect.arrayContaining(['cluster', 'namespaces']));
    expect(needs('runner')).toEqual(['admission', 'system', 'trusted', 'untrusted']);
    expect(needs('reaper')).toEqual(['runner']);
  });

  test('looks after its own Kustomizations, and leaves them when it is taken away', () => {
    const { spec } = kustomization('flux');
    expect(spec).toMatchObject({ path: './dist/staging/flux', prune: true });
    expect(spec).toMatchObject({ deletionPolicy: 'Orphan', wait: false });
    expect(at(spec, 'dependsOn')).toBeUndefined();
    // What a folder has applied goes with its setting.
    expect(at(kustomization('capacity'), 'spec', 'deletionPolicy')).toBeUndefined();
  });

  test('waits for the runner', () => {
    expect(kustomization('runner')).toMatchObject({
      spec: {
        path: './dist/staging/runner',
        healthChecks: [{ kind: 'Deployment', name: 'drone-kube', namespace: 'drone-system' }],
      },
    });
  });

  test('replaces nothing in what it applies', () => {
    for (const { metadata } of all) {
      expect(metadata.annotations['kustomize.toolkit.fluxcd.io/substitute']).toBe('disabled');
    }
    for (const each of manifests) expect(at(each, 'spec', 'postBuild')).toBeUndefined();
  });

  test('takes an OCI artifact', () => {
    const gitops = {
      repository: 'oci://registry.example.com/drone-kube',
      revision: 'latest',
      flux: { source: 'oci' as const, secret: 'registry' },
    };
    const source = object(
      charts(environmentOf({ gitops }))['flux'] ?? [],
      'OCIRepository',
      'drone-kube-staging',
    );
    expect(source['spec']).toMatchObject({
      url: gitops.repository,
      ref: { tag: 'latest' },
      secretRef: { name: 'registry' },
    });
  });
});

test('only what is asked for is made', () => {
  const gitops = { repository: 'https://git.example.com/ci.git' };
  const ids = Object.keys(charts(environmentOf({ gitops })));
  expect(ids).not.toContain('argocd');
  expect(ids).not.toContain('flux');
});
