/** Where a Pod runs, for how long, and before whom; and which images it runs. */
import { celContainers, findContainers } from '../cel.ts';
import type { AdmissionRule, NodeTerm, PodAffinityLike } from '../types.ts';

/** Given by the API server to every Pod, for a while after its node was lost. */
const LOST_NODE = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

const tolerations: AdmissionRule = {
  id: 'tolerations',
  title: 'A Pod tolerates the taints on the list, never those of the control plane or all.',
  trust: 'both',
  everyPod: false,
  cel: `object.spec.?tolerations.orValue([]).filter(t, t.?key.orValue('') == '' || !(t.key in variables.tolerations || t.key in [${LOST_NODE.map((key) => `'${key}'`).join(', ')}] && has(t.tolerationSeconds))).map(t, t.?key.orValue('') == '' ? 'every taint' : 'taint ' + t.key)`,
  find: ({ pod: { spec } }, parameters) =>
    (spec.tolerations ?? [])
      .filter(
        ({ key = '', tolerationSeconds }) =>
          !parameters.tolerations.includes(key) &&
          !(LOST_NODE.some((known) => known === key) && tolerationSeconds !== undefined),
      )
      .map(({ key = '' }) => (key === '' ? 'every taint' : `taint ${key}`)),
  message: 'builds in this namespace must not tolerate it',
  fix: 'remove it from `tolerations` of the pipeline, or write one with a `key` that is allowed',
  parameters: ['tolerations'],
};

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

const celTerm = (term: string): string =>
  `${term}.?matchFields.orValue([]).size() > 0 || ${term}.?matchExpressions.orValue([]).exists(e, !(e.key in variables.nodeLabels))`;

const nodeLabels: AdmissionRule = {
  id: 'node-labels',
  title: 'Nodes are chosen by labels on the list.',
  trust: 'both',
  everyPod: false,
  cel: `object.spec.?nodeSelector.orValue({}).filter(k, !(k in variables.nodeLabels)).map(k, 'label ' + k) + (object.spec.?affinity.?nodeAffinity.?${REQUIRED}.?nodeSelectorTerms.orValue([]).exists(t, ${celTerm('t')}) || object.spec.?affinity.?nodeAffinity.?${PREFERRED}.orValue([]).exists(t, ${celTerm('t.preference')}) ? ['affinity'] : [])`,
  find: ({ pod: { spec } }, parameters) => {
    const isForeign = (key: string): boolean => !parameters.nodeLabels.includes(key);
    const affinity = spec.affinity?.nodeAffinity;
    const terms: readonly (NodeTerm | undefined)[] = [
      ...(affinity?.[REQUIRED]?.nodeSelectorTerms ?? []),
      ...(affinity?.[PREFERRED] ?? []).map(({ preference }) => preference),
    ];
    const isWrong = (term: NodeTerm | undefined): boolean =>
      (term?.matchFields ?? []).length > 0 ||
      (term?.matchExpressions ?? []).some(({ key }) => isForeign(key));
    return [
      ...Object.keys(spec.nodeSelector ?? {})
        .filter(isForeign)
        .map((key) => `label ${key}`),
      ...(terms.some(isWrong) ? ['affinity'] : []),
    ];
  },
  message: 'builds in this namespace must not choose nodes by it',
  fix: 'remove it from `node_selector` or `kubernetes.affinity` of the pipeline',
  parameters: ['nodeLabels'],
};

const celPodTerm = (term: string): string =>
  `${term}.?namespaces.orValue([]).size() > 0 || ${term}.?namespaceSelector.hasValue()`;

const celPodAffinity = (name: string): string =>
  `(object.spec.?affinity.?${name}.?${REQUIRED}.orValue([]).exists(t, ${celPodTerm('t')}) || object.spec.?affinity.?${name}.?${PREFERRED}.orValue([]).exists(t, ${celPodTerm('t.podAffinityTerm')}) ? ['${name}'] : [])`;

const POD_AFFINITIES = ['podAffinity', 'podAntiAffinity'] as const;

function namesOthers(affinity: PodAffinityLike | undefined): boolean {
  const terms = [
    ...(affinity?.[REQUIRED] ?? []),
    ...(affinity?.[PREFERRED] ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ];
  return terms.some(
    (term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined,
  );
}

const podAffinity: AdmissionRule = {
  id: 'pod-affinity',
  title: 'A Pod keeps near to, or away from, Pods of its own namespace only.',
  trust: 'both',
  everyPod: false,
  cel: POD_AFFINITIES.map(celPodAffinity).join(' + '),
  find: ({ pod: { spec } }) => POD_AFFINITIES.filter((name) => namesOthers(spec.affinity?.[name])),
  message: 'looks at Pods of other namespaces',
  fix: 'remove `namespaces` and `namespaceSelector` from `kubernetes.affinity` of the pipeline',
  parameters: [],
};

const nodeName: AdmissionRule = {
  id: 'node-name',
  title: 'The scheduler chooses the node: a Pod that names one ignores taints and other Pods.',
  trust: 'both',
  everyPod: false,
  cel: "request.operation == 'CREATE' && object.spec.?nodeName.orValue('') != '' ? ['node ' + object.spec.nodeName] : []",
  find: ({ operation, pod: { spec } }) =>
    operation === 'CREATE' && (spec.nodeName ?? '') !== '' ? [`node ${spec.nodeName}`] : [],
  message: 'a build must not go around the scheduler',
  fix: 'write `node_selector` instead of `node_name`',
  parameters: [],
};

const priorityClass: AdmissionRule = {
  id: 'priority-class',
  title: 'A Pod has no priority, or one on the list.',
  trust: 'both',
  everyPod: false,
  cel: `[object.spec.?priorityClassName.orValue('')].filter(p, p != '' && !(p in variables.priorityClasses)).map(p, 'priority class ' + p)`,
  find: ({ pod: { spec } }, { priorityClasses }) =>
    [spec.priorityClassName ?? '']
      .filter((name) => name !== '' && !priorityClasses.includes(name))
      .map((name) => `priority class ${name}`),
  message: 'builds in this namespace must not have it',
  fix: 'write another one; the default one of the cluster has to be on the list',
  parameters: ['priorityClasses'],
};

const runtimeClass: AdmissionRule = {
  id: 'runtime-class',
  title: 'A Pod names no runtime class, or one on the list.',
  trust: 'both',
  everyPod: false,
  cel: `[object.spec.?runtimeClassName.orValue('')].filter(r, r != '' && !(r in variables.runtimeClasses)).map(r, 'runtime class ' + r)`,
  find: ({ pod: { spec } }, { runtimeClasses }) =>
    [spec.runtimeClassName ?? '']
      .filter((name) => name !== '' && !runtimeClasses.includes(name))
      .map((name) => `runtime class ${name}`),
  message: 'builds in this namespace must not have it',
  fix: 'remove `kubernetes.runtime_class` from the pipeline, or write one that is allowed',
  parameters: ['runtimeClasses'],
};

const deadline: AdmissionRule = {
  id: 'deadline',
  title: 'A Pod ends by itself, whatever becomes of the runner.',
  trust: 'both',
  everyPod: false,
  cel: `object.spec.?activeDeadlineSeconds.orValue(0) > 0 && object.spec.activeDeadlineSeconds <= variables.deadlineSeconds ? [] : ['activeDeadlineSeconds']`,
  find: ({ pod: { spec } }, { deadlineSeconds }) => {
    const seconds = spec.activeDeadlineSeconds ?? 0;
    return seconds > 0 && seconds <= deadlineSeconds ? [] : ['activeDeadlineSeconds'];
  },
  message: 'is missing, or longer than this namespace allows',
  fix: 'lower the timeout of the repository in Drone: an hour is added to it',
  parameters: ['deadlineSeconds'],
};

const restartPolicy: AdmissionRule = {
  id: 'restart-policy',
  title: 'What has ended is never started again behind the back of the runner.',
  trust: 'both',
  everyPod: false,
  cel: "object.spec.?restartPolicy.orValue('Always') == 'Never' ? [] : ['restartPolicy']",
  find: ({ pod: { spec } }) => (spec.restartPolicy === 'Never' ? [] : ['restartPolicy']),
  message: 'is not `Never`',
  fix: 'write `Never`',
  parameters: [],
};

/** Is the first part of a name a registry? Else the image is of Docker Hub. */
const REGISTRY = '^([^/]*[.:A-Z][^/]*|localhost)/';

const celFullName = `(c.?image.orValue('').matches('${REGISTRY}') ? c.image : c.?image.orValue('').contains('/') ? 'docker.io/' + c.image : 'docker.io/library/' + c.?image.orValue(''))`;

const fullName = (image: string): string => {
  if (new RegExp(REGISTRY).test(image)) return image;
  return image.includes('/') ? `docker.io/${image}` : `docker.io/library/${image}`;
};

/** After a registry comes a path; after a repository come a path below it, a tag or a digest. */
const isBelow = (image: string, place: string): boolean =>
  image === place ||
  image.startsWith(`${place}/`) ||
  (place.includes('/') && (image.startsWith(`${place}:`) || image.startsWith(`${place}@`)));

const images: AdmissionRule = {
  id: 'images',
  title: 'Images come from the registries on the list, if there is one.',
  trust: 'both',
  everyPod: false,
  cel: `variables.images.size() == 0 ? [] : ${celContainers(
    `!variables.images.exists(p, [${celFullName}].exists(i, i == p || i.startsWith(p + '/') || p.contains('/') && (i.startsWith(p + ':') || i.startsWith(p + '@'))))`,
  )}`,
  find: ({ pod }, parameters) =>
    parameters.images.length === 0
      ? []
      : findContainers(
          pod,
          ({ image = '' }) => !parameters.images.some((place) => isBelow(fullName(image), place)),
        ),
  message: 'its image is of a registry that is not allowed in this namespace',
  fix: 'use an image of a registry that is',
  parameters: ['images'],
};

export const PLACEMENT_RULES: readonly AdmissionRule[] = [
  tolerations,
  nodeLabels,
  podAffinity,
  nodeName,
  priorityClass,
  runtimeClass,
  deadline,
  restartPolicy,
  images,
];
