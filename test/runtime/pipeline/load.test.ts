import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { loadFile, selectPipeline } from '../../../runtime/pipeline/load.ts';
import { brief, HEAD, loadBrief, pipelineOf, stepOf, withStep } from './helpers.ts';

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
    platform: { os: 'linux', arch: 'amd64', variant: '', version: '' },
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

describe('values by the type of their field', () => {
  test.each<[string, string]>([
    ['1.10', '1.10'],
    ['yes', 'yes'],
    ['0644', '0644'],
    ['2001-01-01', '2001-01-01'],
    ['"~"', '~'],
    ['!!int 5', '5'],
    ['!!binary aGk=', 'hi'],
    ['!custom x', 'x'],
    ['~', ''],
    ['', ''],
  ])('text: %s', (source, expected) => {
    expect(stepOf(`working_dir: ${source}`).workingDir).toBe(expected);
  });

  test.each<[string, boolean]>([
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
      (word): [string, boolean] => [word, true],
    ),
    ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF', '~', ''].map(
      (word): [string, boolean] => [word, false],
    ),
    ['!!bool "yes"', true],
  ])('truth value: %s', (source, expected) => {
    expect(stepOf(`detach: ${source}`).detach).toBe(expected);
  });

  test.each<[string, number | undefined]>([
    ['10', 10],
    ['+5', 5],
    ['010', 8],
    ['0o10', 8],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['08', 8],
    ['1.0', 1],
    ['1e+3', 1000],
    ['!!int "5"', 5],
    ['~', undefined],
  ])('whole number: %s', (source, expected) => {
    expect(stepOf(`user: ${source}`).user).toBe(expected);
  });

  test.each<[string, number]>([
    ['100', 100],
    ['"100"', 100],
    ['1k', 1024],
    ['500MiB', 500 * 2 ** 20],
    ['512M', 512 * 2 ** 20],
    ['512 mb', 512 * 2 ** 20],
    ['1Gi', 2 ** 30],
    ['1.5G', 1.5 * 2 ** 30],
    ['1tb', 2 ** 40],
  ])('memory: %s', (source, expected) => {
    expect(stepOf(`resources: {limits: {memory: ${source}}}`).resources.limits.memory).toBe(
      expected,
    );
  });

  test.each<[string, unknown]>([
    ['yes', true],
    ['"yes"', 'yes'],
    ['010', 8],
    ['1_000', 1000],
    ['1.10', 1.1],
    ['1e3', '1e3'],
    ['.5', 0.5],
    ['.5e2', 50],
    ['._5', '._5'],
    ['1e+999', '1e+999'],
    ['12:30:45', '12:30:45'],
    ['2001-01-01', '2001-01-01'],
    ['!!str 1', '1'],
    ['!!binary aGk=', new Uint8Array([104, 105])],
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['99999999999999999999', 1e20],
    ['.inf', Infinity],
    ['~', undefined],
    ['[1, yes, ~]', [1, true, null]],
    [
      '{b: 1, yes: {c: no}}',
      new Map<string, unknown>([
        ['b', 1],
        ['yes', new Map([['c', false]])],
      ]),
    ],
    ['[{from_secret: x}]', [new Map([['from_secret', 'x']])]],
  ])('setting: %s', (source, expected) => {
    const setting = stepOf(`settings: {s: ${source}}`).settings.get('s');
    expect(setting === undefined || 'fromSecret' in setting ? setting : setting.value).toEqual(
      expected,
    );
  });

  test.each([
    ['from_secret', '{from_secret: x}', { fromSecret: 'x' }],
    ['value', '{value: 1.10}', { value: '1.10' }],
    ['text', '1.10', { value: '1.10' }],
    ['null', '~', undefined],
  ])('variable of a step: %s', (_, source, expected) => {
    expect(stepOf(`environment: {A: ${source}}`).environment.get('A')).toEqual(expected);
  });

  test('a null in a map or list of texts is an empty text', () => {
    expect(pipelineOf(`${HEAD}environment: {A: ~}`).environment).toEqual(new Map([['A', '']]));
    expect(stepOf('commands: [a, ~]').commands).toEqual(['a', '']);
  });

  test.each([
    ['failure', 'ignore', 'ignore'],
    ['failure', 'always', 'stop'],
    ['failure', '""', 'stop'],
    ['failure', 'fast', 'fast'],
    ['failure', 'fail-fast', 'fast'],
    ['failure', 'fast-fail', 'fast'],
    ['pull', 'always', 'Always'],
    ['pull', 'Never', 'Never'],
    ['pull', 'IF-NOT-EXISTS', 'IfNotPresent'],
    ['pull', '""', undefined],
  ] as const)('%s: %s', (key, source, expected) => {
    expect(stepOf(`${key}: ${source}`)[key]).toBe(expected);
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['main', ['main'], []],
    ['1.10', ['1.10'], []],
    ['[main, dev]', ['main', 'dev'], []],
    ['[]', [], []],
    ['{include: [main]}', ['main'], []],
    ['{include: [main], exclude: [dev]}', ['main'], ['dev']],
    ['{exclude: ~}', [], []],
    ['{exclude: main}', [], ['main']],
    ['[[main, dev], rc]', ['main', 'dev', 'rc'], []],
  ])('condition: %s', (source, include, exclude) => {
    expect(stepOf(`when: {branch: ${source}}`).when.branch).toEqual({ include, exclude });
  });
});

/** Another file that says the same without a key that is given twice. The results are go-yaml's. */
describe('a key that is given twice, or merged', () => {
  const BASE = `x: &base
  image: b
  environment: {A: base, B: base}
  settings: {p: base, q: {from_secret: base}}
  when: {event: push, branch: {exclude: [base]}}
`;
  const step = (lines: string): string =>
    `${HEAD}${BASE}steps:\n- name: a\n  image: b\n${lines.replace(/^/gm, '  ')}\n`;

  test.each<[string, string, string]>([
    ['texts: the later one', 'pull: always\npull: never', 'pull: never'],
    ['a text that means nothing', 'failure: ignore\nfailure: x', 'failure: x'],
    ['lists: the later one', 'commands: [a, b]\ncommands: [c]', 'commands: [c]'],
    ['nothing takes away what was', 'user: 5\nuser:', ''],
    [
      'maps are put together',
      'environment: {A: 1, B: 1}\nenvironment: {A: {from_secret: x}, C: 3}',
      'environment: {A: {from_secret: x}, B: 1, C: 3}',
    ],
    ['nothing takes away a map', 'environment: {A: 1}\nenvironment:', ''],
    ['a variable', 'environment: {A: {from_secret: x}, A: 1, B: 2, B: }', 'environment: {A: 1}'],
    [
      'a reference to a secret',
      'environment: {A: {from_secret: x, from_secret: y}}',
      'environment: {A: {from_secret: y}}',
    ],
    [
      'values of settings are not put together',
      'settings: {a: {b: {c: 1}, b: {d: 2}}}',
      'settings: {a: {b: {d: 2}}}',
    ],
    [
      'keys are put together at every level',
      'resources: {limits: {cpu: 1, memory: 1}}\nresources: {limits: {cpu: 2}}',
      'resources: {limits: {cpu: 2, memory: 1}}',
    ],
    ['conditions', 'when: {branch: a}\nwhen: {event: b}', 'when: {branch: a, event: b}'],
    [
      'a condition as a text leaves the exclusions',
      'when: {branch: {include: [a], exclude: [b]}, branch: c}',
      'when: {branch: {include: [c], exclude: [b]}}',
    ],
    [
      'a condition as a list does not',
      'when: {branch: {exclude: [b]}, branch: [c]}',
      'when: {branch: [c]}',
    ],
    [
      'parts of a condition',
      'when: {branch: {include: [a], include: [b], exclude: [c], exclude: }}',
      'when: {branch: [b]}',
    ],
    [
      'a merge at the top',
      '<<: *base\nenvironment: {A: own, C: own}\nwhen: {branch: main}\nsettings: {q: own}',
      `environment: {A: own, B: base, C: own}
when: {event: push, branch: {include: [main], exclude: [base]}}
settings: {p: base, q: own}`,
    ],
    [
      'a merge at the bottom',
      'environment: {A: own, C: own}\nwhen: {branch: main}\nsettings: {q: own}\n<<: *base',
      `environment: {A: base, B: base, C: own}
when: {event: push, branch: {exclude: [base]}}
settings: {p: base, q: {from_secret: base}}`,
    ],
    [
      'what is merged is taken away',
      '<<: *base\nenvironment: {A: }\nsettings:\nwhen: {branch: }',
      'environment: {B: base}\nwhen: {event: push}',
    ],
    [
      'a list of merged maps',
      '<<: [{environment: {A: first}, when: {branch: x}}, *base]',
      `environment: {A: first, B: base}
when: {event: push, branch: {include: [x], exclude: [base]}}
settings: {p: base, q: {from_secret: base}}`,
    ],
  ])('%s', (_, given, same) => {
    expect(plain(pipelineOf(step(given)).steps)).toEqual(plain(pipelineOf(step(same)).steps));
  });

  test.each<[string, string]>([
    ['clone: {depth: 3}\nclone: {disable: true}', 'clone: {depth: 3, disable: true}'],
    ['clone: {depth: 3}\nclone:', ''],
    ['environment: {A: 1, A: , B: , B: 1}', 'environment: {A: "", B: 1}'],
    ['steps: [{name: a}]\nsteps: []', ''],
    [
      'volumes: [{name: v, temp: {medium: memory}, temp: {size_limit: 5}}]',
      'volumes: [{name: v, temp: {medium: memory, size_limit: 5}}]',
    ],
    [
      'volumes: [{name: v, temp: {}, temp: , host: {path: /x}}]',
      'volumes: [{name: v, host: {path: /x}}]',
    ],
    ['type: docker\ntype: kubernetes', ''],
  ])('in a pipeline: %s', (given, same) => {
    expect(plain(pipelineOf(`${HEAD}${given}`))).toEqual(plain(pipelineOf(`${HEAD}${same}`)));
  });

  test('the later kind of a document counts', () => {
    expect(loadFile(`${HEAD}kind: secret\nname: s`).documents).toMatchObject([{ kind: 'secret' }]);
  });

  test('a value of the wrong type is told in any of the places', () => {
    const briefs = loadBrief(`${HEAD}clone: 5\nclone: {depth: x}\nclone: {depth: 1}`);
    expect(briefs).toContain('3:8 error type-map');
  });
});

/** Without positions, which differ between files that say the same. */
function plain(value: unknown): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key]) => key !== 'position' && key !== 'places');
  return Object.fromEntries(kept.map(([key, item]) => [key, plain(item)]));
}

describe('what is wrong with a value', () => {
  /** The lines stand in a step, from line 6 on and two columns in. */
  test.each<[string, string]>([
    ['commands: go build', '6:13 error type-list'],
    ['commands: {a: b}', '6:13 error type-list'],
    ['commands: [[a]]', '6:14 error type-string'],
    ['depends_on: build', '6:15 error type-list'],
    ['working_dir: [a]', '6:16 error type-string'],
    ['working_dir: !!int x', '6:22 error yaml-tag'],
    ['privileged: "yes"', '6:15 error type-bool'],
    ['privileged: 1', '6:15 error type-bool'],
    ['detach: [yes]', '6:11 error type-bool'],
    ['user: root', '6:9 error type-int'],
    ['user: "1000"', '6:9 error type-int'],
    ['user: {}', '6:9 error type-int'],
    ['user: 99999999999999999999', '6:9 error type-int-range'],
    ['user: 9007199254740993', '6:9 error type-int-range'],
    ['user: .nan', '6:9 error type-int-range'],
    ['user: 1.5', '6:9 warning type-int-fraction'],
    ['resources: {limits: {cpu: 500m}}', '6:29 error type-int'],
    ['resources: {limits: {memory: 1QB}}', '6:32 error type-memory'],
    ['resources: {limits: {memory: [1]}}', '6:32 error type-memory'],
    ['resources: []', '6:14 error type-map'],
    ['environment: [A=b]', '6:16 error type-map'],
    ['environment: {A: [b]}', '6:20 error type-secret'],
    ['environment: {A: {secret: b}}', '6:20 error type-secret'],
    ['settings: {a: !!binary "%"}', '6:26 error yaml-tag'],
    ['when: main', '6:9 error type-map'],
    ['when: {branch: {include: {a: b}}}', '6:28 error type-string'],
    ['when: {branch: {exclude: main}}', '6:28 warning type-condition'],
    ['when: {branch: [[main]]}', '6:19 warning type-condition'],
    ['when: {branch: {exlcude: [main]}}', '6:19 warning type-unknown-key'],
    ['when: {evnt: push}', '6:10 warning type-unknown-key'],
    ['volumes: [~]', '6:13 error type-empty-item'],
    ['failure: ignroe', '6:12 warning type-choice'],
    ['pull: sometimes', '6:9 warning type-choice'],
    ['comands: [a]', '6:3 warning type-unknown-key'],
    ['ports: [80]', '6:3 warning type-unknown-key'],
    ['constructor: x', '6:3 warning type-unknown-key'],
    ['__proto__: x', '6:3 warning type-unknown-key'],
  ])('%s', (lines, expected) => {
    expect(loadBrief(withStep(lines))).toEqual([expected]);
  });

  test.each([
    ['comands: [a]', 'did you mean `commands`?'],
    ['dependsOn: [a]', 'did you mean `depends_on`?'],
    ['ports: [80]', 'remove it; only other runners of Drone know it'],
    ['commands: go build', 'write `- ` before it, on a line of its own: `- go build`'],
    ['user: "1000"', 'remove the quotes: `1000`'],
    ['user: root', 'write the numeric id, not the name'],
    ['privileged: "yes"', 'remove the quotes: `true` or `false`'],
    ['resources: {limits: {cpu: 500m}}', 'write `500`, without the m'],
    ['failure: ignroe', 'did you mean `ignore`?'],
    ['when: {branch: {exclude: main}}', 'write `exclude: [main]`'],
  ])('%s is fixed: %s', (lines, fix) => {
    expect(loadFile(withStep(lines)).diagnostics[0]?.fix).toBe(fix);
  });

  test('an empty step is told where it stands', () => {
    expect(loadBrief(`${HEAD}steps:\n- name: a\n  image: b\n-\n`)).toEqual([
      '6:1 error type-empty-item',
    ]);
  });

  test('everything is told at once, in the order of the file', () => {
    const text = `${HEAD}nmae: x\nsteps:\n- name: [a]\n  image: b\n  user: c\n---\nkind: secrt`;
    expect(loadBrief(text)).toEqual([
      '3:1 warning type-unknown-key',
      '5:9 error type-string',
      '7:9 error type-int',
      '9:7 warning kind-unknown',
    ]);
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
