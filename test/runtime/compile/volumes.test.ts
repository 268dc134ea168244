import { describe, expect, test } from '@jest/globals';
import { compileStage } from '../../../runtime/compile/compile.ts';
import type { Pod } from '../../../runtime/compile/objects.ts';
import type { Pipeline, VolumeSource } from '../../../runtime/pipeline/model.ts';
import { inputOf, NO_CLONE, pipelineOf, serviceOf, stepOf } from '../support.ts';

const position = { line: 1, column: 1, length: 1 };

const podOf = (pipeline: Partial<Pipeline>): Pod =>
  compileStage(inputOf({ pipeline: pipelineOf({ clone: NO_CLONE, ...pipeline }) })).pod;

interface Case {
  readonly title: string;
  readonly source: VolumeSource;
  readonly volume: object;
}

const CASES: readonly Case[] = [
  {
    title: 'temp',
    source: { kind: 'temp', medium: '', sizeLimit: 0 },
    volume: { emptyDir: {} },
  },
  {
    title: 'temp with a limit',
    source: { kind: 'temp', medium: '', sizeLimit: 1024 },
    volume: { emptyDir: { sizeLimit: '1024' } },
  },
  {
    title: 'temp in memory',
    source: { kind: 'temp', medium: 'memory', sizeLimit: 0 },
    volume: { emptyDir: { medium: 'Memory' } },
  },
  {
    title: 'host',
    source: { kind: 'host', path: '/var/cache' },
    volume: { hostPath: { path: '/var/cache', type: 'DirectoryOrCreate' } },
  },
  {
    title: 'claim',
    source: { kind: 'claim', claimName: 'data', readOnly: true },
    volume: { persistentVolumeClaim: { claimName: 'data', readOnly: true } },
  },
  {
    title: 'config_map',
    source: { kind: 'config_map', objectName: 'c', defaultMode: 0o400, optional: true },
    volume: { configMap: { name: 'c', optional: true, defaultMode: 0o400 } },
  },
  {
    title: 'secret',
    source: { kind: 'secret', objectName: 's', defaultMode: undefined, optional: false },
    volume: { secret: { secretName: 's', optional: false } },
  },
];

describe('volumes', () => {
  test.each(CASES)('$title', ({ source, volume }) => {
    const pod = podOf({ volumes: [{ name: 'Odd_Name', source, position }] });
    expect(pod.spec.volumes.at(-1)).toEqual({ name: 'volume-0', ...volume });
  });

  test('names of the pipeline may be any; mounts find them, and unknown ones are left out', () => {
    const temp: VolumeSource = { kind: 'temp', medium: '', sizeLimit: 0 };
    const pod = podOf({
      volumes: [
        { name: 'kindless', source: undefined, position },
        { name: 'My Cache', source: temp, position },
      ],
      steps: [
        stepOf({
          volumes: [
            { name: 'My Cache', path: '/cache', subPath: 'go', position },
            { name: 'My Cache', path: '/all', subPath: '', position },
            { name: 'kindless', path: '/a', subPath: '', position },
            { name: 'nowhere', path: '/b', subPath: '', position },
          ],
        }),
      ],
    });
    expect(pod.spec.volumes.at(-1)).toMatchObject({ name: 'volume-1' });
    expect(pod.spec.containers[1]?.volumeMounts).toEqual([
      { name: 'drone-kube-run', mountPath: '/run/drone', subPath: 'steps/1', readOnly: true },
      { name: 'workspace', mountPath: '/drone/src' },
      { name: 'volume-1', mountPath: '/cache', subPath: 'go' },
      { name: 'volume-1', mountPath: '/all' },
    ]);
  });

  test('every mount of every container has its volume', () => {
    const pod = podOf({ services: [serviceOf({ name: 'db' })], steps: [stepOf({})] });
    const names = new Set(pod.spec.volumes.map(({ name }) => name));
    const mounted = pod.spec.containers.flatMap(({ volumeMounts }) => volumeMounts);
    expect(mounted.filter(({ name }) => !names.has(name))).toEqual([]);
  });
});

describe('the Pod as the pipeline wants it', () => {
  test('nothing is set that the pipeline does not say', () => {
    expect(Object.keys(podOf({}).spec).sort()).toEqual([
      'activeDeadlineSeconds',
      'automountServiceAccountToken',
      'containers',
      'enableServiceLinks',
      'restartPolicy',
      'terminationGracePeriodSeconds',
      'volumes',
    ]);
  });

  test('services and detached steps are reached by name, if it can be one', () => {
    const { spec } = podOf({
      services: [serviceOf({ name: 'db' }), serviceOf({ name: 'Not A Name' })],
      steps: [
        stepOf({ name: 'web.local', detach: true }),
        stepOf({ name: 'test' }),
        stepOf({
          name: 'skipped',
          detach: true,
          when: { event: { include: ['tag'], exclude: [] } },
        }),
      ],
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['registry'] }],
    });
    expect(spec['hostAliases']).toEqual([
      { ip: '127.0.0.1', hostnames: ['db', 'web.local'] },
      { ip: '10.0.0.1', hostnames: ['registry'] },
    ]);
  });

  test('node, tolerations and DNS', () => {
    const { spec } = podOf({
      nodeName: 'node-1',
      nodeSelector: new Map([['disk', 'ssd']]),
      tolerations: [
        { effect: 'NoSchedule', key: 'ci', operator: '', value: '', tolerationSeconds: undefined },
        { effect: '', key: 'x', operator: 'Equal', value: 'y', tolerationSeconds: 0 },
      ],
      dnsConfig: {
        nameservers: ['10.0.0.2'],
        searches: ['example.com'],
        options: [
          { name: 'ndots', value: '2' },
          { name: 'rotate', value: undefined },
        ],
      },
    });
    expect(spec).toMatchObject({
      nodeName: 'node-1',
      nodeSelector: { disk: 'ssd' },
      tolerations: [
        { effect: 'NoSchedule', key: 'ci' },
        { key: 'x', operator: 'Equal', value: 'y', tolerationSeconds: 0 },
      ],
      dnsConfig: {
        nameservers: ['10.0.0.2'],
        searches: ['example.com'],
        options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
      },
    });
  });
});
