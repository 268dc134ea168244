/** The namespace of the runner and the reaper: who they are, what they may, and their Secrets. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { REAPER_PERMISSIONS, RUNNER_PERMISSIONS } from '../../runtime/contract.ts';
import { grant } from '../constructs/access.ts';
import {
  BALLOON,
  HTTP_PORT,
  labelsOf,
  priorityClass,
  REAPER,
  RUNNER,
} from '../constructs/names.ts';
import { closeNamespace, open } from '../constructs/network-policy.ts';
import { reaperEgress, runnerEgress } from '../constructs/network.ts';
import { Part } from '../constructs/part.ts';
import { quota } from '../constructs/quotas.ts';
import { secrets } from '../constructs/secrets.ts';
import type { Deployment } from '../environments/defaults.ts';

export class SystemChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'system', 1);
    const { namespaces, network, runner } = deployment;
    const namespace = namespaces.system;

    for (const name of [RUNNER, REAPER]) {
      new k8s.KubeServiceAccount(this, `account-${name}`, {
        metadata: { name, namespace },
        // Pods ask for a token themselves, each for its own.
        automountServiceAccountToken: false,
      });
    }
    grant(this, 'runner', namespace, { namespace, name: RUNNER }, RUNNER_PERMISSIONS);
    grant(this, 'reaper', namespace, { namespace, name: REAPER }, REAPER_PERMISSIONS.runner);

    quota(this, { name: 'drone-kube', namespace }, NO_SERVICES);
    // A rollout has twice the Pods for a while.
    quota(this, { name: RUNNER_QUOTA, namespace }, { pods: String(runner.replicas * 2 + 4) }, [
      priorityClass(deployment, 'runner'),
    ]);
    quota(this, { name: BALLOON, namespace }, { pods: String(balloons(deployment)) }, [
      priorityClass(deployment, 'balloon'),
    ]);

    closeNamespace(this, namespace);
    open(this, {
      namespace,
      name: RUNNER,
      labels: labelsOf('runner'),
      egress: runnerEgress(network),
      ...(network.metricsFrom === undefined
        ? {}
        : { ingress: { namespace: network.metricsFrom, port: HTTP_PORT } }),
    });
    open(this, {
      namespace,
      name: REAPER,
      labels: labelsOf('reaper'),
      egress: reaperEgress(deployment),
    });
    secrets(this, deployment);
  }
}

const RUNNER_QUOTA = 'drone-kube-runner';

/** Nothing here is for the world outside. */
const NO_SERVICES = { 'services.loadbalancers': '0', 'services.nodeports': '0' };

/** Twice as many as there are, for the same reason. */
function balloons({ capacity }: Deployment): number {
  if (capacity.kind !== 'balloon') return 0;
  const windows = (capacity.windows ?? []).reduce((sum, { stages }) => sum + stages, 0);
  return 2 * (capacity.stages + windows);
}
