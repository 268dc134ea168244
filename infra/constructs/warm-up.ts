/** A DaemonSet that has each node pull images before a stage needs them. */
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import { DEFAULT_COORDINATOR_IMAGE } from '../../runtime/contract.ts';
import type { Deployment } from '../environments/defaults.ts';
import type { WarmUp } from '../environments/settings-capacity.ts';
import { labelsOf, priorityClass, WARM_UP } from './names.ts';
import { placement, RESTRICTED_CONTAINER, RESTRICTED_POD } from './pods.ts';
import { quantities } from './quotas.ts';

const TOOLS = 'tools';
const FOLDER = '/tools';

/**
 * Each image is started once, with a program from outside: it may hold none at all. A busybox that
 * is linked statically does what its name says, here `true`.
 */
export function warmUp(
  scope: Construct,
  deployment: Deployment,
  { images, pullSecrets = [], nodes }: WarmUp,
): void {
  const shared = {
    imagePullPolicy: 'IfNotPresent',
    resources: {
      requests: quantities({ cpu: '1m', memory: '8Mi' }),
      limits: quantities({ memory: '32Mi' }),
    },
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [{ name: TOOLS, mountPath: FOLDER }],
  };
  new k8s.KubeDaemonSet(scope, 'warm-up', {
    metadata: { name: WARM_UP, namespace: deployment.namespaces.system },
    spec: {
      selector: { matchLabels: labelsOf('warm-up') },
      revisionHistoryLimit: 1,
      updateStrategy: {
        rollingUpdate: { maxUnavailable: k8s.IntOrString.fromString('25%') },
      },
      template: {
        metadata: { labels: labelsOf('warm-up') },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          priorityClassName: priorityClass(deployment, 'batch'),
          terminationGracePeriodSeconds: 0,
          securityContext: RESTRICTED_POD,
          ...placement(nodes ?? deployment.untrusted.nodes),
          imagePullSecrets: pullSecrets.map((name) => ({ name })),
          volumes: [{ name: TOOLS, emptyDir: { sizeLimit: k8s.Quantity.fromString('16Mi') } }],
          initContainers: [
            {
              ...shared,
              name: TOOLS,
              image: DEFAULT_COORDINATOR_IMAGE,
              command: ['cp', '/bin/busybox', `${FOLDER}/true`],
            },
            ...images.map((image, index) => ({
              ...shared,
              name: `image-${index}`,
              image,
              command: [`${FOLDER}/true`],
            })),
          ],
          // Keeps the images in use, so that the node does not clear them away.
          containers: [
            {
              ...shared,
              name: 'pause',
              image: DEFAULT_COORDINATOR_IMAGE,
              command: ['sleep', 'infinity'],
            },
          ],
        },
      },
    },
  });
}
