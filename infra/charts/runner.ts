/** The runner: its configuration, its replicas, and what keeps enough of them alive. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import {
  CONFIGURATION,
  HTTP_PORT,
  labelsOf,
  POLICIES,
  priorityClass,
  RUNNER,
} from '../constructs/names.ts';
import { Part } from '../constructs/part.ts';
import { checksum, RESTRICTED_POD, runnerContainer, runnerVolumes } from '../constructs/pods.ts';
import { files, variables } from '../constructs/variables.ts';
import type { Deployment } from '../environments/defaults.ts';

const PORT_NAME = 'http';

export class RunnerChart extends Part {
  constructor(scope: Construct, id: string, deployment: Deployment) {
    super(scope, id, 'runner', 2);
    const namespace = deployment.namespaces.system;
    const selector = { matchLabels: labelsOf('runner') };
    const metadata = { name: RUNNER, namespace };

    new k8s.KubeConfigMap(this, 'configuration', {
      metadata: { name: CONFIGURATION, namespace },
      data: variables(deployment),
    });
    new k8s.KubeConfigMap(this, 'policies', {
      metadata: { name: POLICIES, namespace },
      data: files(deployment),
    });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata,
      spec: {
        replicas: deployment.runner.replicas,
        selector,
        revisionHistoryLimit: 3,
        strategy: {
          rollingUpdate: {
            maxSurge: k8s.IntOrString.fromNumber(1),
            maxUnavailable: k8s.IntOrString.fromNumber(0),
          },
        },
        template: {
          metadata: { labels: labelsOf('runner'), annotations: checksum(deployment) },
          spec: podSpec(deployment),
        },
      },
    });
    // Of one replica alone a drain of its node may take it: others go on with its stages.
    new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
      metadata,
      spec: {
        selector,
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata,
      spec: {
        selector: labelsOf('runner'),
        ports: [
          { name: PORT_NAME, port: HTTP_PORT, targetPort: k8s.IntOrString.fromString(PORT_NAME) },
        ],
      },
    });
  }
}

function podSpec(deployment: Deployment): k8s.PodSpec {
  const container = runnerContainer(deployment, 'daemon');
  return {
    serviceAccountName: RUNNER,
    automountServiceAccountToken: true,
    enableServiceLinks: false,
    priorityClassName: priorityClass(deployment, 'runner'),
    // It ends within a second: what is under way goes on without it.
    terminationGracePeriodSeconds: 10,
    securityContext: RESTRICTED_POD,
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: labelsOf('runner') },
      }),
    ),
    volumes: runnerVolumes(),
    containers: [
      {
        ...container,
        env: [
          ...container.env,
          fromPod('DRONE_KUBE_POD_NAME', 'metadata.name'),
          fromPod('DRONE_KUBE_POD_UID', 'metadata.uid'),
        ],
        ports: [{ name: PORT_NAME, containerPort: HTTP_PORT }],
        startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
        livenessProbe: { ...probe('/healthz'), periodSeconds: 10, failureThreshold: 3 },
        readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2 },
      },
    ],
  };
}

const fromPod = (name: string, fieldPath: string): k8s.EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
});

const probe = (path: string): k8s.Probe => ({
  httpGet: { path, port: k8s.IntOrString.fromString(PORT_NAME) },
  timeoutSeconds: 3,
});
