/** Room for stages that are still to come, and their images where they will run. */
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { DEFAULT_COORDINATOR_IMAGE } from '../../runtime/contract.ts';
import { bufferVersion } from '../constructs/autoscaler.ts';
import { BALLOON, labelsOf, priorityClass, type Component } from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import { placement, RESTRICTED_CONTAINER, RESTRICTED_POD } from '../constructs/pods.ts';
import { quantities } from '../constructs/quotas.ts';
import { warmUp } from '../constructs/warm-up.ts';
import { windowScript } from '../constructs/window.ts';
import { DEFAULT_PAUSE_IMAGE, type Deployment } from '../environments/defaults.ts';
import type { BalloonCapacity, BalloonWindow } from '../environments/settings-capacity.ts';

export class CapacityChart extends Part {
  readonly #deployment: Deployment;

  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'capacity', 3);
    this.#deployment = deployment;
    const { capacity } = deployment;
    if (capacity.kind === 'balloon') this.#balloon(capacity);
    if (capacity.kind === 'buffer') this.#buffer(capacity.stages);
    if (deployment.warmUp !== undefined) warmUp(this, deployment, deployment.warmUp);
  }

  #balloon({ stages, windows = [], pauseImage = DEFAULT_PAUSE_IMAGE }: BalloonCapacity): void {
    if (stages > 0) {
      new k8s.KubeDeployment(this, 'balloon', {
        metadata: { name: BALLOON, namespace: this.#namespace },
        spec: {
          replicas: stages,
          selector: { matchLabels: labelsOf('balloon') },
          revisionHistoryLimit: 1,
          template: this.#template('balloon', { name: 'pause', image: pauseImage }),
        },
      });
    }
    for (const window of windows) this.#window(window);
  }

  /** Needs nobody who may scale a Deployment, and leaves no field that a GitOps tool would undo. */
  #window({ name, schedule, timeZone = 'Etc/UTC', hours, stages }: BalloonWindow): void {
    const seconds = Math.round(hours * 3600);
    new k8s.KubeCronJob(this, `balloon-${name}`, {
      metadata: { name: `${BALLOON}-${name}`, namespace: this.#namespace },
      spec: {
        schedule,
        timeZone,
        concurrencyPolicy: 'Replace',
        startingDeadlineSeconds: Math.min(seconds, 3600),
        successfulJobsHistoryLimit: 0,
        failedJobsHistoryLimit: 1,
        jobTemplate: {
          spec: {
            parallelism: stages,
            completions: stages,
            activeDeadlineSeconds: seconds + 300,
            // To be thrown out is what they are for; a new one waits for the next free place.
            podFailurePolicy: {
              rules: [
                {
                  action: 'Ignore',
                  onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }],
                },
              ],
            },
            template: this.#template(
              'balloon',
              {
                name: 'pause',
                image: DEFAULT_COORDINATOR_IMAGE,
                command: ['sh', '-c', windowScript(seconds)],
                env: [
                  {
                    name: 'JOB',
                    valueFrom: {
                      fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-name']" },
                    },
                  },
                ],
              },
              'Never',
            ),
          },
        },
      },
    });
  }

  #buffer(stages: number): void {
    const { autoscaler } = this.#deployment.disruption;
    const version = autoscaler === undefined ? undefined : bufferVersion(autoscaler);
    if (version === undefined) throw new Error('settingsProblems lets no such setting pass');
    const metadata = { name: 'drone-kube-stage', namespace: this.#namespace };
    new k8s.KubePodTemplate(this, 'stage', {
      metadata,
      template: this.#template('buffer', { name: 'stage', image: DEFAULT_PAUSE_IMAGE }),
    });
    new ApiObject(this, 'buffer', {
      apiVersion: `autoscaling.x-k8s.io/${version}`,
      kind: 'CapacityBuffer',
      metadata,
      spec: {
        provisioningStrategy: 'buffer.x-k8s.io/active-capacity',
        podTemplateRef: { name: metadata.name },
        replicas: stages,
      },
    });
  }

  get #namespace(): string {
    return this.#deployment.namespaces.system;
  }

  /** A Pod as large as a stage, where stages of untrusted repositories run, and the first to go. */
  #template(
    component: Component,
    container: k8s.Container,
    restartPolicy?: 'Never',
  ): k8s.PodTemplateSpec {
    const { stage, untrusted } = this.#deployment;
    return {
      metadata: { labels: labelsOf(component) },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        priorityClassName: priorityClass(this.#deployment, 'balloon'),
        // A stage must not wait for it.
        terminationGracePeriodSeconds: 0,
        ...(restartPolicy === undefined ? {} : { restartPolicy }),
        securityContext: RESTRICTED_POD,
        ...placement(untrusted.nodes),
        containers: [
          {
            ...container,
            resources: { requests: quantities({ cpu: stage.cpu, memory: stage.memory }) },
            securityContext: RESTRICTED_CONTAINER,
          },
        ],
      },
    };
  }
}
