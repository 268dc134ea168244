import { describe, expect, test } from '@jest/globals';
import { CODES } from '../../../runtime/pipeline/codes.ts';
import { brief, HEAD, lint, lintCodes, withStep } from './helpers.ts';

const steps = (...list: string[]): string =>
  `${HEAD}steps:\n${list.map((s) => `- ${s}\n`).join('')}`;
const volume = (source: string): string =>
  `${HEAD}volumes: [${source}]\nsteps: [{name: a, image: b}]`;
const LONG = 'x'.repeat(100);
const VOLUMES = 'volumes: [{name: v, temp: {}}, {name: w, temp: {}}]\n';

/** Each rule with a file that breaks it and one that just does not. */
describe('rules', () => {
  test.each<[string, string, string]>([
    ['platform-os', `${HEAD}platform: {os: windows}`, `${HEAD}platform: {os: Linux}`],
    ['platform-os', `${HEAD}platform: {os: darwin}`, `${HEAD}platform: {os: ""}`],
    [
      'resources-limits-cpu',
      `${HEAD}resources: {limits: {cpu: 1}}`,
      `${HEAD}resources: {requests: {cpu: 1}, limits: {cpu: 0}}`,
    ],
    [
      'resources-limits-memory',
      `${HEAD}resources: {limits: {memory: 1}}`,
      withStep('resources: {limits: {memory: 1}}'),
    ],
    ['step-name-missing', steps('{image: a}'), steps('{name: a, image: a}')],
    [
      'step-name-missing',
      `${HEAD}services: [{name: "", image: a}]`,
      `${HEAD}services: [{name: a, image: a}]`,
    ],
    [
      'step-name-too-long',
      `${HEAD}services: [{name: ${LONG}x, image: a}]`,
      `${HEAD}services: [{name: ${LONG}, image: a}]`,
    ],
    ['step-name-too-long', steps(`{name: ${LONG}x, image: a}`), steps(`{name: ${LONG}, image: a}`)],
    ['step-name-control', steps('{name: "a\\nb", image: a}'), steps('{name: "a b", image: a}')],
    ['step-name-control', steps('{name: "a\\tb", image: a}'), steps('{name: "é", image: a}')],
    [
      'step-name-duplicate',
      steps('{name: a, image: a}', '{name: a, image: b}'),
      steps('{name: a, image: a}', '{name: A, image: b}'),
    ],
    [
      'step-name-duplicate',
      `${HEAD}services: [{name: a, image: a}]\nsteps: [{name: a, image: a}]`,
      `${HEAD}services: [{name: a, image: a}]\nsteps: [{name: b, image: a}]`,
    ],
    [
      'step-name-duplicate',
      steps('{name: clone, image: a}'),
      `${steps('{name: clone, image: a}')}clone: {disable: true}`,
    ],
    [
      'metadata-reserved',
      `${HEAD}metadata: {annotations: {drone-kube.io/verdict: a}}`,
      `${HEAD}metadata: {annotations: {drone-kube.io/retry: "1", drone-kube.example/verdict: a}}`,
    ],
    [
      'metadata-reserved',
      `${HEAD}metadata: {labels: {drone-kube.io/retry: "1"}}`,
      `${HEAD}metadata: {labels: {example.com/drone-kube.io: a}}`,
    ],
    ['step-image-missing', steps('{name: a}'), steps('{name: a, image: b}')],
    [
      'step-image-missing',
      `${HEAD}services: [{name: a, image: ""}]`,
      `${HEAD}services: [{name: a, image: b}]`,
    ],
    ['step-privileged', withStep('privileged: true'), withStep('privileged: false')],
    [
      'step-entrypoint-wins',
      withStep('commands: [a]\nentrypoint: [b]'),
      withStep('command: [a]\nentrypoint: [b]'),
    ],
    [
      'step-status-unknown',
      withStep('when: {status: [failed]}'),
      withStep('when: {status: [failure, "succ*"]}'),
    ],
    [
      'step-status-unknown',
      withStep('when: {status: {exclude: [killed]}}'),
      withStep('when: {status: {exclude: [success]}}'),
    ],
    [
      'environment-too-long',
      withStep(`environment: {A: ${'x'.repeat(131_070)}}`),
      withStep(`environment: {A: ${'x'.repeat(131_069)}}`),
    ],
    [
      'environment-too-long',
      `${HEAD}environment: {A: ${'é'.repeat(70_000)}}`,
      withStep(`commands: [${'x'.repeat(200_000)}]`),
    ],
    [
      'environment-too-long',
      withStep(`settings: {a: ${'x'.repeat(140_000)}}`),
      withStep('settings: {a: {from_secret: b}}'),
    ],
    ['environment-name', withStep('environment: {"": a}'), withStep('settings: {"": a}')],
    ['environment-name', withStep('environment: {a=b: c}'), withStep('environment: {a-b: c}')],
    ['environment-name', withStep('environment: {"a\\0": b}'), withStep('environment: {a b: c}')],
    ['environment-name', withStep('environment: {ß: a}'), withStep('environment: {"~": a}')],
    [
      'environment-name',
      withStep('settings: {"a=": {from_secret: b}}'),
      withStep('settings: {"a=": ~}'),
    ],
    ['environment-name', `${HEAD}environment: {é: a}`, `${HEAD}environment: {1: a}`],
    ['dependency-unknown', withStep('depends_on: [c]'), withStep('depends_on: [clone]')],
    [
      'dependency-unknown',
      `${withStep('depends_on: [clone]')}clone: {disable: true}`,
      steps('{name: a, image: a, depends_on: [b]}', '{name: b, image: b}'),
    ],
    ['dependency-self', withStep('depends_on: [a]'), withStep('depends_on: []')],
    [
      'dependency-self',
      `${HEAD}services: [{name: a, image: a, depends_on: [a]}]`,
      `${HEAD}services: [{name: b, image: a}, {name: a, image: a, depends_on: [b]}]`,
    ],
    [
      'dependency-cycle',
      steps('{name: a, image: a, depends_on: [b]}', '{name: b, image: b, depends_on: [a]}'),
      steps(
        '{name: a, image: a, depends_on: [b, c]}',
        '{name: b, image: b, depends_on: [c]}',
        '{name: c, image: c}',
      ),
    ],
    [
      'mount-name',
      withStep('volumes: [{name: _status, path: /a}]'),
      `${withStep('volumes: [{name: status, path: /a}]')}volumes: [{name: status, temp: {}}]`,
    ],
    [
      'mount-path',
      `${withStep('volumes: [{name: v, path: /run//x/../drone/y}]')}volumes: [{name: v, temp: {}}]`,
      `${withStep('volumes: [{name: v, path: /run/drones}]')}volumes: [{name: v, temp: {}}]`,
    ],
    [
      'mount-duplicate',
      `${withStep('volumes: [{name: v, path: /a}, {name: w, path: /a}]')}${VOLUMES}`,
      `${withStep('volumes: [{name: v, path: /a}, {name: w, path: /a/}]')}${VOLUMES}`,
    ],
    [
      'mount-workspace',
      `${withStep('volumes: [{name: v, path: /drone/src}]')}${VOLUMES}`,
      `${withStep('volumes: [{name: v, path: /drone/src/a}, {name: w, path: /drone}]')}${VOLUMES}`,
    ],
    [
      'mount-workspace',
      `${withStep('volumes: [{name: v, path: /go}]')}${VOLUMES}workspace: {path: go/}\n`,
      `${withStep('volumes: [{name: v, path: /etc}]')}${VOLUMES}workspace: {path: /etc}\n`,
    ],
    [
      'mount-unknown',
      withStep('volumes: [{name: cahce, path: /a}]'),
      `${withStep('volumes: [{name: cache, path: /a}]')}volumes: [{name: cache, temp: {}}]`,
    ],
    ['volume-name-missing', volume('{temp: {}}'), volume('{name: a, temp: {}}')],
    [
      'volume-name-reserved',
      volume('{name: _addons, temp: {}}'),
      volume('{name: addons, temp: {}}'),
    ],
    [
      'volume-name-reserved',
      volume('{name: workspace, temp: {}}'),
      volume('{name: workspaces, temp: {}}'),
    ],
    ['volume-kind-missing', volume('{name: a}'), volume('{name: a, temp: {}}')],
    [
      'volume-memory',
      volume('{name: a, temp: {medium: Memory}}'),
      volume('{name: a, temp: {medium: ""}}'),
    ],
    ['volume-host', volume('{name: a, host: {path: /b}}'), volume('{name: a, temp: {}}')],
    ['volume-claim', volume('{name: a, claim: {name: b}}'), volume('{name: a, temp: {}}')],
    [
      'volume-config-map',
      volume('{name: a, config_map: {name: b}}'),
      volume('{name: a, temp: {}}'),
    ],
    ['volume-secret', volume('{name: a, secret: {name: b}}'), volume('{name: a, temp: {}}')],
  ])('%s', (code, bad, good) => {
    expect(lintCodes(bad)).toEqual([code]);
    expect(lintCodes(good)).toEqual([]);
  });

  test.each([
    ['services: [{image: a}]', ['3:12 warning step-name-missing']],
    [`services: [{name: ${LONG}x, image: a}]`, ['3:19 warning step-name-too-long']],
    ['services: [{name: "a\\tb", image: a}]', ['3:19 error step-name-control']],
    [
      'services: [{image: a}, {image: b}]',
      [
        '3:12 warning step-name-missing',
        '3:24 warning step-name-missing',
        '3:24 error step-name-duplicate',
      ],
    ],
    [
      'services: [{image: a}]\nsteps: [{image: b}]',
      ['3:12 warning step-name-missing', '4:9 error step-name-missing'],
    ],
  ])(
    'the names of services keep a pipeline from running only where they must: %s',
    (text, found) => {
      expect(lint(`${HEAD}${text}`).map(brief)).toEqual(found);
    },
  );

  test('a mount that is left out takes no path', () => {
    const text = `${withStep('volumes: [{name: v, path: /a}, {name: w, path: /a}]')}volumes: [{name: v, temp: {}}, {name: w}]`;
    expect(lintCodes(text)).toEqual(['volume-kind-missing']);
  });

  test.each(['privileged: true'])('a trusted repository may: %s', (line) => {
    expect(lintCodes(withStep(line), true)).toEqual([]);
  });

  test.each([
    '{name: a, temp: {medium: memory}}',
    '{name: a, host: {path: /b}}',
    '{name: a, claim: {name: b}}',
    '{name: a, config_map: {name: b}}',
    '{name: a, secret: {name: b}}',
  ])('a trusted repository may declare %s', (source) => {
    expect(lintCodes(volume(source), true)).toEqual([]);
  });
});

describe('what is told', () => {
  test('all errors at once, each where it is', () => {
    const text = `${HEAD}resources:
  limits: {cpu: 1, memory: 1}
steps:
- name: a
  privileged: true
  depends_on: [a, b]
- name: a
  image: c
  volumes:
  - {name: _status, path: /run/drone}
`;
    expect(lint(text).map(brief)).toEqual([
      '4:17 error resources-limits-cpu',
      '4:28 error resources-limits-memory',
      '6:9 error step-image-missing',
      '7:15 error step-privileged',
      '8:16 error dependency-self',
      '8:19 error dependency-unknown',
      '9:9 error step-name-duplicate',
      '12:12 error mount-name',
      '12:12 error mount-path',
    ]);
  });

  test('a circle is printed as a whole, once', () => {
    const text = steps(
      '{name: a, image: x, depends_on: [c]}',
      '{name: b, image: x, depends_on: [a]}',
      '{name: c, image: x, depends_on: [b]}',
      '{name: d, image: x, depends_on: [c]}',
    );
    expect(lint(text).map(({ message }) => message)).toEqual([
      'steps wait for each other in a circle: a → c → b → a',
    ]);
  });

  test('a circle of a thousand steps is shortened', () => {
    const names = Array.from({ length: 1_000 }, (_, n) => n);
    const text = steps(
      ...names.map((n) => `{name: s${n}, image: x, depends_on: [s${(n + 1) % names.length}]}`),
    );
    const found = lint(text);
    expect(found).toHaveLength(1);
    expect(found[0]?.message.length).toBeLessThan(300);
  });

  test.each([
    ['depends_on: [biuld]', 'did you mean `build`?'],
    ['when: {status: [sucess]}', 'did you mean `success`?'],
    ['volumes: [{name: cahce, path: /a}]', 'did you mean `cache`?'],
  ])('%s: %s', (line, fix) => {
    const text = `${withStep(line)}- {name: build, image: x}\nvolumes: [{name: cache, temp: {}}]`;
    expect(lint(text).map((diagnostic) => diagnostic.fix)).toEqual([fix]);
  });

  test('every code has a sentence', () => {
    for (const [code, sentence] of Object.entries(CODES)) {
      expect(code).toMatch(/^[a-z]+(?:-[a-z]+)+$/);
      expect(sentence).toMatch(/^[A-Z].*\.$/s);
    }
  });
});
