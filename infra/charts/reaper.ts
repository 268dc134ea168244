/** `drone-kube reap`, now and then: what nobody looks after any more is removed. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { labelsOf, priorityClass, REAPER } from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import { RESTRICTED_POD, runnerContainer, runnerVolumes } from '../constructs/pods.ts';
import type { Deployment } from '../environments/defaults.ts';

/**
 * Requests a second to the API server; a replica's 50 would take minutes where thousands of objects
 * are left.
 */
const RATE = { name: 'DRONE_KUBE_CLIENT_QPS', value: '200' } as const;

export class ReaperChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'reaper', 3);
    const { namespaces, reaper } = deployment;
    new k8s.KubeCronJob(this, 'cron-job', {
      metadata: { name: REAPER, namespace: namespaces.system },
      spec: {
        schedule: reaper.schedule,
        concurrencyPolicy: 'Forbid',
        // One that comes late is as good; without a limit, a hundred missed ones end it for ever.
        startingDeadlineSeconds: 300,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        jobTemplate: {
          spec: {
            // The next run tries again anyway.
            backoffLimit: 0,
            activeDeadlineSeconds: reaper.deadlineSeconds,
            ttlSecondsAfterFinished: 24 * 3600,
            template: {
              metadata: { labels: labelsOf('reaper') },
              spec: {
                restartPolicy: 'Never',
                serviceAccountName: REAPER,
                automountServiceAccountToken: true,
                enableServiceLinks: false,
                priorityClassName: priorityClass(deployment, 'runner'),
                securityContext: RESTRICTED_POD,
                volumes: runnerVolumes(),
                containers: [reaperContainer(deployment)],
              },
            },
          },
        },
      },
    });
  }
}

function reaperContainer(deployment: Deployment): k8s.Container {
  const { pushgateway } = deployment.reaper;
  const container = runnerContainer(
    deployment,
    'reap',
    '--json',
    ...(pushgateway === undefined ? [] : [`--pushgateway=${pushgateway.url}`]),
  );
  if (RATE.name in deployment.runner.environment) return container;
  return { ...container, env: [...container.env, RATE] };
}
