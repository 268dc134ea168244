/** Every Pod that is deployed, whatever makes it. */
import { describe, expect, test } from '@jest/globals';
import { at } from '../cluster/json.ts';
import { environmentOf, everything, object, objects, type Manifest } from './support.ts';

/** Where a kind of object keeps its template. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  PodTemplate: ['template'],
};

const buffer = environmentOf({
  capacity: { kind: 'buffer', stages: 3 },
  disruption: { autoscaler: { kind: 'cluster-autoscaler', version: '1.35' } },
});

const templates = [...objects(everything), ...objects(buffer)].flatMap((manifest) => {
  const path = TEMPLATES[manifest.kind];
  const name = `${manifest.kind} ${manifest.metadata.name}`;
  return path === undefined ? [] : [{ name, template: at(manifest, ...path) }];
});

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

describe.each(templates)('the Pods of $name', ({ template }) => {
  const spec = at(template, 'spec');
  const containers = [...list(at(spec, 'initContainers')), ...list(at(spec, 'containers'))];

  test('run in a namespace that enforces restricted', () => {
    expect(at(spec, 'securityContext')).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containers.length).toBeGreaterThan(0);
    for (const container of containers) {
      expect(at(container, 'securityContext')).toEqual({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      });
    }
  });

  test('say what they need and how urgent they are', () => {
    expect(at(spec, 'priorityClassName')).toMatch(/^drone-kube-(runner|batch|balloon)$/);
    for (const container of containers) {
      expect(at(container, 'resources', 'requests')).toMatchObject({
        cpu: expect.any(String),
        memory: expect.any(String),
      });
    }
  });

  test('get a token only where they talk to the API server', () => {
    const verbs = new Set(containers.map((container) => at(container, 'args', '0')));
    expect(at(spec, 'automountServiceAccountToken')).toBe(verbs.has('daemon') || verbs.has('reap'));
  });
});

describe('the runner', () => {
  const manifests = objects();
  const deployment = object(manifests, 'Deployment', 'drone-kube');
  const container = at(deployment, 'spec', 'template', 'spec', 'containers', '0');

  test('is asked where it answers', () => {
    const path = (probe: string): unknown => at(container, probe, 'httpGet', 'path');
    expect(path('livenessProbe')).toBe('/healthz');
    expect(path('readinessProbe')).toBe('/readyz');
    expect(at(container, 'ports')).toEqual([{ name: 'http', containerPort: 3000 }]);
    expect(
      at(object(manifests, 'ConfigMap', 'drone-kube-configuration'), 'data', 'DRONE_SERVER_PORT'),
    ).toBe(':3000');
  });

  test('knows its Pod, and gets secrets by reference', () => {
    expect(at(container, 'env')).toEqual([
      {
        name: 'DRONE_RPC_SECRET',
        valueFrom: { secretKeyRef: { name: 'drone-rpc', key: 'secret' } },
      },
      { name: 'DRONE_KUBE_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'DRONE_KUBE_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    ]);
  });

  test('has two replicas on nodes of their own, of which one may be away', () => {
    expect(deployment).toMatchObject({
      spec: {
        replicas: 2,
        template: {
          spec: {
            topologySpreadConstraints: [
              { topologyKey: 'kubernetes.io/hostname' },
              { topologyKey: 'topology.kubernetes.io/zone' },
            ],
          },
        },
      },
    });
    expect(object(manifests, 'PodDisruptionBudget', 'drone-kube')).toMatchObject({
      spec: { maxUnavailable: 1, selector: at(deployment, 'spec', 'selector') },
    });
  });

  test('is replaced when what it has read changes, and only then', () => {
    const checksum = (made: readonly Manifest[]): unknown =>
      at(
        object(made, 'Deployment', 'drone-kube'),
        'spec',
        'template',
        'metadata',
        'annotations',
        'checksum/config',
      );
    const first = checksum(manifests);
    expect(checksum(objects())).toBe(first);
    expect(checksum(objects(environmentOf({ runner: { capacity: 7 } })))).not.toBe(first);
    expect(checksum(objects(environmentOf({ trusted: { repos: ['a/b'] } })))).not.toBe(first);
    expect(checksum(objects(environmentOf({ runner: { replicas: 5 } })))).toBe(first);
  });
});

test('the reaper never runs twice at once, and ends', () => {
  const manifests = objects(
    environmentOf({ reaper: { schedule: '1 2 * * *', deadlineSeconds: 99 } }),
  );
  expect(object(manifests, 'CronJob', 'drone-kube-reaper')).toMatchObject({
    spec: {
      schedule: '1 2 * * *',
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 300,
      jobTemplate: {
        spec: {
          backoffLimit: 0,
          activeDeadlineSeconds: 99,
          template: {
            spec: {
              restartPolicy: 'Never',
              serviceAccountName: 'drone-kube-reaper',
              containers: [{ args: ['reap', '--json'] }],
            },
          },
        },
      },
    },
  });
});

test('the reaper tells its metrics where the settings say, and may go there', () => {
  const opening = { namespace: 'monitoring', labels: { app: 'gateway' }, ports: [9091] };
  const manifests = objects(
    environmentOf({ reaper: { pushgateway: { url: 'http://gateway.monitoring:9091', opening } } }),
  );
  expect(JSON.stringify(object(manifests, 'CronJob', 'drone-kube-reaper'))).toContain(
    '"args":["reap","--json","--pushgateway=http://gateway.monitoring:9091"]',
  );
  const open = {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
        podSelector: { matchLabels: { app: 'gateway' } },
      },
    ],
    ports: [{ port: 9091, protocol: 'TCP' }],
  };
  const egress = (name: string): unknown =>
    at(object(manifests, 'NetworkPolicy', name, 'drone-system'), 'spec', 'egress');
  expect(egress('drone-kube-reaper')).toContainEqual(open);
  expect(egress('drone-kube')).not.toContainEqual(open);
});
