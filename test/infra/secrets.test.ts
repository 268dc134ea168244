import { describe, expect, test } from '@jest/globals';
import { ApiObject, App } from 'cdk8s';
import { bareSecrets, overwritten } from '../../infra/constructs/checks.ts';
import { Part } from '../../infra/constructs/part.ts';
import type { Environment } from '../../infra/environments/settings.ts';
import type { SecretReference } from '../../infra/environments/settings-secrets.ts';
import { charts, environmentOf, object, objects } from './support.ts';

const SEALED = `Ag${'x'.repeat(200)}==`;

const withSecret = (rpcSecret: SecretReference, settings: Partial<Environment> = {}): Environment =>
  environmentOf({ drone: { host: 'drone.example.com', rpcSecret }, ...settings });

describe('a Secret that', () => {
  test('is there already is only named', () => {
    const made = objects(withSecret({ kind: 'existing', name: 'rpc', key: 'secret' }));
    expect(made.filter(({ kind }) => kind.includes('Secret'))).toEqual([]);
  });

  test('comes from a store is asked for there', () => {
    const store = { kind: 'ClusterSecretStore', name: 'vault' } as const;
    const made = objects(
      withSecret(
        {
          kind: 'external-secrets',
          name: 'rpc',
          key: 'secret',
          store,
          remote: { key: 'ci/rpc', property: 'value' },
        },
        {
          runner: {
            secretEnvironment: {
              DRONE_UI_PASSWORD: {
                kind: 'external-secrets',
                name: 'rpc',
                key: 'password',
                store,
                remote: { key: 'ci/ui' },
              },
            },
          },
        },
      ),
    );
    expect(object(made, 'ExternalSecret', 'rpc', 'drone-system')).toMatchObject({
      apiVersion: 'external-secrets.io/v1',
      spec: {
        secretStoreRef: store,
        target: { name: 'rpc' },
        data: [
          { secretKey: 'secret', remoteRef: { key: 'ci/rpc', property: 'value' } },
          { secretKey: 'password', remoteRef: { key: 'ci/ui' } },
        ],
      },
    });
  });

  test('is sealed is handed on as it is', () => {
    const made = objects(
      withSecret({ kind: 'sealed-secrets', name: 'rpc', key: 'secret', encrypted: SEALED }),
    );
    expect(object(made, 'SealedSecret', 'rpc')).toMatchObject({
      spec: {
        encryptedData: { secret: SEALED },
        template: { metadata: { name: 'rpc', namespace: 'drone-system' } },
      },
    });
  });

  test('is a file of SOPS is decrypted by Flux before the runner comes', () => {
    const sops = { path: 'secrets/staging', keySecret: 'sops-age' };
    const made = charts(
      withSecret(
        { kind: 'sops', name: 'rpc', key: 'secret' },
        { gitops: { repository: 'https://git.example.com/ci.git', flux: { sops } } },
      ),
    )['flux'];
    expect(object(made ?? [], 'Kustomization', 'drone-kube-staging-secrets')).toMatchObject({
      spec: {
        path: './secrets/staging',
        targetNamespace: 'drone-system',
        decryption: { provider: 'sops', secretRef: { name: 'sops-age' } },
      },
    });
    expect(object(made ?? [], 'Kustomization', 'drone-kube-staging-runner')).toMatchObject({
      spec: { dependsOn: expect.arrayContaining([{ name: 'drone-kube-staging-secrets' }]) },
    });
  });
});

describe('whoever adds objects', () => {
  const part = (...manifests: ReadonlyArray<ConstructorParameters<typeof ApiObject>[2]>): Part => {
    const made = new Part(new App(), 'test', 'system', 0);
    for (const [index, manifest] of manifests.entries()) {
      new ApiObject(made, `object-${index}`, manifest);
    }
    return made;
  };

  test.each([{ data: { a: 'eA==' } }, { stringData: { a: 'x' } }])(
    'cannot add a Secret with %j',
    (content) => {
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, ...content };
      expect(bareSecrets(part(secret))).toEqual([
        'core Secret a has data, which would be committed; name the Secret and let something else make it',
      ]);
    },
  );

  test('can add one without', () => {
    expect(
      bareSecrets(part({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } })),
    ).toEqual([]);
  });

  test.each<[string, readonly [kind: string, namespace: string][], readonly string[]]>([
    [
      'two kinds',
      [
        ['Role', 'one'],
        ['RoleBinding', 'one'],
      ],
      [],
    ],
    [
      'two namespaces',
      [
        ['Role', 'one'],
        ['Role', 'two'],
      ],
      ['two objects of chart test would be written to Role.same.k8s.yaml'],
    ],
  ])('must not add objects of one name and %s that share a file', (_, given, problems) => {
    const made = part(
      ...given.map(([kind, namespace]) => ({
        apiVersion: 'v1',
        kind,
        metadata: { name: 'same', namespace },
      })),
    );
    expect(overwritten(made)).toEqual(problems);
  });
});
