/** What a Pod may mount and read: its own things, and what is on a list. */
import { COORDINATOR } from '../../../runtime/contract.ts';
import { parseMemory } from '../../../runtime/compile/resources.ts';
import { celContainers, celVolumes, findContainers, findVolumes } from '../cel.ts';
import type { AdmissionParameters } from '../parameters.ts';
import type { AdmissionRule, ContainerLike, Named, PodLike, VolumeLike } from '../types.ts';

/** The one volume in memory that every stage has: FIFOs and small files. */
const RUN_VOLUME = 'drone-kube-run';
const RUN_VOLUME_LIMIT = '64Mi';

const KINDS = [
  'emptyDir',
  'configMap',
  'secret',
  'downwardAPI',
  // Rules of their own say which of these.
  'projected',
  'persistentVolumeClaim',
  'hostPath',
  'ephemeral',
] as const;
const ALLOWED: ReadonlySet<string> = new Set(['name', ...KINDS]);

const kinds: AdmissionRule = {
  id: 'volume-kinds',
  title: 'Volumes are of the kinds that a pipeline can name.',
  trust: 'both',
  everyPod: false,
  cel: celVolumes(`!(${KINDS.map((kind) => `has(v.${kind})`).join(' || ')})`),
  find: ({ pod }) =>
    findVolumes(pod, (volume) => Object.keys(volume).some((key) => !ALLOWED.has(key))),
  message: 'volumes of this kind are not allowed in this namespace',
  fix: 'write `temp: {}`, or ask the operator of the runner for a claim',
  parameters: [],
};

const claims: AdmissionRule = {
  id: 'claims',
  title: 'No persistent volume claim is mounted that is not on the list.',
  trust: 'both',
  everyPod: false,
  cel: celVolumes(
    `has(v.persistentVolumeClaim) && !(v.persistentVolumeClaim.claimName in variables.claims)`,
  ),
  find: ({ pod }, parameters) =>
    findVolumes(
      pod,
      ({ persistentVolumeClaim: claim }) =>
        claim !== undefined && !parameters.claims.includes(claim.claimName),
    ),
  message: 'mounts a claim that is not allowed in this namespace',
  fix: 'write `temp: {}` instead of `claim`',
  parameters: ['claims'],
};

const storageClasses: AdmissionRule = {
  id: 'storage-classes',
  title: 'A claim that is made for a Pod is of a storage class on the list.',
  trust: 'both',
  everyPod: false,
  cel: celVolumes(
    `has(v.ephemeral) && !(v.ephemeral.?volumeClaimTemplate.?spec.?storageClassName.orValue('') in variables.storageClasses)`,
  ),
  find: ({ pod }, parameters) =>
    findVolumes(pod, ({ ephemeral }) => {
      const name = ephemeral?.volumeClaimTemplate?.spec?.storageClassName ?? '';
      return ephemeral !== undefined && !parameters.storageClasses.includes(name);
    }),
  message: 'is of a storage class that is not allowed in this namespace',
  fix: 'remove `storage_class` from `kubernetes.workspace` of the pipeline',
  parameters: ['storageClasses'],
};

/** Volumes, then containers, that read an object which is neither the stage's own nor on the list. */
const celReads = (kind: 'configMap' | 'secret', own: string, names: 'configMaps' | 'secrets') => {
  const isForeign = (name: string): string =>
    `!(${name} in ${own} || ${name} in variables.${names})`;
  const field = kind === 'secret' ? 'secretName' : 'name';
  const volumes = celVolumes(`has(v.${kind}) && ${isForeign(`v.${kind}.?${field}.orValue('')`)}`);
  const reference = `${kind}KeyRef`;
  const containers = celContainers(
    `c.?env.orValue([]).exists(e, has(e.valueFrom) && has(e.valueFrom.${reference}) && ${isForeign(`e.valueFrom.${reference}.?name.orValue('')`)}) || c.?envFrom.orValue([]).exists(e, has(e.${kind}Ref) && ${isForeign(`e.${kind}Ref.?name.orValue('')`)})`,
  );
  return `${volumes} + ${containers}`;
};

function findReads(
  pod: PodLike,
  allowed: readonly string[],
  inVolume: (volume: VolumeLike) => string | undefined,
  inContainer: (container: ContainerLike) => readonly (Named | undefined)[],
): readonly string[] {
  const isForeign = (name: string): boolean => !allowed.includes(name);
  return [
    ...findVolumes(pod, (volume) => {
      const name = inVolume(volume);
      return name !== undefined && isForeign(name);
    }),
    ...findContainers(pod, (container) =>
      inContainer(container).some((found) => found !== undefined && isForeign(found.name ?? '')),
    ),
  ];
}

const configMaps: AdmissionRule = {
  id: 'config-maps',
  title: 'A Pod reads the ConfigMaps of its own stage, and those on the list.',
  trust: 'both',
  everyPod: false,
  cel: celReads('configMap', "[variables.name, variables.name + '-env']", 'configMaps'),
  find: ({ pod }, parameters) => {
    const name = pod.metadata.name ?? '';
    return findReads(
      pod,
      [name, `${name}-env`, ...parameters.configMaps],
      ({ configMap }) => configMap && (configMap.name ?? ''),
      ({ env, envFrom }) => [
        ...(env ?? []).map(({ valueFrom }) => valueFrom?.configMapKeyRef),
        ...(envFrom ?? []).map(({ configMapRef }) => configMapRef),
      ],
    );
  },
  message: 'reads a ConfigMap that is not of this stage',
  fix: 'remove `config_map` from the volumes of the pipeline',
  parameters: ['configMaps'],
};

const secrets: AdmissionRule = {
  id: 'secrets',
  title: 'A Pod reads the Secret of its own stage, and those on the list.',
  trust: 'both',
  everyPod: false,
  cel: celReads('secret', '[variables.name]', 'secrets'),
  find: ({ pod }, parameters) =>
    findReads(
      pod,
      [pod.metadata.name ?? '', ...parameters.secrets],
      ({ secret }) => secret && (secret.secretName ?? ''),
      ({ env, envFrom }) => [
        ...(env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef),
        ...(envFrom ?? []).map(({ secretRef }) => secretRef),
      ],
    ),
  message: 'reads a Secret that is not of this stage',
  fix: 'use `from_secret` instead of a volume of the kind `secret`',
  parameters: ['secrets'],
};

const pullSecrets: AdmissionRule = {
  id: 'pull-secrets',
  title: 'Images are pulled with the credentials of the stage, and those on the list.',
  trust: 'both',
  everyPod: false,
  cel: `object.spec.?imagePullSecrets.orValue([]).map(s, s.?name.orValue('')).filter(s, !(s == variables.name + '-pull' || s in variables.pullSecrets)).map(s, 'pull secret ' + s)`,
  find: ({ pod: { metadata, spec } }, parameters) =>
    (spec.imagePullSecrets ?? [])
      .map(({ name = '' }) => name)
      .filter((name) => name !== `${metadata.name}-pull` && !parameters.pullSecrets.includes(name))
      .map((name) => `pull secret ${name}`),
  message: 'is neither of this stage nor allowed in this namespace',
  fix: 'name secrets of Drone in `image_pull_secrets`',
  parameters: ['pullSecrets'],
};

const celInMemory = `has(v.emptyDir) && v.emptyDir.?medium.orValue('') != ''`;
const celSize = "quantity(v.emptyDir.?sizeLimit.orValue('0'))";

function isTooMuchMemory(
  { emptyDir, name }: VolumeLike,
  { memoryVolume }: AdmissionParameters,
): boolean {
  const medium = emptyDir?.medium ?? '';
  if (medium === '') return false;
  if (medium !== 'Memory') return true;
  const bytes = (text: string): number => parseMemory(text) ?? Number.POSITIVE_INFINITY;
  const size = bytes(emptyDir?.sizeLimit ?? '0');
  return name === RUN_VOLUME
    ? size > bytes(RUN_VOLUME_LIMIT)
    : size === 0 || size > bytes(memoryVolume);
}

const memoryVolumes: AdmissionRule = {
  id: 'memory-volumes',
  title: 'Volumes in memory have a limit: what is in them takes memory of the node.',
  trust: 'both',
  everyPod: false,
  // A limit of 0 is none.
  cel: celVolumes(
    `${celInMemory} && !(v.emptyDir.medium == 'Memory' && (v.name == '${RUN_VOLUME}' ? ${celSize}.compareTo(quantity('${RUN_VOLUME_LIMIT}')) <= 0 : ${celSize}.compareTo(quantity('0')) > 0 && ${celSize}.compareTo(variables.memoryVolume) <= 0))`,
  ),
  find: ({ pod }, parameters) => findVolumes(pod, (volume) => isTooMuchMemory(volume, parameters)),
  message: 'is in memory, without a limit or with one above what this namespace allows',
  fix: 'remove `medium`, or set a smaller `size_limit`',
  parameters: ['memoryVolume'],
};

const runVolume: AdmissionRule = {
  id: 'run-volume',
  title: 'Steps cannot write where the coordinator keeps the order of the stage.',
  trust: 'both',
  everyPod: false,
  cel: celContainers(
    `c.name != '${COORDINATOR}' && c.?volumeMounts.orValue([]).exists(m, m.name == '${RUN_VOLUME}' && !m.?readOnly.orValue(false))`,
  ),
  find: ({ pod }) =>
    findContainers(
      pod,
      ({ name, volumeMounts }) =>
        name !== COORDINATOR &&
        (volumeMounts ?? []).some((mount) => mount.name === RUN_VOLUME && mount.readOnly !== true),
    ),
  message: `mounts ${RUN_VOLUME} for writing`,
  fix: 'mount a volume of the pipeline',
  parameters: [],
};

export const VOLUME_RULES: readonly AdmissionRule[] = [
  kinds,
  claims,
  storageClasses,
  configMaps,
  secrets,
  pullSecrets,
  memoryVolumes,
  runVolume,
];
