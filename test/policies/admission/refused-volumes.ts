/** What would read or fill what is not its own. */
import { EXTRA_VOLUME, IN_CONTAINER, refused, type Refused } from './places.ts';
import { GOOD, STAGE, withContainer, withSpec, withVolume } from './pods.ts';

export const REFUSED_VOLUMES: readonly Refused[] = [
  ...[{ csi: { driver: 'csi.example.com' } }, { nfs: { server: '10.0.0.1', path: '/' } }].map(
    (kind) =>
      refused(
        'volume-kinds',
        `a volume of the kind ${Object.keys(kind)[0]}`,
        withVolume(kind),
        EXTRA_VOLUME,
      ),
  ),
  ...[{}, { storageClassName: 'slow' }].map((named) =>
    refused(
      'storage-classes',
      `a claim that is made ${JSON.stringify(named)}`,
      withVolume({
        ephemeral: {
          volumeClaimTemplate: {
            spec: {
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '1Gi' } },
              ...named,
            },
          },
        },
      }),
      EXTRA_VOLUME,
    ),
  ),
  refused(
    'claims',
    'a claim of somebody else',
    withVolume({ persistentVolumeClaim: { claimName: 'database' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'config-maps',
    'the ConfigMap of another stage',
    withVolume({ configMap: { name: 'drone-abc-4-1' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'config-maps',
    'the variables of another stage',
    withContainer({ envFrom: [{ configMapRef: { name: 'drone-abc-4-1-env' } }] }),
    IN_CONTAINER,
  ),
  refused(
    'config-maps',
    'one variable of another stage',
    withContainer({
      env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'drone-abc-4-1', key: 'a' } } }],
    }),
    IN_CONTAINER,
  ),
  refused(
    'secrets',
    'the Secret of another stage as a volume',
    withVolume({ secret: { secretName: 'drone-abc-4-1' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'secrets',
    'the Secret of another stage in a variable',
    withContainer({
      env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'drone-abc-4-1', key: 'token' } } }],
    }),
    IN_CONTAINER,
  ),
  refused(
    'secrets',
    'the Secret of another stage in all variables',
    withContainer({ envFrom: [{ secretRef: { name: 'drone-abc-4-1' } }] }),
    IN_CONTAINER,
  ),
  refused(
    'secrets',
    'the credentials of registries in a step',
    withVolume({ secret: { secretName: `${STAGE}-pull` } }),
    EXTRA_VOLUME,
  ),
  refused(
    'pull-secrets',
    'pull credentials of another stage',
    withSpec({ imagePullSecrets: [{ name: 'drone-abc-4-1-pull' }] }),
    ['pull secret drone-abc-4-1-pull'],
  ),
  refused(
    'memory-volumes',
    'a volume in memory without a limit',
    withVolume({ emptyDir: { medium: 'Memory' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'memory-volumes',
    'a volume in memory with the limit 0, which is none',
    withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '0' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'memory-volumes',
    'a large volume in memory',
    withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '2Gi' } }),
    EXTRA_VOLUME,
  ),
  refused(
    'memory-volumes',
    'a small volume in memory',
    withVolume({ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }),
    EXTRA_VOLUME,
    ['untrusted'],
  ),
  refused(
    'memory-volumes',
    'a run volume with a large limit',
    withSpec({
      volumes: (GOOD.spec.volumes ?? []).map((volume) =>
        volume.name === 'drone-kube-run'
          ? { name: volume.name, emptyDir: { medium: 'Memory', sizeLimit: '65Mi' } }
          : volume,
      ),
    }),
    ['volume drone-kube-run'],
  ),
  refused(
    'run-volume',
    'the run volume for writing',
    withContainer({ volumeMounts: [{ name: 'drone-kube-run', mountPath: '/run/drone' }] }),
    IN_CONTAINER,
  ),
];
