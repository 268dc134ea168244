import { describe, expect, test } from '@jest/globals';
import { IDLE_VARIABLES } from '../../../runtime/config/idle-variables.ts';
import { parseConfig } from '../../../runtime/config/parse.ts';
import { renderProblems } from '../../../runtime/config/problem.ts';
import type { Environment } from '../../../runtime/config/reader.ts';
import { GROUPS } from '../../../runtime/config/variables.ts';
import { configOf, machineWith, MINIMUM, parse, problemsOf, warningsOf } from './helpers.ts';

const VARIABLES = GROUPS.flatMap(({ variables }) => variables);
const MIB = 1024 * 1024;
const brief = ({ code, variable }: { code: string; variable: string }): string =>
  `${variable} ${code}`;

describe('the table', () => {
  test('knows every variable of drone-runner-kube', () => {
    const names = [
      ...VARIABLES.flatMap(({ name, aliases }) => [name, ...aliases]),
      ...IDLE_VARIABLES.map(({ name }) => name),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([...OF_DRONE_RUNNER_KUBE]));
  });

  test.each(VARIABLES.map((variable) => [variable.name, variable] as const))(
    '%s is read, under each of its names',
    (_, { aliases, name }) => {
      const asked = new Set<string>();
      const environment = new Proxy<Environment>(MINIMUM, {
        get: (target, key) => {
          if (typeof key === 'string') asked.add(key);
          return target[String(key)];
        },
      });
      parseConfig(environment, machineWith());
      expect([...asked]).toEqual(expect.arrayContaining([name, ...aliases]));
    },
  );

  test('a default that is shown as a value is that value', () => {
    const values = VARIABLES.filter(({ shown = ' ' }) => !shown.includes(' '));
    expect(values.map(({ shown = '', type }) => type.parse(shown))).toEqual(
      values.map(({ fallback }) => ({ value: fallback })),
    );
  });
});

describe('defaults', () => {
  test('nothing but the server', () => {
    expect(configOf({})).toEqual({
      logLevel: 'info',
      rpc: {
        server: 'http://drone.example.com',
        secret: 's',
        skipVerify: false,
        dump: 'nothing',
        userToken: undefined,
      },
      proxy: { http: '', https: '', none: '', all: '' },
      runner: {
        name: 'machine-1',
        capacity: 100,
        namespaceCapacity: 0,
        retryLimit: 2,
        labels: new Map(),
        environment: new Map(),
        secrets: new Map(),
        volumes: [],
        privilegedImages: [],
        cards: true,
        coordinatorImage: 'docker.io/library/busybox:musl',
      },
      limits: { repos: [], events: [], trusted: false },
      resources: {
        request: { cpu: 100, memory: 100 * MIB },
        minRequest: { cpu: 1, memory: 4 * MIB },
        limit: { cpu: 0, memory: 0 },
      },
      policies: [],
      allow: [],
      namespaces: { default: 'default', rules: new Map() },
      extensions: { secret: undefined, registry: undefined, env: undefined },
      dockerConfig: undefined,
      registries: { lookUp: true, mirrors: new Map() },
      clone: { image: 'docker.io/drone/git:latest', netrcOnly: false },
      defaults: {
        labels: new Map(),
        annotations: new Map(),
        nodeSelector: new Map(),
        serviceAccount: '',
      },
      tmate: {
        enabled: true,
        image: 'drone/drone-runner-docker:1',
        host: undefined,
        port: undefined,
        fingerprintRsa: undefined,
        fingerprintEd25519: undefined,
      },
      dashboard: {
        address: { host: '', port: 3000 },
        username: '',
        password: undefined,
        realm: 'MyRealm',
      },
      kube: {
        kubeconfig: undefined,
        qps: 50,
        burst: 100,
        namespace: undefined,
        pod: undefined,
        leaseDurationSeconds: 15,
      },
      timeouts: { queued: 3_600_000, unschedulable: 600_000, starting: 600_000 },
    });
  });

  test('an empty variable is one that is not set', () => {
    const empty = VARIABLES.flatMap(({ name, aliases }) => [name, ...aliases])
      .filter((name) => !(name in MINIMUM))
      .map((name) => [name, ''] as const);
    expect(parse(Object.fromEntries(empty))).toEqual(parse({}));
  });
});

describe('values', () => {
  test.each<[Environment, unknown]>([
    [{ DRONE_RPC_PROTO: 'https' }, { rpc: { server: 'https://drone.example.com' } }],
    [{ DRONE_DEBUG: 'true' }, { logLevel: 'debug' }],
    [{ DRONE_DEBUG: 'true', DRONE_TRACE: '1' }, { logLevel: 'trace' }],
    [{ DRONE_RPC_DUMP_HTTP: 'true' }, { rpc: { dump: 'headers' } }],
    [
      { DRONE_RPC_DUMP_HTTP: 'true', DRONE_RPC_DUMP_HTTP_BODY: 'true' },
      { rpc: { dump: 'bodies' } },
    ],
    [{ DRONE_RPC_DUMP_HTTP_BODY: 'true' }, { rpc: { dump: 'nothing' } }],
    [{ HTTPS_PROXY: 'http://proxy:1' }, { proxy: { https: 'http://proxy:1' } }],
    [{ https_proxy: 'http://proxy:1' }, { proxy: { https: 'http://proxy:1' } }],
    [{ https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }, { proxy: { https: 'http://b' } }],
    [{ DRONE_NAMESPACE_DEFAULT: 'drone-' }, { namespaces: { default: 'drone-' } }],
    [{ DRONE_RESOURCE_LIMIT_MEMORY: '2g' }, { resources: { limit: { memory: 2048 * MIB } } }],
    [{ DRONE_KUBE_QUEUED_TIMEOUT: '2m' }, { timeouts: { queued: 120_000 } }],
    [{ DRONE_ENGINE_CONTAINER_START_TIMEOUT: '480' }, { timeouts: { starting: 480_000 } }],
    [
      { DRONE_KUBE_POD_NAME: 'runner-0', DRONE_KUBE_POD_UID: 'u-1' },
      { kube: { pod: { name: 'runner-0', uid: 'u-1' } } },
    ],
    [
      {
        DRONE_SECRET_PLUGIN_ENDPOINT: 'https://secrets.example.com',
        DRONE_SECRET_PLUGIN_TOKEN: 'abc',
        DRONE_SECRET_PLUGIN_SKIP_VERIFY: 'true',
      },
      {
        extensions: {
          secret: { endpoint: 'https://secrets.example.com', token: 'abc', skipVerify: true },
        },
      },
    ],
    [
      { DRONE_SERVER_PORT: 'tcp://10.0.0.1:80', DRONE_TMATE_PORT: 'tcp://[fd00::1]:80' },
      { dashboard: { address: { port: 3000 } }, tmate: { port: undefined } },
    ],
    [{ DRONE_SECRET_PLUGIN_TOKEN: 'abc' }, { extensions: { secret: undefined } }],
    [
      { DRONE_REGISTRY_ENDPOINT: 'https://r.example.com', DRONE_REGISTRY_SECRET: 'abc' },
      { extensions: { registry: { endpoint: 'https://r.example.com', token: 'abc' } } },
    ],
    [
      {
        DRONE_REGISTRY_PLUGIN_ENDPOINT: 'https://r.example.com',
        DRONE_REGISTRY_PLUGIN_TOKEN: 'new',
        DRONE_REGISTRY_PLUGIN_SECRET: 'legacy',
      },
      { extensions: { registry: { token: 'legacy' } } },
    ],
  ])('%j', (environment, expected) => {
    expect(configOf(environment)).toMatchObject(Object(expected));
  });
});

describe('problems', () => {
  test('nothing is set', () => {
    expect(parseConfig({}, machineWith())).toEqual({
      problems: [
        {
          code: 'config-required',
          variable: 'DRONE_RPC_HOST',
          message: 'is not set',
          fix: expect.stringContaining('set DRONE_RPC_HOST (host): Host name'),
        },
        expect.objectContaining({ code: 'config-required', variable: 'DRONE_RPC_SECRET' }),
      ],
    });
  });

  test('all are told at once, each with its variable', () => {
    const problems = problemsOf(
      {
        DRONE_RPC_HOST: 'https://drone.example.com',
        DRONE_RUNNER_CAPACITY: 'many',
        DRONE_LIMIT_TRUSTED: 'yes',
        DRONE_RESOURCE_REQUEST_CPU: '100m',
        DRONE_REGISTRY_ENDPOINT: 'r.example.com',
        DRONE_POLICY_FILE: '/etc/policy.yml',
        DRONE_NAMESPACE_RULES_FILE: '/etc/rules.yml',
        DRONE_KUBE_POD_UID: 'u-1',
        DRONE_LABELS_DEFAULT: 'team:a b',
      },
      { '/etc/policy.yml': 'name: [a]\n' },
    );
    expect(problems.map(brief).sort()).toEqual([
      'DRONE_KUBE_POD_NAME config-required',
      'DRONE_LABELS_DEFAULT config-map',
      'DRONE_LIMIT_TRUSTED config-boolean',
      'DRONE_NAMESPACE_RULES_FILE config-file',
      'DRONE_POLICY_FILE type-string',
      'DRONE_REGISTRY_ENDPOINT config-url',
      'DRONE_RESOURCE_REQUEST_CPU config-cpu',
      'DRONE_RPC_HOST config-host',
      'DRONE_RUNNER_CAPACITY config-integer',
    ]);
  });

  test('as text', () => {
    expect(renderProblems(problemsOf({ DRONE_RUNNER_CAPACITY: 'many' }))).toBe(
      [
        'DRONE_RUNNER_CAPACITY: is "many", not a whole number of at least 1 [config-integer]',
        '  fix: write a whole number of at least 1',
        '',
      ].join('\n'),
    );
    expect(renderProblems([])).toBe('');
  });

  test.each([
    ['DRONE_LABELS_DEFAULT', 'team:a b', 'has "a b" as the value of "team"'],
    ['DRONE_LABELS_DEFAULT', '-team:a', 'has the key "-team"'],
    ['DRONE_NODE_SELECTOR_DEFAULT', `disk:${'x'.repeat(64)}`, 'as the value of "disk"'],
    ['DRONE_ANNOTATIONS_DEFAULT', 'Example.com/a:b', 'has the key "Example.com/a"'],
    ['DRONE_SERVICE_ACCOUNT_DEFAULT', 'Builder', 'is "Builder"'],
    ['DRONE_NAMESPACE_DEFAULT', 'a.b', 'is "a.b"'],
    ['DRONE_KUBE_NAMESPACE', 'drone-', 'is "drone-"'],
    ['DRONE_KUBE_LEASE_DURATION', '2', 'at least 3'],
    ['DRONE_KUBE_RETRY_LIMIT', '11', 'from 0 to 10'],
  ])('%s=%s', (name, value, message) => {
    expect(problemsOf({ [name]: value })).toEqual([
      expect.objectContaining({ variable: name, message: expect.stringContaining(message) }),
    ]);
  });

  test.each(VARIABLES.filter(({ type }) => type.secret).map(({ name }) => [name]))(
    'no part of %s is ever shown',
    (name) => {
      for (const value of [
        'hunter2',
        'a:b,hunter2',
        'ftp://u:hunter2@x',
        'hunter2\n',
        'hunter2:',
      ]) {
        expect(JSON.stringify(problemsOf({ [name]: value }))).not.toContain('hunter2');
      }
    },
  );
});

describe('warnings', () => {
  test('none by default', () => {
    expect(warningsOf({})).toEqual([]);
  });

  test.each(IDLE_VARIABLES.map(({ name }) => [name]))('%s has no effect', (name) => {
    const [warning, ...others] = warningsOf({ [name]: '1' });
    expect(warning).toMatchObject({ code: 'config-no-effect', variable: name });
    expect(others).toEqual([]);
    expect(configOf({ [name]: '1' })).toEqual(configOf({}));
  });

  test.each([
    ['DRONE_LIMT_TRUSTED', 'did you mean DRONE_LIMIT_TRUSTED?'],
    ['DRONE_RUNNER_CAPACTIY', 'did you mean DRONE_RUNNER_CAPACITY?'],
    ['DRONE_KUBE_RETRYLIMIT', 'did you mean DRONE_KUBE_RETRY_LIMIT?'],
    ['DRONE_KUBE_SOMETHING_ELSE', 'remove it'],
  ])('%s is a slip', (name, fix) => {
    expect(warningsOf({ [name]: '1' })).toEqual([
      expect.objectContaining({ code: 'config-unknown', variable: name, fix }),
    ]);
  });

  test.each([
    'PATH',
    'DRONE_DATABASE_DATASOURCE',
    'DRONE_SERVICE_HOST',
    'DRONE_SERVICE_PORT_HTTP',
    'DRONE_PORT_80_TCP_ADDR',
    'DRONE_KUBE_SERVICE_HOST',
    'DRONE_PORT',
  ])('%s is none of our business', (name) => {
    expect(warningsOf({ [name]: '1' })).toEqual([]);
  });
});

describe('files', () => {
  test('variables of steps: the file goes over the map', () => {
    const environment = {
      DRONE_RUNNER_ENVIRON: 'A:1,B:2',
      DRONE_RUNNER_ENV_FILE: '/etc/steps.env',
    };
    const { runner } = configOf(environment, { '/etc/steps.env': 'B=3\nC="x y"\n' });
    expect(Object.fromEntries(runner.environment)).toEqual({ A: '1', B: '3', C: 'x y' });
  });

  test('a file of variables that is none', () => {
    const [problem] = problemsOf({ DRONE_RUNNER_ENV_FILE: '/e' }, { '/e': 'A=1\nhunter2\n' });
    expect(problem).toEqual({
      code: 'config-env-file',
      variable: 'DRONE_RUNNER_ENV_FILE',
      message: '/e:2: not a variable',
      fix: 'write NAME=VALUE',
    });
  });

  test('namespace rules: the variable goes over the file, namespace by namespace', () => {
    const { namespaces } = configOf(
      { DRONE_NAMESPACE_RULES: 'b:x/*', DRONE_NAMESPACE_RULES_FILE: '/r' },
      { '/r': 'a: [octocat/*, y/z]\nb: [n/*]\n' },
    );
    expect(Object.fromEntries(namespaces.rules)).toEqual({
      a: ['octocat/*', 'y/z'],
      b: ['x/*'],
    });
  });

  test('what is doubtful in a policy file is a warning with its place', () => {
    const files = { '/p': 'name: a\nmatch:\n  repos: [x/*]\n---\nname: b\n' };
    expect(warningsOf({ DRONE_POLICY_FILE: '/p' }, files)).toEqual([
      expect.objectContaining({
        code: 'type-unknown-key',
        message: expect.stringMatching(/^\/p:3:3: `repos` is not a key/),
        fix: 'did you mean `repo`?',
      }),
      expect.objectContaining({ code: 'policy-matches-all' }),
    ]);
    expect(configOf({ DRONE_POLICY_FILE: '/p' }, files).policies.map(({ name }) => name)).toEqual([
      'a',
      'b',
    ]);
  });

  test.each([
    'DRONE_DOCKER_CONFIG',
    'DRONE_KUBERNETES_CONFIG',
    'DRONE_NAMESPACE_RULES_FILE',
    'DRONE_POLICY_FILE',
    'DRONE_RUNNER_ENV_FILE',
    'NODE_EXTRA_CA_CERTS',
  ])('%s has to be there', (name) => {
    expect(problemsOf({ [name]: '/none' })).toEqual([
      {
        code: 'config-file',
        variable: name,
        message: 'names /none, which cannot be read: there is no such file',
        fix: expect.stringContaining('mount it'),
      },
    ]);
  });

  test('the Docker config is left to each stage', () => {
    expect(configOf({ DRONE_DOCKER_CONFIG: '/d' }, { '/d': '{}' }).dockerConfig).toBe('/d');
  });
});

const OF_DRONE_RUNNER_KUBE = [
  'DRONE_DEBUG',
  'DRONE_TRACE',
  'DRONE_RPC_PROTO',
  'DRONE_RPC_HOST',
  'DRONE_RPC_SECRET',
  'DRONE_RPC_SKIP_VERIFY',
  'DRONE_RPC_DUMP_HTTP',
  'DRONE_RPC_DUMP_HTTP_BODY',
  'DRONE_UI_DISABLE',
  'DRONE_UI_USERNAME',
  'DRONE_UI_PASSWORD',
  'DRONE_UI_REALM',
  'DRONE_SERVER_PORT',
  'DRONE_SERVER_PROTO',
  'DRONE_SERVER_HOST',
  'DRONE_SERVER_ACME',
  'DRONE_RUNNER_NAME',
  'DRONE_RUNNER_CAPACITY',
  'DRONE_RUNNER_MAX_PROCS',
  'DRONE_RUNNER_ENVIRON',
  'DRONE_RUNNER_ENV_FILE',
  'DRONE_RUNNER_SECRETS',
  'DRONE_RUNNER_LABELS',
  'DRONE_RUNNER_VOLUMES',
  'DRONE_RUNNER_PRIVILEGED_IMAGES',
  'DRONE_KUBERNETES_CONFIG',
  'DRONE_LIMIT_REPOS',
  'DRONE_LIMIT_EVENTS',
  'DRONE_LIMIT_TRUSTED',
  'DRONE_RESOURCE_LIMIT_CPU',
  'DRONE_RESOURCE_LIMIT_MEMORY',
  'DRONE_RESOURCE_REQUEST_CPU',
  'DRONE_RESOURCE_REQUEST_MEMORY',
  'DRONE_RESOURCE_MIN_REQUEST_CPU',
  'DRONE_RESOURCE_MIN_REQUEST_MEMORY',
  'DRONE_POLICY_FILE',
  'DRONE_SECRET_PLUGIN_ENDPOINT',
  'DRONE_SECRET_PLUGIN_TOKEN',
  'DRONE_SECRET_PLUGIN_SKIP_VERIFY',
  'DRONE_REGISTRY_PLUGIN_ENDPOINT',
  'DRONE_REGISTRY_PLUGIN_TOKEN',
  'DRONE_REGISTRY_PLUGIN_SKIP_VERIFY',
  'DRONE_REGISTRY_ENDPOINT',
  'DRONE_REGISTRY_SECRET',
  'DRONE_REGISTRY_PLUGIN_SECRET',
  'DRONE_ENV_PLUGIN_ENDPOINT',
  'DRONE_ENV_PLUGIN_TOKEN',
  'DRONE_ENV_PLUGIN_SKIP_VERIFY',
  'DRONE_NETRC_CLONE_ONLY',
  'DRONE_DOCKER_CONFIG',
  'DRONE_IMAGE_CLONE',
  'DRONE_IMAGE_PLACEHOLDER',
  'DRONE_SERVICE_ACCOUNT_DEFAULT',
  'DRONE_NODE_SELECTOR_DEFAULT',
  'DRONE_ANNOTATIONS_DEFAULT',
  'DRONE_LABELS_DEFAULT',
  'DRONE_NAMESPACE_DEFAULT',
  'DRONE_NAMESPACE_RULES',
  'DRONE_NAMESPACE_RULES_FILE',
  'DRONE_TMATE_ENABLED',
  'DRONE_TMATE_IMAGE',
  'DRONE_TMATE_HOST',
  'DRONE_TMATE_PORT',
  'DRONE_TMATE_FINGERPRINT_RSA',
  'DRONE_TMATE_FINGERPRINT_ED25519',
  'DRONE_ENGINE_CONTAINER_START_TIMEOUT',
  'DRONE_ENGINE_CONTAINER_TIME_TO_WAIT_FOR_LOGS',
  'DRONE_KUBE_CLIENT_QPS',
  'DRONE_KUBE_CLIENT_BURST',
  'DRONE_FLAG_ENABLE_CARDS',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
];
