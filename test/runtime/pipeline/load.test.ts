import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadFile, selectPipeline } from '../../../runtime/pipeline/load.ts';
import { brief, HEAD, loadBrief, pipelineOf } from './helpers.ts';

const everything = readFileSync(
  new URL('../../fixtures/pipelines/everything.yml', import.meta.url),
  'utf8',
);

describe('a pipeline with every key', () => {
  const pipeline = pipelineOf(everything);
  const [build, publish, watch] = pipeline.steps;

  test('gives no diagnostic', () => {
    expect(loadBrief(everything)).toEqual([]);
  });

  test('is read as a whole', () => {
    expect(pipeline).toMatchObject({
      name: 'everything',
      platform: { os: 'linux', arch: 'arm64', variant: 'v8', version: '1809' },
      clone: { disable: false, depth: 50, skipVerify: true, trace: true },
      workspacePath: '/go/src',
      environment: new Map([
        ['GOFLAGS', '-mod=mod'],
        ['RATE', '1.10'],
      ]),
      resources: { requests: { cpu: 500, memory: 2 ** 30 }, limits: { cpu: 0, memory: 0 } },
      imagePullSecrets: ['registry'],
      metadata: {
        namespace: 'builds',
        annotations: new Map([['team', 'a']]),
        labels: new Map([['app', 'b']]),
      },
      nodeName: 'node-1',
      nodeSelector: new Map([['disk', 'ssd']]),
      serviceAccountName: 'builder',
      tolerations: [
        {
          effect: 'NoExecute',
          key: 'spot',
          operator: 'Equal',
          value: 'yes',
          tolerationSeconds: 60,
        },
      ],
      dnsConfig: {
        nameservers: ['10.0.0.1'],
        searches: ['svc.local'],
        options: [
          { name: 'ndots', value: '2' },
          { name: 'edns0', value: undefined },
        ],
      },
      hostAliases: [{ ip: '10.0.0.2', hostnames: ['cache.local'] }],
      trigger: {
        branch: { include: ['main'], exclude: [] },
        event: { include: [], exclude: ['pull_request'] },
      },
      dependsOn: ['first'],
    });
    expect(pipeline.volumes.map(({ name, source }) => ({ name, ...source }))).toEqual([
      { name: 'cache', kind: 'temp', medium: 'memory', sizeLimit: 64 * 2 ** 20 },
      { name: 'docker', kind: 'host', path: '/var/lib/docker' },
      { name: 'data', kind: 'claim', claimName: 'data-claim', readOnly: true },
      {
        name: 'config',
        kind: 'config_map',
        objectName: 'config-object',
        defaultMode: 0o644,
        optional: true,
      },
      {
        name: 'keys',
        kind: 'secret',
        objectName: 'keys-object',
        defaultMode: undefined,
        optional: false,
      },
    ]);
  });

  test('has its steps and services', () => {
    expect(pipeline.services).toMatchObject([{ name: 'redis', image: 'redis:7', detach: true }]);
    expect(build).toMatchObject({
      commands: ['go build ./...'],
      environment: new Map<string, unknown>([
        ['CGO_ENABLED', { value: '0' }],
        ['TOKEN', { fromSecret: 'token' }],
      ]),
      when: {
        branch: { include: ['main', 'release/*'], exclude: [] },
        status: { include: ['success', 'failure'], exclude: [] },
      },
      failure: 'ignore',
      pull: 'IfNotPresent',
      privileged: false,
      detach: false,
      resources: { limits: { cpu: 1000, memory: 512 * 2 ** 20 } },
      user: 1000,
      group: 100,
      workingDir: '/go/src/app',
    });
    expect(build?.volumes).toMatchObject([{ name: 'cache', path: '/cache', subPath: 'go' }]);
    expect(publish?.settings).toEqual(
      new Map<string, unknown>([
        ['repo', { value: 'a/b' }],
        ['dry_run', { value: true }],
        ['tags', { value: [1, 'latest'] }],
        ['password', { fromSecret: 'password' }],
      ]),
    );
    expect(publish?.dependsOn.map(({ name }) => name)).toEqual(['build', 'clone']);
    expect(watch).toMatchObject({
      entrypoint: ['/bin/sh', '-c'],
      command: ['sleep 1'],
      detach: true,
    });
  });
});

test('a pipeline without anything has its defaults', () => {
  expect(pipelineOf(HEAD)).toMatchObject({
    name: '',
    platform: { os: '', arch: '', variant: '', version: '' },
    clone: { disable: false, depth: 0, skipVerify: false, trace: false },
    workspacePath: '/drone/src',
    steps: [],
    services: [],
    dnsConfig: undefined,
    trigger: {},
  });
});

describe('documents', () => {
  const file = `${HEAD}---\n${HEAD}name: b\n---\nkind: pipeline\ntype: docker\nname: c\nsteps: 5
---\nkind: secret\nname: s\ndata: xyz\n---\nkind: secret\nname: e\nget: {path: p, name: n}
---\nkind: signature\nhmac: abc\n---\nkind: template\nload: x\n`;

  test('are told apart, and those of others left alone', () => {
    const { documents, diagnostics } = loadFile(file);
    expect(diagnostics).toEqual([]);
    expect(documents).toMatchObject([
      { kind: 'pipeline', name: '' },
      { kind: 'pipeline', name: 'b' },
      { kind: 'other', kindName: 'pipeline', type: 'docker', name: 'c' },
      { kind: 'secret', name: 's', data: 'xyz', get: undefined },
      { kind: 'secret', name: 'e', data: '', get: { path: 'p', name: 'n' } },
      { kind: 'signature', hmac: 'abc' },
      { kind: 'other', kindName: 'template' },
    ]);
  });

  test.each([
    ['', ''],
    ['default', ''],
    ['b', 'b'],
    ['c', undefined],
    ['B', undefined],
  ])('the pipeline %j is %j', (name, expected) => {
    expect(selectPipeline(loadFile(file).documents, name)?.name).toBe(expected);
  });

  test('`default` is also the name of one without', () => {
    const { documents } = loadFile(`${HEAD}name: default`);
    expect(selectPipeline(documents, '')?.name).toBe('default');
  });

  test.each([
    ['a list', '- a', '1:1 error type-document'],
    ['a text', 'a', '1:1 error type-document'],
    ['no kind', 'name: a', '1:1 warning kind-missing'],
    ['a kind with a slip', 'kind: pipelin', '1:7 warning kind-unknown'],
    ['a type with a slip', 'kind: pipeline\ntype: kubernets', '2:7 warning kind-type'],
  ])('%s', (_, text, expected) => {
    expect(loadBrief(text)).toEqual([expected]);
  });
});

test('500 steps are read and checked in well under 150 ms', () => {
  const steps = Array.from(
    { length: 500 },
    (_, n) =>
      `- name: s${n}\n  image: golang\n  commands:\n  - go build\n  - go test\n  environment: {A: b, C: {from_secret: c}}\n  when: {branch: [main], event: {exclude: [tag]}}\n`,
  );
  const text = `${HEAD}steps:\n${steps.join('')}`;
  const times = [1, 2, 3].map(() => {
    const started = performance.now();
    expect(loadFile(text).diagnostics.map(brief)).toEqual([]);
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(150);
});
