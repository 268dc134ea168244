import { describe, expect, test } from '@jest/globals';
import { lintAdvice } from '../../../runtime/pipeline/lint-advice.ts';
import { byPosition, loadFile } from '../../../runtime/pipeline/load.ts';
import { brief, HEAD } from './helpers.ts';

const advice = (text: string): ReturnType<typeof lintAdvice> =>
  lintAdvice(loadFile(text).documents).toSorted(byPosition);
const briefs = (text: string): readonly string[] => advice(text).map(brief);
const codes = (text: string): readonly string[] => advice(text).map(({ code }) => code);

const withStep = (lines: string): string =>
  `${HEAD}steps:\n- name: a\n${lines.replace(/^/gm, '  ')}\n`;
const services = (...list: readonly string[]): string =>
  `${HEAD}services:\n${list.map((service) => `- ${service}\n`).join('')}`;
const SECRET = '---\nkind: secret\nname: docker_password\ndata: abc\n';

describe('images', () => {
  test.each([
    'golang',
    'golang:latest',
    'plugins/docker',
    'registry:5000/golang',
    'gcr.io/a/b:latest',
  ])('%s may be another one tomorrow', (image) => {
    expect(briefs(withStep(`image: ${image}`))).toEqual(['5:10 warning step-image-latest']);
  });

  test.each([
    'golang:1.25',
    'golang:latest-alpine',
    'registry:5000/golang:1',
    `golang@sha256:${'a'.repeat(64)}`,
    'golang:${GO_VERSION}',
    '${IMAGE}',
    '""',
  ])('%s is fine', (image) => {
    expect(codes(withStep(`image: ${image}`))).toEqual([]);
  });
});

describe('working_dir', () => {
  test.each(['app', './app', '../app'])('%s is relative', (folder) => {
    expect(briefs(withStep(`image: a:1\nworking_dir: ${folder}`))).toEqual([
      '6:16 warning step-working-dir',
    ]);
  });

  test.each(['/app', 'C:\\app', '${FOLDER}/app', '""'])('%s is fine', (folder) => {
    expect(codes(withStep(`image: a:1\nworking_dir: ${folder}`))).toEqual([]);
  });

  test('the fix is the same folder in the workspace', () => {
    expect(advice(withStep('image: a:1\nworking_dir: ./app'))[0]?.fix).toBe(
      'write the whole path, `/drone/src/app` in the default workspace',
    );
  });
});

describe('volumes', () => {
  test('one that nobody mounts', () => {
    const text = `${HEAD}steps: [{name: a, image: a:1, volumes: [{name: v, path: /v}]}]\nvolumes:\n- {name: v, temp: {}}\n- {name: w, temp: {}}\n`;
    expect(briefs(text)).toEqual(['6:10 warning volume-unused']);
  });

  test('one that a service mounts', () => {
    const text = `${services('{name: a, image: a:1, volumes: [{name: v, path: /v}]}')}volumes: [{name: v, temp: {}}]`;
    expect(codes(text)).toEqual([]);
  });
});

describe('ports', () => {
  test.each([
    ['{name: a, image: "redis:7"}', '{name: b, image: "redis:6"}'],
    ['{name: a, image: "mysql:8"}', '{name: b, image: "mariadb:11"}'],
    [
      '{name: a, image: "gcr.io:443/x/postgres:1@sha256:a"}',
      '{name: b, image: "postgis/postgis:1"}',
    ],
  ])('%s and %s', (a, b) => {
    expect(briefs(services(a, b))).toEqual(['5:10 warning service-port']);
  });

  test('a service and a step in the background', () => {
    const text = `${services('{name: a, image: "nginx:1"}')}steps: [{name: b, image: "httpd:2", detach: true}]`;
    expect(codes(text)).toEqual(['service-port']);
  });

  test.each([
    ['another port', '{name: b, image: "postgres:1"}'],
    ['an own command', '{name: b, image: "redis:1", command: [redis-server, --port, 1]}'],
    ['a variable', '{name: b, image: "redis:1", environment: {REDIS_PORT: 1}}'],
    ['a condition', '{name: b, image: "redis:1", when: {event: tag}}'],
    ['an unknown image', '{name: b, image: "redis-proxy:1"}'],
  ])('no clash with %s', (_, other) => {
    expect(codes(services('{name: a, image: "redis:7"}', other))).toEqual([]);
  });

  test('a step in the foreground is a client', () => {
    const text = `${services('{name: a, image: "redis:7"}')}steps: [{name: b, image: "redis:7"}]`;
    expect(codes(text)).toEqual([]);
  });

  test('two pipelines are two Pods', () => {
    const text = services('{name: a, image: "redis:7"}');
    expect(codes(`${text}---\n${text}`)).toEqual([]);
  });
});

describe('secrets', () => {
  const using = (name: string): string =>
    withStep(`image: a:1\nsettings:\n  password:\n    from_secret: ${name}`);

  test.each(['docker_password', 'DOCKER_PASSWORD'])('%s is in the file', (name) => {
    expect(codes(using(name) + SECRET)).toEqual([]);
  });

  test('almost the name of one in the file', () => {
    const found = advice(using('docker_pasword') + SECRET);
    expect(found.map(brief)).toEqual(['8:7 warning secret-unknown', '11:7 warning secret-unused']);
    expect(found[0]?.fix).toBe('did you mean `docker_password`?');
  });

  test('one of the server is no mistake', () => {
    const text = withStep(
      'image: a:1\nsettings: {a: {from_secret: docker_password}}\nenvironment: {B: {from_secret: token}}',
    );
    expect(codes(text + SECRET)).toEqual([]);
    expect(codes(using('docker_pasword'))).toEqual([]);
  });

  test('a registry credential is a use', () => {
    expect(codes(`${HEAD}image_pull_secrets: [docker_password]\n${SECRET}`)).toEqual([]);
  });

  test('a pipeline of another type may use it', () => {
    expect(codes(`kind: pipeline\ntype: docker\n${SECRET}`)).toEqual([]);
  });
});
