/** NetworkPolicies: closed in both directions, and what is open all the same. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { inNamespace } from './network.ts';

/** For every Pod of the namespace, those that nobody thought of included. */
export function closeNamespace(scope: Construct, namespace: string): void {
  new k8s.KubeNetworkPolicy(scope, 'network-policy', {
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  });
}

export interface Opened {
  readonly namespace: string;
  readonly name: string;
  /** undefined: all Pods of the namespace. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly egress: readonly k8s.NetworkPolicyEgressRule[];
  /** Who may open connections to them. */
  readonly ingress?: { readonly namespace: string; readonly port: number };
}

export function open(scope: Construct, { namespace, name, labels, egress, ingress }: Opened): void {
  new k8s.KubeNetworkPolicy(scope, `network-policy-${name}`, {
    metadata: { name, namespace },
    spec: {
      podSelector: labels === undefined ? {} : { matchLabels: labels },
      policyTypes: ingress === undefined ? ['Egress'] : ['Ingress', 'Egress'],
      egress: [...egress],
      ...(ingress === undefined
        ? {}
        : {
            ingress: [
              {
                from: [{ namespaceSelector: inNamespace(ingress.namespace) }],
                ports: [{ port: k8s.IntOrString.fromNumber(ingress.port), protocol: 'TCP' }],
              },
            ],
          }),
    },
  });
}
