/** A namespace of builds: what the runner may do there, and what stages may use and reach. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { REAPER_PERMISSIONS, STAGE_PERMISSIONS } from '../../runtime/contract.ts';
import { grant } from '../constructs/access.ts';
import { priorityClass, REAPER, RUNNER } from '../constructs/names.ts';
import { closeNamespace, open } from '../constructs/network-policy.ts';
import { buildEgress } from '../constructs/network.ts';
import { Part } from '../constructs/part.ts';
import { quantities, quota, type Amounts } from '../constructs/quotas.ts';
import type { BuildNamespace, Deployment } from '../environments/defaults.ts';
import { BUILD_PRIORITIES } from '../environments/settings-builds.ts';

export class BuildsChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment, builds: BuildNamespace) {
    super(scope, id, builds.trust, 1);
    const { namespace } = builds;
    const { system } = deployment.namespaces;

    // The account that a Pod gets which asks for none; it may do nothing, and gets no token.
    new k8s.KubeServiceAccount(this, 'account-default', {
      metadata: { name: 'default', namespace },
      automountServiceAccountToken: false,
    });
    const runner = { namespace: system, name: RUNNER };
    const reaper = { namespace: system, name: REAPER };
    grant(this, 'runner', namespace, runner, STAGE_PERMISSIONS);
    grant(this, 'reaper', namespace, reaper, REAPER_PERMISSIONS.stages);
    this.#quotas(deployment, builds);
    this.#limits(builds);
    closeNamespace(this, namespace);
    open(this, { namespace, name: 'builds', egress: buildEgress(deployment.network) });
  }

  #quotas(deployment: Deployment, { namespace, quota: hard }: BuildNamespace): void {
    quota(
      this,
      { name: 'builds', namespace },
      {
        pods: String(hard.pods),
        // Requests and no limits: every container of a stage names its requests, but a quota on
        // limits would have to be as large as all steps could ever be at once.
        'requests.cpu': hard.cpu,
        'requests.memory': hard.memory,
        'services.loadbalancers': '0',
        'services.nodeports': '0',
      },
    );
    quota(this, { name: 'not-for-builds', namespace }, { pods: '0' }, [
      priorityClass(deployment, 'runner'),
      priorityClass(deployment, 'balloon'),
    ]);
    for (const priority of BUILD_PRIORITIES) {
      const pods = hard.perPriority[priority];
      if (pods === undefined) continue;
      quota(this, { name: `builds-${priority}`, namespace }, { pods: String(pods) }, [
        priorityClass(deployment, priority),
      ]);
    }
  }

  #limits({ namespace, container }: BuildNamespace): void {
    const most: Amounts = {
      ...(container.cpu === undefined ? {} : { cpu: container.cpu }),
      memory: container.memory,
      'ephemeral-storage': container.ephemeralStorage,
    };
    new k8s.KubeLimitRange(this, 'limits', {
      metadata: { name: 'builds', namespace },
      spec: {
        limits: [
          {
            type: 'Container',
            max: quantities(most),
            default: quantities(most),
            // Without these, a limit would count as a request.
            defaultRequest: quantities(
              Object.fromEntries(Object.keys(most).map((resource) => [resource, '0'])),
            ),
          },
        ],
      },
    });
  }
}
