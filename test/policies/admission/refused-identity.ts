/** What pretends to be something else, or would leave its Pod. */
import { DEFAULTS, EXTRA_VOLUME, IN_CONTAINER, refused, type Refused } from './places.ts';
import {
  asJson,
  compiled,
  podFor,
  STEP,
  withContainer,
  withLabels,
  withSpec,
  withVolume,
} from './pods.ts';

const labelOf = (key: string, value: string | undefined): Refused => {
  const name = `drone-kube.io/${key}`;
  const title = value === undefined ? `no label ${key}` : `another label ${key}`;
  return refused('labels', title, withLabels({ [name]: value }), [`label ${name}`]);
};

export const REFUSED_IDENTITY: readonly Refused[] = [
  labelOf('stage', 'drone-abc-4-1'),
  labelOf('stage', undefined),
  labelOf('origin', 'exec'),
  labelOf('origin', undefined),
  labelOf('server', undefined),

  refused(
    'service-account',
    'another service account',
    podFor({ serviceAccountName: 'deployer' }),
    ['service account deployer'],
    ['trusted'],
  ),
  refused(
    'service-account',
    'another service account, without its token',
    withSpec({ serviceAccountName: 'deployer' }),
    ['service account deployer'],
    DEFAULTS,
  ),
  refused(
    'token',
    'the token of the default account',
    podFor({ serviceAccountName: 'default' }),
    ['token of the service account'],
    ['untrusted'],
  ),
  refused(
    'token',
    'a token that nobody switched off',
    asJson(withSpec({ automountServiceAccountToken: undefined })),
    ['token of the service account'],
    ['untrusted'],
  ),
  ...['extra', 'kube-api-access-extra'].map((name) =>
    refused(
      'projected-volumes',
      `a token in the volume ${name}`,
      withVolume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }, name),
      [`volume ${name}`],
    ),
  ),
  refused(
    'projected-volumes',
    'a token for another service, beside the one of the account',
    withSpec(
      { automountServiceAccountToken: true },
      withVolume(
        { projected: { sources: [{ serviceAccountToken: { path: 't', audience: 'vault' } }] } },
        'kube-api-access-extra',
      ),
    ),
    ['volume kube-api-access-extra'],
    ['trusted', 'open'],
  ),
  refused(
    'projected-volumes',
    'a Secret in a projected volume',
    withSpec(
      { automountServiceAccountToken: true },
      withVolume({ projected: { sources: [{ secret: { name: 'x' } }] } }, 'kube-api-access-extra'),
    ),
    ['volume kube-api-access-extra'],
    ['trusted', 'open'],
  ),

  refused(
    'privileged',
    'a privileged step',
    asJson(compiled({ steps: [{ ...STEP, privileged: true }] }).pod),
    IN_CONTAINER,
    DEFAULTS,
  ),
  refused(
    'privileged',
    'a capability',
    withContainer({ securityContext: { capabilities: { add: ['SYS_PTRACE'] } } }),
    IN_CONTAINER,
    [...DEFAULTS, 'capable'],
  ),
  refused(
    'privileged',
    'a capability beside one on the list',
    withContainer({ securityContext: { capabilities: { add: ['NET_ADMIN', 'SYS_ADMIN'] } } }),
    IN_CONTAINER,
    ['capable'],
  ),
  refused(
    'seccomp',
    'every system call, in a container',
    withContainer({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    IN_CONTAINER,
    [...DEFAULTS, 'capable'],
  ),
  refused(
    'seccomp',
    'every system call, in the Pod',
    withSpec({ securityContext: { seccompProfile: { type: 'Unconfined' } } }),
    ['Pod'],
    DEFAULTS,
  ),
  refused(
    'privileged',
    'a privileged init container',
    withSpec({
      initContainers: [{ name: 'i', image: 'a', securityContext: { privileged: true } }],
    }),
    ['container i'],
    DEFAULTS,
  ),
  refused('host-namespaces', 'the network of the node', withSpec({ hostNetwork: true }), [
    'hostNetwork',
  ]),
  refused(
    'host-namespaces',
    'processes and IPC of the node',
    withSpec({ hostPID: true, hostIPC: true }),
    ['hostPID', 'hostIPC'],
  ),
  refused(
    'host-ports',
    'a port of the node',
    withContainer({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    IN_CONTAINER,
  ),
  refused(
    'host-paths',
    'the root of the node',
    withVolume({ hostPath: { path: '/' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'host-paths',
    'a folder below one that is allowed',
    withVolume({ hostPath: { path: '/var/cache/builds/below' } }),
    EXTRA_VOLUME,
    DEFAULTS,
  ),
];
