/** The taints of nodes that Pods tolerate, as Kubernetes writes them. Pure. */
import type { PolicyToleration } from '../../policies/pipeline/policies.ts';
import type { Nodes } from '../environments/settings-builds.ts';

export const tolerationsOf = ({ tolerations = [] }: Nodes): PolicyToleration[] =>
  tolerations.map(({ key, value, effect }) => ({
    key,
    effect,
    ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
  }));
