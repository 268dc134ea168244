import { describe, expect, test } from '@jest/globals';
import { ExtensionError } from '../../../runtime/drone/extensions.ts';
import { KubeError } from '../../../runtime/kube/errors.ts';
import { recordName, serverKey } from '../../../runtime/runner/record.ts';
import type { Extensions } from '../../../runtime/runner/prepare-extensions.ts';
import { accepted, detailsOf, encrypt, FILE, prepare } from './prepare-helpers.ts';

const NO_EXTENSIONS: Extensions = {
  secret: undefined,
  registries: undefined,
  variables: undefined,
};
const withMetadata = (namespace: string): string => `${FILE}metadata:\n  namespace: ${namespace}\n`;
const failing = async (): Promise<never> => {
  throw new ExtensionError('extension-unavailable', 'the plug-in at http://x does not answer');
};

describe('a stage', () => {
  test('becomes objects that can be told from those of other runs', async () => {
    const { stage, temporaryNamespace, warnings } = accepted(await prepare(detailsOf({})));
    expect(stage.pod.metadata).toMatchObject({ name: 'drone-abc-3-1', namespace: 'default' });
    const key = serverKey('http://drone.example.com');
    expect(recordName('http://drone.example.com', 3)).toContain(key);
    for (const { metadata } of [stage.files, stage.environment, stage.pod]) {
      expect(metadata.labels).toMatchObject({
        'drone-kube.io/origin': 'daemon',
        'drone-kube.io/server': key,
        'drone-kube.io/stage': 'drone-abc-3-1',
      });
    }
    expect([temporaryNamespace, warnings, stage.secret, stage.pullSecret]).toEqual([
      false,
      [],
      undefined,
      undefined,
    ]);
    expect(stage.plan.steps.map(({ name }) => name)).toEqual(['clone', 'build']);
  });

  test('is told the name of the runner, whatever name it was accepted under', async () => {
    const details = detailsOf({ stage: { machine: 'runner-0123456789' } });
    const { stage } = accepted(await prepare(details, { DRONE_RUNNER_NAME: 'blue' }));
    expect(stage.environment.data['DRONE_STAGE_MACHINE']).toBe('blue');
  });

  test('asks registries what its plugins run, with the credentials that it pulls with', async () => {
    const image = 'docker.io/plugins/s3:latest';
    const digest = `sha256:${'1'.repeat(64)}`;
    const asked: unknown[] = [];
    const config = `${FILE}- name: upload\n  image: plugins/s3\n`;
    const { stage } = accepted(
      await prepare(
        detailsOf({ config, stage: { arch: 'arm64' } }),
        {},
        {
          readDockerConfig: async () => '{"auths":{"ghcr.io":{"auth":"eDp5"}}}',
          lookUp: async (wanted) => {
            asked.push(wanted);
            return new Map([[image, { digest, entrypoint: ['/bin/s3'], command: [] }]]);
          },
        },
      ),
    );
    expect(asked).toEqual([
      {
        images: [image],
        credentials: '{"auths":{"ghcr.io":{"auth":"eDp5"}}}',
        platform: { os: 'linux', arch: 'arm64', variant: '' },
      },
    ]);
    expect(stage.plan.steps.at(-1)).toMatchObject({ name: 'upload', kind: 'latched' });
    expect(stage.pod.spec.containers.at(-1)?.image).toBe(`${image}@${digest}`);
    expect([...stage.images.values()].at(-1)).toBe(image);
  });

  test('is the one pipeline of the file with its name', async () => {
    const config = [FILE, FILE.replace('default', 'arm').replace('build', 'cross')].join('---\n');
    const { stage } = accepted(await prepare(detailsOf({ config, stage: { name: 'arm' } })));
    expect(stage.plan.steps.map(({ name }) => name)).toEqual(['clone', 'cross']);
  });

  test('substitution knows the variables of the runner, not those of the plug-in', async () => {
    const config = FILE.replace('alpine', 'alpine:${VERSION}${SECRET}');
    const { stage } = accepted(
      await prepare(
        detailsOf({ config }),
        { DRONE_RUNNER_ENVIRON: 'VERSION:3' },
        {
          extensions: {
            ...NO_EXTENSIONS,
            variables: async () => [{ name: 'SECRET', data: 'x', mask: true }],
          },
        },
      ),
    );
    expect(stage.images.get(2)).toBe('docker.io/library/alpine:3');
  });
});

describe('the configuration of the runner', () => {
  test('reaches the Pod', async () => {
    const details = detailsOf({
      netrc: { machine: 'git.example.com', login: 'octocat', password: 'correct horse' },
      config: `${FILE}- name: publish\n  image: acme/docker\n`,
    });
    const { stage } = accepted(
      await prepare(details, {
        DRONE_IMAGE_CLONE: 'drone/git:1.2',
        DRONE_KUBE_COORDINATOR_IMAGE: 'example.com/busybox',
        DRONE_LABELS_DEFAULT: 'team:a',
        DRONE_ANNOTATIONS_DEFAULT: 'note:b',
        DRONE_NODE_SELECTOR_DEFAULT: 'pool:ci',
        DRONE_SERVICE_ACCOUNT_DEFAULT: 'builder',
        DRONE_RESOURCE_LIMIT_CPU: '500',
        DRONE_RESOURCE_MIN_REQUEST_CPU: '70',
        DRONE_RUNNER_VOLUMES: '/srv:/srv:ro',
        DRONE_RUNNER_PRIVILEGED_IMAGES: 'acme/docker',
        DRONE_RUNNER_ENVIRON: 'A:1',
        DRONE_NETRC_CLONE_ONLY: 'true',
        HTTPS_PROXY: 'http://proxy:3128',
      }),
    );
    const { metadata, spec } = stage.pod;
    expect([metadata.labels['team'], metadata.annotations?.['note']]).toEqual(['a', 'b']);
    expect(spec).toMatchObject({ nodeSelector: { pool: 'ci' }, serviceAccountName: 'builder' });
    const [coordinator, clone, build] = spec.containers;
    expect(coordinator).toMatchObject({
      image: 'example.com/busybox',
      resources: { requests: { cpu: '210m' } },
    });
    expect(clone).toMatchObject({ image: 'drone/git:1.2', resources: { limits: { cpu: '500m' } } });
    expect(build?.volumeMounts).toContainEqual({
      name: 'host-0',
      mountPath: '/srv',
      readOnly: true,
    });
    expect(JSON.stringify(clone?.env)).toContain('DRONE_NETRC_PASSWORD');
    expect(JSON.stringify(build?.env)).not.toContain('DRONE_NETRC_PASSWORD');
    expect(stage.ephemerals.get(3)?.securityContext).toEqual({ privileged: true });
    expect(stage.environment.data).toMatchObject({ A: '1', https_proxy: 'http://proxy:3128' });
    expect(stage.masks).toEqual(expect.arrayContaining(['octocat', 'correct horse']));
  });

  test('a policy that matches the build goes over defaults and pipeline', async () => {
    const policies = `name: other
match: {repo: x/*}
metadata: {namespace: other}
---
name: octocat
match: {repo: octocat/*}
metadata: {namespace: quiet, labels: {team: policy}}
resources: {request: {cpu: 700}, limit: {memory: 1GiB}}
node_selector: {pool: policy}
`;
    const { stage } = accepted(
      await prepare(
        detailsOf({ config: `${withMetadata('builds')}  labels: {team: pipeline}\n` }),
        { DRONE_POLICY_FILE: '/policy.yml', DRONE_NODE_SELECTOR_DEFAULT: 'pool:default' },
        { files: { '/policy.yml': policies } },
      ),
    );
    expect(stage.pod.metadata).toMatchObject({ namespace: 'quiet', labels: { team: 'policy' } });
    expect(stage.pod.spec).toMatchObject({
      nodeSelector: { pool: 'policy' },
      containers: [
        { resources: { requests: { cpu: '700m' } } },
        { resources: { limits: { memory: '1073741824' } } },
        { resources: { limits: { memory: '1073741824' } } },
      ],
    });
  });

  test('a namespace of its own is made for the stage, and has no Pod Security level yet', async () => {
    const security = async (): Promise<never> => {
      throw new Error('asked for');
    };
    const options = { temporaryNamespace: 'drone-abc', security };
    const result = await prepare(detailsOf({}), { DRONE_NAMESPACE_DEFAULT: 'drone-' }, options);
    const { stage, temporaryNamespace } = accepted(result);
    expect([stage.pod.metadata.namespace, temporaryNamespace]).toEqual(['drone-abc', true]);
  });

  test('in a restricted namespace no container is root', async () => {
    const { stage } = accepted(
      await prepare(
        detailsOf({ config: withMetadata('quiet') }),
        {},
        { security: async (namespace) => (namespace === 'quiet' ? 'restricted' : 'default') },
      ),
    );
    expect(stage.pod.spec.containers.map((each) => each.securityContext?.runAsNonRoot)).toEqual([
      true,
      true,
      true,
    ]);
  });
});

describe('secrets, variables and credentials', () => {
  const config = `${FILE}  environment:
    A: {from_secret: server}
    B: {from_secret: file}
    C: {from_secret: plugin}
    D: {from_secret: nowhere}
image_pull_secrets: [registry]
---
kind: secret
name: file
data: ${encrypt('veiled: file')}
---
kind: secret
name: plugin
get: {path: secret/ci, name: key}
`;
  const secrets = [
    { name: 'Server', data: 'veiled: server', pull_request: false },
    { name: 'registry', data: '{"auths":{"c":{"auth":"pipeline"}}}', pull_request: false },
  ];

  test('come from everywhere, and all that a step may see is masked', async () => {
    const asked: unknown[] = [];
    const details = detailsOf({ config, secrets });
    const { stage, warnings } = accepted(
      await prepare(
        details,
        { DRONE_RUNNER_ENVIRON: 'X:runner,Y:runner' },
        {
          readDockerConfig: async () => '{"auths":{"a":{"auth":"file"},"b":{"auth":"file"}}}',
          extensions: {
            secret: async (wanted) => {
              asked.push(wanted);
              return { name: 'key', data: 'veiled: plug-in', pull_request: false };
            },
            registries: async (subject) => {
              asked.push(subject);
              return [{ address: 'b', username: 'octocat', password: 'pw' }];
            },
            variables: async (subject) => {
              asked.push(subject);
              return [
                { name: 'X', data: 'plug-in', mask: false },
                { name: 'Z', data: 'veiled: variable', mask: true },
              ];
            },
          },
        },
      ),
    );
    const { repo, build } = details;
    expect(asked).toEqual(
      expect.arrayContaining([
        { repo, build },
        { repo, build },
        { path: 'secret/ci', name: 'key', repo, build },
      ]),
    );
    expect([...stage.masks].sort()).toEqual([
      'veiled: file',
      'veiled: plug-in',
      'veiled: server',
      'veiled: variable',
    ]);
    expect(JSON.stringify([stage.pod, stage.environment, stage.files])).not.toContain('veiled');
    expect(stage.environment.data).toMatchObject({ X: 'plug-in', Y: 'runner' });
    expect(JSON.parse(stage.pullSecret?.stringData['.dockerconfigjson'] ?? '')).toEqual({
      auths: {
        a: { auth: 'file' },
        b: { auth: btoa('octocat:pw') },
        c: { auth: 'pipeline' },
      },
    });
    expect(warnings).toEqual([expect.stringMatching(/^secret "nowhere" is not defined/)]);
  });

  test('a stage runs without plug-ins that do not answer, and says so', async () => {
    const { stage, warnings } = accepted(
      await prepare(
        detailsOf({ config, secrets }),
        {},
        {
          extensions: { secret: failing, registries: failing, variables: failing },
          readDockerConfig: async () => 'no',
        },
      ),
    );
    expect([...stage.masks].sort()).toEqual(['veiled: file', 'veiled: server']);
    expect(warnings).toEqual([
      expect.stringMatching(/^secret "plugin" could not be fetched/),
      expect.stringMatching(/^secret "nowhere"/),
      expect.stringMatching(/does not answer; the stage runs without the variables/),
      expect.stringMatching(/does not answer; the stage runs without the credentials/),
      expect.stringMatching(/DRONE_DOCKER_CONFIG is no config\.json/),
    ]);
  });

  test.each([
    [async () => undefined, []],
    [
      async (): Promise<never> => {
        throw new Error('EACCES /etc/secret');
      },
      [expect.stringMatching(/^the file of DRONE_DOCKER_CONFIG cannot be read/)],
    ],
  ])('the file of Docker may be missing (%#)', async (readDockerConfig, expected) => {
    const { stage, warnings } = accepted(await prepare(detailsOf({}), {}, { readDockerConfig }));
    expect([stage.pullSecret, warnings]).toEqual([undefined, expected]);
  });

  test('image_pull_secrets that are no credentials, and what the linter thinks, are told', async () => {
    const text = `${FILE}  failures: ignore\nimage_pull_secrets: [registry]\n`;
    const { warnings } = accepted(
      await prepare(
        detailsOf({
          config: text,
          secrets: [{ name: 'registry', data: 'hunter2', pull_request: false }],
        }),
      ),
    );
    expect(warnings).toEqual([
      expect.stringMatching(/^8:3: .*failures.*failure/),
      expect.stringMatching(/^secret "registry" of image_pull_secrets is no config\.json/),
    ]);
    expect(warnings.join()).not.toContain('hunter2');
  });
});

describe('keys for Kubernetes', () => {
  test('that are allowed reach the Pod', async () => {
    const config = `${FILE}kubernetes:\n  runtime_class: gvisor\n`;
    const { stage } = accepted(
      await prepare(detailsOf({ config }), { DRONE_KUBE_ALLOW: 'runtime_class' }),
    );
    expect(stage.pod.spec).toMatchObject({ runtimeClassName: 'gvisor' });
  });

  test('resources that a step cannot be given are a warning', async () => {
    const config = `${FILE}- name: plugin\n  image: acme/plugin\n  kubernetes:\n    resources: {limits: {a.b/c: 1}}\n`;
    const { warnings } = accepted(
      await prepare(detailsOf({ config }), { DRONE_KUBE_ALLOW: 'resources' }),
    );
    expect(warnings).toEqual([expect.stringMatching(/^step "plugin" gets no resources/)]);
  });
});

describe('a refusal', () => {
  const LARGE = FILE.replace('make', 'x'.repeat(600_000));

  test.each<[string, Parameters<typeof detailsOf>[0], Record<string, string>, string, RegExp]>([
    [
      'a build that the runner does not work for',
      { config: 'kind: [' },
      { DRONE_LIMIT_REPOS: 'other/*' },
      'admission-repo',
      /octocat\/hello; .*DRONE_LIMIT_REPOS/,
    ],
    ['a file that is wrong', { config: 'kind: [' }, {}, 'yaml-unclosed', /^1:7: /],
    [
      'what only trusted repositories may',
      { config: `${FILE}  privileged: true\n` },
      {},
      'step-privileged',
      /^8:15: /,
    ],
    [
      'a pipeline that is not there',
      { stage: { name: 'arm' } },
      {},
      'pipeline-missing',
      /"arm"; .*"default"$/,
    ],
    [
      'a namespace of others',
      { config: withMetadata('production') },
      { DRONE_NAMESPACE_RULES: 'production:admin/*' },
      'namespace-restricted',
      /"production"; /,
    ],
    [
      'a key that nobody allowed',
      { config: `${FILE}kubernetes:\n  runtime_class: gvisor\n` },
      {},
      'key-not-allowed',
      /^9:18: `kubernetes.runtime_class` .*octocat\/hello.*; .*DRONE_KUBE_ALLOW$/,
    ],
    [
      'keys that nobody allowed, in the order of the file',
      {
        config: `${FILE}  kubernetes:\n    resources: {limits: {a.b/c: 1}}\nkubernetes:\n  workspace: {claim: x}\n`,
      },
      {},
      'key-not-allowed',
      /^9:16: .*\n11:22: /,
    ],
    ['a stage that no API server takes', { config: LARGE }, {}, 'stage-too-large', /"build".*; /],
  ])('%s', async (_, details, environment, code, message) => {
    expect(await prepare(detailsOf(details), environment)).toEqual({
      refusal: { code, message: expect.stringMatching(message), reason: 'invalid pipeline' },
    });
  });

  test('comes before anybody is asked', async () => {
    const extensions = { secret: failing, registries: failing, variables: failing };
    const security = failing;
    const result = await prepare(detailsOf({ config: 'x' }), {}, { extensions, security });
    expect(result).toMatchObject({ refusal: { code: 'type-document' } });
  });

  test('a namespace that does not exist', async () => {
    const security = async (): Promise<never> => {
      throw new KubeError('kube-not-found', 'not found', { status: 404, reason: 'NotFound' });
    };
    const result = await prepare(detailsOf({ config: withMetadata('nowhere') }), {}, { security });
    expect(result).toMatchObject({
      refusal: { code: 'namespace-missing', message: expect.stringMatching(/"nowhere".*; /) },
    });
  });

  test('a cluster that cannot be reached is none', async () => {
    const security = async (): Promise<never> => {
      throw new KubeError('kube-server', 'broken', { status: 500, reason: '' });
    };
    await expect(prepare(detailsOf({}), {}, { security })).rejects.toThrow('broken');
  });
});
