import { describe, expect, test } from '@jest/globals';
import {
  expandImage,
  isPrivilegedPlugin,
  parseImage,
  sameImage,
  trimImage,
} from '../../../runtime/compile/image.ts';

const SHA = `sha256:${'a'.repeat(64)}`;

describe('names', () => {
  test.each([
    ['golang', 'docker.io/library/golang:latest', 'golang'],
    ['golang:1.25', 'docker.io/library/golang:1.25', 'golang'],
    ['library/golang', 'docker.io/library/golang:latest', 'golang'],
    ['docker.io/golang', 'docker.io/library/golang:latest', 'golang'],
    ['index.docker.io/golang:1', 'docker.io/library/golang:1', 'golang'],
    ['plugins/docker', 'docker.io/plugins/docker:latest', 'plugins/docker'],
    ['docker.io/a/b/c', 'docker.io/a/b/c:latest', 'a/b/c'],
    ['library/a/b', 'docker.io/library/a/b:latest', 'library/a/b'],
    ['gcr.io/project/image:v1', 'gcr.io/project/image:v1', 'gcr.io/project/image'],
    ['localhost/x', 'localhost/x:latest', 'localhost/x'],
    ['host:5000/x', 'host:5000/x:latest', 'host:5000/x'],
    ['host:5000/a/b:c', 'host:5000/a/b:c', 'host:5000/a/b'],
    ['[::1]:5000/x', '[::1]:5000/x:latest', '[::1]:5000/x'],
    // Without a path after it this is a tag, not a port.
    ['host:5000', 'docker.io/library/host:5000', 'host'],
    [`golang@${SHA}`, `docker.io/library/golang@${SHA}`, 'golang'],
    [`gcr.io/x:1@${SHA}`, `gcr.io/x:1@${SHA}`, 'gcr.io/x'],
  ])('%s', (name, expanded, trimmed) => {
    expect(expandImage(name)).toBe(expanded);
    expect(trimImage(name)).toBe(trimmed);
  });

  test.each([
    '',
    'Golang',
    'a/B',
    'a b',
    '/a',
    'a/',
    'a//b',
    'a:',
    'a:b:c',
    '-a',
    'a___b',
    'a..b',
    `a:${'t'.repeat(129)}`,
    'a'.repeat(300),
    'a'.repeat(64),
    SHA,
    'a@sha256:abc',
    `a@${SHA.toUpperCase()}`,
  ])('"%s" is not valid and stays as it is', (name) => {
    expect(parseImage(name)).toBeUndefined();
    expect(expandImage(name)).toBe(name);
    expect(trimImage(name)).toBe(name);
  });

  test('parts', () => {
    expect(parseImage(`gcr.io/a/b:c@${SHA}`)).toEqual({
      registry: 'gcr.io',
      repository: 'a/b',
      tag: 'c',
      digest: SHA,
    });
  });

  test('a long name that is not valid is refused at once', () => {
    const started = performance.now();
    expect(parseImage(`${'a-'.repeat(100_000)}!`)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

test.each([
  ['plugins/docker', 'plugins/docker:19', true],
  ['plugins/docker', 'docker.io/plugins/docker', true],
  ['golang', 'docker.io/library/golang:1', true],
  ['plugins/docker', `plugins/docker@${SHA}`, true],
  ['plugins/docker', 'gcr.io/plugins/docker', false],
  ['plugins/docker', 'plugins/docker-extra', false],
  ['plugins/docker', 'evil.example.com/plugins/docker', false],
])('%s and %s are the same image: %s', (a, b, expected) => {
  expect(sameImage(a, b)).toBe(expected);
});

describe('isPrivilegedPlugin', () => {
  const step = {
    image: 'plugins/docker:20',
    commands: [],
    command: [],
    entrypoint: [],
    volumes: [],
    environment: new Map([['DOCKER_BUILDKIT', { value: '1' }]]),
  };
  const position = { line: 1, column: 1, length: 1 };

  test.each(['docker', 'acr', 'ecr', 'gcr', 'heroku'])('plugins/%s', (name) => {
    expect(isPrivilegedPlugin({ ...step, image: `plugins/${name}` }, [])).toBe(true);
  });

  test.each<[string, Partial<Parameters<typeof isPrivilegedPlugin>[0]>]>([
    ['another image', { image: 'plugins/git' }],
    ['the same name in another registry', { image: 'gcr.io/plugins/docker' }],
    ['commands', { commands: ['id'] }],
    ['command', { command: ['id'] }],
    ['entrypoint', { entrypoint: ['id'] }],
    ['volumes', { volumes: [{ name: 'x', path: '/x', subPath: '', position }] }],
    ...['XDG_RUNTIME_DIR', 'DOCKER_OPTS', 'DOCKER_HOST', 'PATH', 'HOME'].map(
      (name): [string, { environment: Map<string, { value: string }> }] => [
        name,
        { environment: new Map([[name, { value: 'x' }]]) },
      ],
    ),
  ])('not with %s', (_, change) => {
    expect(isPrivilegedPlugin({ ...step, ...change }, [])).toBe(false);
  });

  test('images of the configuration', () => {
    const own = { ...step, image: 'registry.example.com/team/kaniko:3' };
    expect(isPrivilegedPlugin(own, [])).toBe(false);
    expect(isPrivilegedPlugin(own, ['registry.example.com/team/kaniko'])).toBe(true);
    expect(isPrivilegedPlugin({ ...own, commands: ['id'] }, [own.image])).toBe(false);
  });
});
