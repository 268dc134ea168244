/** The namespaces, with the Pod Security level that each enforces. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { podSecurityLabels, type PodSecurityLevel } from '../../policies/pod-security.ts';
import { Part } from '../constructs/part.ts';
import type { Deployment } from '../environments/defaults.ts';

export class NamespacesChart extends Part {
  constructor(scope: Construct, id: string, { namespaces, untrusted, trusted }: Deployment) {
    super(scope, id, 'namespaces', 0);
    this.#make('system', namespaces.system, 'restricted');
    for (const { trust, namespace, podSecurity } of [trusted, untrusted].filter(
      (builds) => builds !== undefined,
    )) {
      this.#make(trust, namespace, podSecurity);
    }
  }

  #make(id: string, name: string, level: PodSecurityLevel): void {
    new k8s.KubeNamespace(this, id, { metadata: { name, labels: podSecurityLabels(level) } });
  }
}
