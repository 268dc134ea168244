/** Pods of ours: what all of them have, and the container of the runner's image. */
import { createHash } from 'node:crypto';
import type { k8s } from 'cdk8s-plus-27';
import type { Deployment } from '../environments/defaults.ts';
import { secretReferences } from '../environments/secrets.ts';
import type { Nodes } from '../environments/settings-builds.ts';
import { CONFIGURATION, POLICIES } from './names.ts';
import { quantities } from './quotas.ts';
import { tolerationsOf } from './tolerations.ts';
import { FILES_FOLDER, files, variables } from './variables.ts';

/** As distroless images have it. */
const USER = 65_532;

/** What the Pod Security level `restricted` asks of a Pod. */
export const RESTRICTED_POD: k8s.PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** The same of a container, and nothing that it could write to. */
export const RESTRICTED_CONTAINER: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

const FILES = 'policies';

/** `drone-kube VERB OPTION …` with the configuration of the deployment. */
export function runnerContainer(
  deployment: Deployment,
  verb: string,
  ...options: readonly string[]
): k8s.Container & Required<Pick<k8s.Container, 'env'>> {
  const { cpu, memory, memoryLimit } = deployment.runner;
  return {
    name: verb,
    image: deployment.image,
    // Of a digest there is only one; a tag is expected to stay what it is.
    imagePullPolicy: 'IfNotPresent',
    args: [verb, ...options],
    envFrom: [{ configMapRef: { name: CONFIGURATION } }],
    env: secretReferences(deployment).map(({ variable, reference: { name, key } }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    })),
    resources: {
      requests: quantities({ cpu, memory }),
      limits: quantities({ memory: memoryLimit }),
    },
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [{ name: FILES, mountPath: FILES_FOLDER, readOnly: true }],
  };
}

export const runnerVolumes = (): k8s.Volume[] => [{ name: FILES, configMap: { name: POLICIES } }];

/** Changes with the configuration, so that Pods are replaced which have read the old one. */
export const checksum = (deployment: Deployment): Readonly<Record<string, string>> => ({
  'checksum/config': createHash('sha256')
    .update(JSON.stringify([variables(deployment), files(deployment)]))
    .digest('hex'),
});

export const placement = (
  nodes: Nodes | undefined,
): Pick<k8s.PodSpec, 'nodeSelector' | 'tolerations'> =>
  nodes === undefined ? {} : { nodeSelector: nodes.selector, tolerations: tolerationsOf(nodes) };
