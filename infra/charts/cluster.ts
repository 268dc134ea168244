/** What belongs to the whole cluster: how urgent Pods are, and rights outside of our namespaces. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { REAPER_PERMISSIONS, STAGE_PERMISSIONS } from '../../runtime/contract.ts';
import { grantEverywhere } from '../constructs/access.ts';
import { priorityClass, REAPER, RUNNER } from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import type { Deployment } from '../environments/defaults.ts';
import type { Priorities } from '../environments/settings-builds.ts';

const DESCRIPTIONS: Readonly<Record<keyof Priorities, string>> = {
  runner: 'The runner and the reaper: without them no build ends.',
  interactive: 'Builds that somebody waits for.',
  default: 'Builds.',
  batch:
    'Builds that can wait, such as those of cron jobs. They throw out nothing but the balloon.',
  balloon: 'Room that is kept for builds: the first to go.',
};

const PRIORITIES = ['runner', 'interactive', 'default', 'batch', 'balloon'] as const;

export class ClusterChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'cluster', 0);
    for (const priority of PRIORITIES) {
      new k8s.KubePriorityClass(this, `priority-${priority}`, {
        metadata: { name: priorityClass(deployment, priority) },
        value: deployment.priorities[priority],
        description: DESCRIPTIONS[priority],
        globalDefault: false,
        preemptionPolicy: priority === 'balloon' ? 'Never' : 'PreemptLowerPriority',
      });
    }
    if (deployment.temporaryNamespaces !== undefined) {
      const namespace = deployment.namespaces.system;
      const name = `${deployment.instance}-temporary-namespaces`;
      grantEverywhere(this, 'runner', name, { namespace, name: RUNNER }, [
        // A namespace that is still to be made cannot have a Role.
        ...STAGE_PERMISSIONS.filter(({ resource }) => resource !== 'namespaces'),
        {
          group: '',
          resource: 'namespaces',
          verbs: ['get', 'create', 'delete'],
          reason: 'a namespace for each stage of some repositories',
        },
      ]);
      // Such a namespace goes as a whole, so nothing in it has to be seen.
      const reaper = { namespace, name: REAPER };
      grantEverywhere(this, 'reaper', `${name}-reaper`, reaper, REAPER_PERMISSIONS.cluster);
    }
  }
}
