/** Pods that must pass, for the rules as functions and for a real API server alike. */
import type { PodLike } from '../../../policies/admission/types.ts';
import type { Pipeline, Volume } from '../../../runtime/pipeline/model.ts';
import {
  pipelineOf as parsed,
  stepOf as parsedStep,
  HEAD,
} from '../../runtime/pipeline/helpers.ts';
import { stepOf } from '../../runtime/support.ts';
import { ALL, RUNTIME_CLASS, type Sample } from './places.ts';
import {
  asJson,
  compiled,
  PLUGIN,
  podFor,
  SERVICE,
  STEP,
  withContainer,
  withSpec,
} from './pods.ts';

const volumeOf = (source: NonNullable<Volume['source']>): Volume => ({
  name: 'v',
  source,
  position: { line: 1, column: 1, length: 1 },
});
const mounting = stepOf({
  volumes: [{ name: 'v', path: '/v', subPath: '', position: { line: 1, column: 1, length: 1 } }],
});
const temp = (medium: string, sizeLimit: number): Partial<Pipeline> => ({
  steps: [mounting],
  volumes: [volumeOf({ kind: 'temp', medium, sizeLimit })],
});
const mounted = (source: NonNullable<Volume['source']>): PodLike =>
  asJson(compiled({ steps: [mounting], volumes: [volumeOf(source)] }).pod);

const secretInput = {
  secrets: new Map([
    ['token', 'swordfish'],
    ['pull', '{"auths":{"registry.example.com":{"auth":"YTpi"}}}'],
  ]),
};
const usingSecrets: Partial<Pipeline> = {
  steps: [stepOf({ environment: new Map([['TOKEN', { fromSecret: 'token' }]]) })],
  imagePullSecrets: ['pull'],
};
/** A pipeline with these keys under `kubernetes`, as they stand in a file. */
const kubernetes = (keys: string): PodLike =>
  podFor({ kubernetes: parsed(`${HEAD}kubernetes: {${keys}}\nsteps: []`).kubernetes });
const kubernetesStep = (keys: string): PodLike =>
  podFor({ steps: [{ ...STEP, kubernetes: parsedStep(`kubernetes: {${keys}}`).kubernetes }] });

const many = Array.from({ length: 100 }, (_, index) => stepOf({ name: `step ${index}` }));

export const PASSING: readonly Sample[] = [
  { name: 'a step with commands', pod: asJson(compiled({ steps: [STEP] }).pod), places: ALL },
  {
    name: 'plugins and services',
    pod: asJson(compiled({ services: [SERVICE], steps: [STEP, PLUGIN] }).pod),
    places: ALL,
  },
  { name: 'a temporary volume', pod: asJson(compiled(temp('', 2 ** 40)).pod), places: ALL },
  {
    name: 'secrets and pull credentials',
    pod: asJson(compiled(usingSecrets, secretInput).pod),
    places: ALL,
  },
  {
    name: 'the Pod Security level `restricted`',
    pod: asJson(
      compiled({ services: [SERVICE], steps: [STEP] }, { options: { security: 'restricted' } }).pod,
    ),
    places: ALL,
  },
  { name: 'a hundred steps', pod: asJson(compiled({ steps: many }).pod), places: ALL },
  { name: 'limits, and labels of the runner', pod: podFor({}, 1500), places: ALL },
  {
    name: 'an architecture',
    pod: podFor({ nodeSelector: new Map([['kubernetes.io/arch', 'arm64']]) }),
    places: ALL,
  },
  {
    name: 'the longest deadline',
    pod: withSpec({ activeDeadlineSeconds: 25 * 3600 }),
    places: ALL,
  },
  {
    name: 'all that may be requested',
    pod: withSpec({
      containers: asJson(compiled({ steps: [STEP] }).pod).spec.containers.map((container) => ({
        ...container,
        resources: { requests: { cpu: '1333m', memory: '2Gi' }, limits: { cpu: '4' } },
      })),
    }),
    places: ALL,
  },
  {
    name: 'a node that is lost for a while',
    pod: withSpec({
      tolerations: [
        {
          key: 'node.kubernetes.io/unreachable',
          operator: 'Exists',
          effect: 'NoExecute',
          tolerationSeconds: 60,
        },
      ],
    }),
    places: ALL,
  },
  {
    name: 'a volume in memory with a limit',
    pod: asJson(compiled(temp('memory', 2 ** 30)).pod),
    places: ['trusted', 'open'],
  },
  {
    name: 'the default account with its token',
    pod: podFor({ serviceAccountName: 'default' }),
    places: ['trusted', 'open'],
  },
  { name: 'another account', pod: podFor({ serviceAccountName: 'deployer' }), places: ['open'] },
  {
    name: 'a privileged step',
    pod: asJson(compiled({ steps: [stepOf({ privileged: true })] }).pod),
    places: ['open'],
  },
  {
    name: 'a folder of the node',
    pod: mounted({ kind: 'host', path: '/var/cache/builds' }),
    places: ['open'],
  },
  {
    name: 'a claim',
    pod: mounted({ kind: 'claim', claimName: 'artifacts', readOnly: false }),
    places: ['open'],
  },
  {
    name: 'a ConfigMap',
    pod: mounted({
      kind: 'config_map',
      objectName: 'settings',
      optional: true,
      defaultMode: undefined,
    }),
    places: ['open'],
  },
  {
    name: 'a Secret',
    pod: mounted({
      kind: 'secret',
      objectName: 'signing-key',
      optional: true,
      defaultMode: undefined,
    }),
    places: ['open'],
  },
  {
    name: 'pull credentials of an account',
    pod: withSpec({ imagePullSecrets: [{ name: 'registry' }] }),
    places: ['open'],
  },
  {
    name: 'a taint and a label of nodes',
    pod: podFor({
      nodeSelector: new Map([['disk', 'ssd']]),
      tolerations: [
        {
          key: 'dedicated',
          operator: 'Exists',
          effect: '',
          value: '',
          tolerationSeconds: undefined,
        },
      ],
    }),
    places: ['open'],
  },
  {
    name: 'a priority class',
    pod: withSpec({ priorityClassName: 'system-cluster-critical' }),
    places: ['open'],
  },
  {
    name: 'a priority class of the pipeline',
    pod: kubernetes('priority_class: system-cluster-critical'),
    places: ['open'],
  },
  { name: 'a runtime class', pod: kubernetes(`runtime_class: ${RUNTIME_CLASS}`), places: ['open'] },
  {
    name: 'a claim that is made for the run',
    pod: kubernetes('workspace: {storage_class: fast, size: 1GiB}'),
    places: ['open'],
  },
  {
    name: 'a workspace with a limit, users and disk',
    pod: kubernetes(
      'workspace: {size: 1GiB}, security_context: {run_as_user: 1000, fs_group: 1000, seccomp_profile: {type: RuntimeDefault}}, resources: {requests: {ephemeral_storage: 1GiB}}',
    ),
    places: ALL,
  },
  {
    name: 'a workspace in memory',
    pod: kubernetes('workspace: {medium: memory, size: 1GiB}'),
    places: ['trusted', 'open'],
  },
  {
    name: 'near to Pods of its namespace, on nodes of an architecture',
    pod: kubernetes(
      'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: zone, labelSelector: {matchLabels: {a: b}}}]}, nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [arm64]}]}]}}}',
    ),
    places: ALL,
  },
  {
    name: 'a graphics card',
    pod: kubernetesStep('resources: {limits: {nvidia.com/gpu: 1}}'),
    places: ['open'],
  },
  {
    name: 'a capability on the list',
    pod: kubernetesStep('security_context: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}'),
    places: ['capable', 'open'],
  },
  {
    name: 'every system call',
    pod: kubernetesStep('security_context: {seccomp_profile: {type: Unconfined}}'),
    places: ['open'],
  },
  ...['registry.example.com/ci/go:1', 'registry.example.com/ci@sha256:1', 'busybox', 'a/b'].map(
    (image) => ({
      name: `the image ${image}`,
      pod: withContainer({ image }),
      places: ALL,
    }),
  ),
];
