/** Secrets by reference: what makes them, where it is not somebody else. Never their content. */
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Deployment } from '../environments/defaults.ts';
import { secretReferences } from '../environments/secrets.ts';
import type {
  ExternalSecret,
  SealedSecret,
  SecretReference,
} from '../environments/settings-secrets.ts';

export function secrets(scope: Construct, deployment: Deployment): void {
  const namespace = deployment.namespaces.system;
  for (const [name, references] of byName(deployment)) {
    const metadata = { name, namespace };
    const external = references.filter((each) => each.kind === 'external-secrets');
    const sealed = references.filter((each) => each.kind === 'sealed-secrets');
    const [first] = external;
    if (first !== undefined) externalSecret(scope, metadata, first, external);
    if (sealed.length > 0) sealedSecret(scope, metadata, sealed);
  }
}

interface Metadata {
  readonly name: string;
  readonly namespace: string;
}

/** All keys of one Secret come from one store. */
function externalSecret(
  scope: Construct,
  metadata: Metadata,
  { store, refreshInterval = '1h0m0s' }: ExternalSecret,
  references: readonly ExternalSecret[],
): void {
  new ApiObject(scope, `external-secret-${metadata.name}`, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    spec: {
      refreshInterval,
      secretStoreRef: store,
      target: { name: metadata.name, creationPolicy: 'Owner' },
      data: references.map(({ key, remote }) => ({ secretKey: key, remoteRef: remote })),
    },
  });
}

function sealedSecret(
  scope: Construct,
  metadata: Metadata,
  references: readonly SealedSecret[],
): void {
  const { name, namespace } = metadata;
  new ApiObject(scope, `sealed-secret-${name}`, {
    apiVersion: 'bitnami.com/v1alpha1',
    kind: 'SealedSecret',
    metadata,
    spec: {
      encryptedData: Object.fromEntries(references.map(({ key, encrypted }) => [key, encrypted])),
      template: { metadata: { name, namespace } },
    },
  });
}

function byName(deployment: Deployment): ReadonlyMap<string, readonly SecretReference[]> {
  const found = new Map<string, readonly SecretReference[]>();
  for (const { reference } of secretReferences(deployment)) {
    found.set(reference.name, [...(found.get(reference.name) ?? []), reference]);
  }
  return found;
}
