/** The container that drives the Pod: always the first one. */
import { COORDINATOR } from '../contract.ts';
import { VOLUMES } from './container.ts';
import type { Container } from './objects.ts';
import { RESTRICTED, RESTRICTED_USER } from './security.ts';
import type { CompileInput } from './types.ts';

/** Where the coordinator sees its folders. */
export const PATHS = {
  files: '/drone-kube/files',
  run: '/drone-kube/run',
  verdict: '/drone-kube/verdict',
  status: '/drone-kube/status',
} as const;

/**
 * `request`: quantities for the whole stage. `ephemeral`: the plan has steps that become ephemeral
 * containers, which find the status of the moment in a volume of their own.
 */
export function coordinatorContainer(
  input: CompileInput,
  request: Readonly<Record<string, string>>,
  workspace: string,
  ephemeral: boolean,
): Container {
  const { options, pipeline } = input;
  // A working tree is unpacked by the user that the steps run as, so that they own it.
  const isUpload = options.workspace === 'upload';
  const ofStage = isUpload ? pipeline.kubernetes?.securityContext?.runAsUser : undefined;
  const user = ofStage ?? (isUpload && options.security === 'default' ? 0 : RESTRICTED_USER);
  const mounts = [
    { name: VOLUMES.files, mountPath: PATHS.files, readOnly: true },
    { name: VOLUMES.run, mountPath: PATHS.run },
    { name: VOLUMES.verdict, mountPath: PATHS.verdict, readOnly: true },
    ...(ephemeral ? [{ name: VOLUMES.status, mountPath: PATHS.status }] : []),
    ...(options.workspace === 'upload' ? [{ name: VOLUMES.workspace, mountPath: workspace }] : []),
  ];
  return {
    name: COORDINATOR,
    image: options.coordinatorImage,
    imagePullPolicy: 'IfNotPresent',
    command: [
      'sh',
      `${PATHS.files}/coordinator.sh`,
      PATHS.files,
      PATHS.run,
      `${PATHS.verdict}/verdict`,
      '/bin/busybox',
      PATHS.status,
    ],
    env: [],
    envFrom: [],
    volumeMounts: mounts,
    resources: { requests: request },
    // The kubelet starts containers in order and waits for this hook, so no step container comes
    // up before its folder is there; an init container would cost a second.
    lifecycle: {
      postStart: {
        exec: {
          command: ['sh', '-c', `until [ -e ${PATHS.run}/control/ready ]; do sleep 0.02; done`],
        },
      },
    },
    securityContext: {
      ...RESTRICTED,
      ...(user === 0 ? { runAsNonRoot: false } : {}),
      runAsUser: user,
      readOnlyRootFilesystem: true,
    },
  };
}
