/** Bounds on what a namespace may use. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';

export type Amounts = Readonly<Record<string, string>>;

export function quota(
  scope: Construct,
  metadata: { readonly namespace: string; readonly name: string },
  hard: Amounts,
  priorityClasses?: readonly string[],
): void {
  new k8s.KubeResourceQuota(scope, `quota-${metadata.name}`, {
    metadata,
    spec: {
      hard: quantities(hard),
      ...(priorityClasses === undefined
        ? {}
        : {
            scopeSelector: {
              matchExpressions: [
                { scopeName: 'PriorityClass', operator: 'In', values: [...priorityClasses] },
              ],
            },
          }),
    },
  });
}

export const quantities = (amounts: Amounts): Record<string, k8s.Quantity> =>
  Object.fromEntries(
    Object.entries(amounts).map(([key, amount]) => [key, k8s.Quantity.fromString(amount)]),
  );
