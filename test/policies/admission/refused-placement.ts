/** What asks for too much, or runs where or as long as it must not. */
import type { PodLike } from '../../../policies/admission/types.ts';
import {
  DEFAULTS,
  FOREIGN_RUNTIME_CLASS,
  IN_CONTAINER,
  refused,
  RUNTIME_CLASS,
  type Refused,
} from './places.ts';
import { asJson, GOOD, podFor, withContainer, withSpec } from './pods.ts';

const tolerating = (name: string, toleration: object, found: string): Refused =>
  refused('tolerations', name, withSpec({ tolerations: [toleration] }), [found]);

const requesting = (name: string, requests: Readonly<Record<string, string>>): Refused =>
  refused('requests', `huge ${name}`, withContainer({ resources: { requests } }), [name]);

const affinity = (nodeAffinity: object): PodLike => withSpec({ affinity: { nodeAffinity } });

export const REFUSED_PLACEMENT: readonly Refused[] = [
  requesting('cpu', { cpu: '17' }),
  requesting('memory', { memory: '33Gi' }),
  requesting('ephemeral-storage', { 'ephemeral-storage': '101Gi' }),
  refused(
    'requests',
    'requests that are too much together',
    withSpec({
      containers: GOOD.spec.containers.map((container) => ({
        ...container,
        resources: { requests: { cpu: '1400m' } },
      })),
    }),
    ['cpu'],
    ['untrusted'],
  ),
  refused(
    'limits',
    'a huge limit',
    withContainer({ resources: { requests: { memory: '0' }, limits: { memory: '33Gi' } } }),
    IN_CONTAINER,
  ),
  refused(
    'devices',
    'a graphics card',
    withContainer({
      resources: { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } },
    }),
    IN_CONTAINER,
    DEFAULTS,
  ),
  refused(
    'devices',
    'another device',
    withContainer({
      resources: { requests: { 'amd.com/gpu': '1' }, limits: { 'amd.com/gpu': '1' } },
    }),
    IN_CONTAINER,
  ),
  refused(
    'devices',
    'a claim of a device',
    withSpec({ resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] }),
    ['Pod'],
  ),

  tolerating(
    'the nodes of the control plane',
    { key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' },
    'taint node-role.kubernetes.io/control-plane',
  ),
  tolerating('every node', { operator: 'Exists' }, 'every taint'),
  tolerating(
    'a node that is lost for ever',
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists' },
    'taint node.kubernetes.io/unreachable',
  ),
  refused(
    'node-labels',
    'a node by its role',
    podFor({ nodeSelector: new Map([['node-role.kubernetes.io/control-plane', '']]) }),
    ['label node-role.kubernetes.io/control-plane'],
  ),
  refused(
    'node-labels',
    'affinity to a node',
    affinity({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'secure', operator: 'Exists' }] }],
      },
    }),
    ['affinity'],
  ),
  refused(
    'node-labels',
    'affinity to a name',
    affinity({
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] },
        ],
      },
    }),
    ['affinity'],
  ),
  refused(
    'node-labels',
    'a preference for a node',
    affinity({
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 1,
          preference: { matchExpressions: [{ key: 'secure', operator: 'Exists' }] },
        },
      ],
    }),
    ['affinity'],
  ),
  ...['podAffinity', 'podAntiAffinity'].flatMap((kind) =>
    [{ namespaces: ['kube-system'] }, { namespaceSelector: {} }].flatMap((others) => {
      const term = { topologyKey: 'zone', labelSelector: {}, ...others };
      const key = Object.keys(others)[0];
      return [
        refused(
          'pod-affinity',
          `${kind}: ${key}, required`,
          withSpec({
            affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
          }),
          [kind],
        ),
        refused(
          'pod-affinity',
          `${kind}: ${key}, preferred`,
          withSpec({
            affinity: {
              [kind]: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  { weight: 1, podAffinityTerm: term },
                ],
              },
            },
          }),
          [kind],
        ),
      ];
    }),
  ),
  refused('node-name', 'a node by its name', podFor({ nodeName: 'node-1' }), ['node node-1']),
  refused(
    'priority-class',
    'a priority class',
    withSpec({ priorityClassName: 'system-node-critical' }),
    ['priority class system-node-critical'],
  ),
  refused(
    'runtime-class',
    'a runtime class that is not on the list',
    withSpec({ runtimeClassName: FOREIGN_RUNTIME_CLASS }),
    [`runtime class ${FOREIGN_RUNTIME_CLASS}`],
  ),
  refused(
    'runtime-class',
    'a runtime class where there is no list',
    withSpec({ runtimeClassName: RUNTIME_CLASS }),
    [`runtime class ${RUNTIME_CLASS}`],
    DEFAULTS,
  ),
  refused('deadline', 'no deadline', asJson(withSpec({ activeDeadlineSeconds: undefined })), [
    'activeDeadlineSeconds',
  ]),
  refused(
    'deadline',
    'a deadline that is far away',
    withSpec({ activeDeadlineSeconds: 25 * 3600 + 1 }),
    ['activeDeadlineSeconds'],
  ),
  refused('restart-policy', 'steps that start again', withSpec({ restartPolicy: 'OnFailure' }), [
    'restartPolicy',
  ]),
  ...[
    'registry.example.com/other/go',
    'registry.example.com/cis/go',
    'registry.example.com.evil.example/ci/go',
    'docker.io.evil.example/a',
    'docker.io:5000/a',
    'ghcr.io/a/b',
    'localhost/a',
  ].map((image) =>
    refused('images', `the image ${image}`, withContainer({ image }), IN_CONTAINER, ['open']),
  ),
];
