import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { windowScript } from '../../infra/constructs/window.ts';
import type { Autoscaler, Capacity } from '../../infra/environments/settings-capacity.ts';
import { at } from '../cluster/json.ts';
import { charts, environmentOf, object } from './support.ts';

const STAGE = { cpu: '2', memory: '3Gi' };

const capacityOf = (capacity: Capacity, autoscaler?: Autoscaler) =>
  charts(
    environmentOf({
      capacity,
      stage: STAGE,
      ...(autoscaler === undefined ? {} : { disruption: { autoscaler } }),
      untrusted: { nodes: { selector: { pool: 'builds' } } },
    }),
  )['capacity'];

test('none is made unless it is asked for', () => {
  expect(capacityOf({ kind: 'none' })).toBeUndefined();
});

describe('a balloon', () => {
  const made =
    capacityOf({
      kind: 'balloon',
      stages: 4,
      windows: [
        { name: 'day', schedule: '0 7 * * 1-5', timeZone: 'Europe/Berlin', hours: 10, stages: 6 },
      ],
    }) ?? [];

  test('holds as much room as stages need, where they would run', () => {
    const spec = object(made, 'Deployment', 'drone-kube-balloon')['spec'];
    expect(spec).toMatchObject({
      replicas: 4,
      template: {
        spec: {
          priorityClassName: 'drone-kube-balloon',
          terminationGracePeriodSeconds: 0,
          nodeSelector: { pool: 'builds' },
          containers: [{ resources: { requests: STAGE } }],
        },
      },
    });
  });

  test('is larger in a window', () => {
    const { spec } = object(made, 'CronJob', 'drone-kube-balloon-day');
    expect(spec).toMatchObject({
      schedule: '0 7 * * 1-5',
      timeZone: 'Europe/Berlin',
      jobTemplate: { spec: { parallelism: 6, completions: 6, activeDeadlineSeconds: 36_300 } },
    });
    const container = at(spec, ...'jobTemplate.spec.template.spec.containers.0'.split('.'));
    expect(at(container, 'resources', 'requests')).toEqual(STAGE);
  });

  test('may have windows only', () => {
    const windows = [{ name: 'day', schedule: '0 7 * * *', hours: 1, stages: 1 }];
    const kinds = capacityOf({ kind: 'balloon', stages: 0, windows })?.map(({ kind }) => kind);
    expect(kinds).toEqual(['CronJob']);
  });
});

describe('a Pod of a window', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'drone-kube-window-'));
    writeFileSync(join(folder, 'sleep'), '#!/bin/sh\necho "$1"\n', { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const sleeps = (job: string): number => {
    const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { PATH: path, JOB: job };
    const out = execFileSync('sh', ['-c', windowScript(3600)], { env, encoding: 'utf8' });
    return Number(out.trim());
  };
  const minute = (ago: number): number => Math.floor(Date.now() / 60_000) - ago;

  test('stays until the window is over', () => {
    const left = sleeps(`drone-kube-balloon-day-${minute(40)}`);
    expect(left).toBeGreaterThan(19 * 60 - 5);
    expect(left).toBeLessThanOrEqual(20 * 60);
  });

  test('does not even begin when it is over', () => {
    expect(sleeps(`drone-kube-balloon-day-${minute(61)}`)).toBe(0);
  });

  test('of a Job by hand stays for the whole time', () => {
    expect(sleeps('drone-kube-balloon-by-hand')).toBeGreaterThan(59 * 60 - 5);
  });
});

test.each<[Autoscaler, string]>([
  [{ kind: 'cluster-autoscaler', version: '1.34' }, 'v1alpha1'],
  [{ kind: 'cluster-autoscaler', version: '1.35' }, 'v1beta1'],
  [{ kind: 'karpenter', version: '1.14' }, 'v1alpha1'],
])('a buffer for %j is of %s', (autoscaler, version) => {
  const made = capacityOf({ kind: 'buffer', stages: 3 }, autoscaler) ?? [];
  const name = 'drone-kube-stage';
  expect(object(made, 'CapacityBuffer', name)).toMatchObject({
    apiVersion: `autoscaling.x-k8s.io/${version}`,
    spec: { podTemplateRef: { name }, replicas: 3 },
  });
  expect(object(made, 'PodTemplate', name)).toMatchObject({
    template: { spec: { containers: [{ resources: { requests: STAGE } }] } },
  });
});

test('images are pulled onto every node for builds, whatever is in them', () => {
  const images = ['docker.io/library/golang:1.25', 'registry.example.com/scratch:2'];
  const made = charts(
    environmentOf({
      warmUp: { images, pullSecrets: ['pull'] },
      untrusted: { nodes: { selector: { pool: 'builds' } } },
    }),
  )['capacity'];
  const spec = at(
    object(made ?? [], 'DaemonSet', 'drone-kube-warm-up'),
    'spec',
    'template',
    'spec',
  );
  expect(spec).toMatchObject({
    nodeSelector: { pool: 'builds' },
    imagePullSecrets: [{ name: 'pull' }],
    initContainers: [
      { command: ['cp', '/bin/busybox', '/tools/true'] },
      { image: images[0], command: ['/tools/true'] },
      { image: images[1], command: ['/tools/true'] },
    ],
  });
});
