/** Builders of fixtures: everything at its default but what a test is about. */
import { withoutRunner, type RunnerInput } from '../../runtime/compile/runner-input.ts';
import type { CompileInput, CompileOptions } from '../../runtime/compile/types.ts';
import type { BuildContext } from '../../runtime/drone/types.ts';
import type { Pipeline, Step } from '../../runtime/pipeline/model.ts';

const POSITION = { line: 1, column: 1, length: 1 };
const NOTHING = { cpu: 0, memory: 0 };

/** A step with one command; `dependsOn` takes names. */
export function stepOf({
  dependsOn = [],
  ...step
}: Partial<Omit<Step, 'dependsOn'>> & { readonly dependsOn?: readonly string[] }): Step {
  return {
    name: 'build',
    image: 'alpine',
    commands: ['make'],
    entrypoint: [],
    command: [],
    environment: new Map(),
    settings: new Map(),
    when: {},
    failure: 'stop',
    detach: false,
    dependsOn: dependsOn.map((name) => ({ name, position: POSITION })),
    privileged: false,
    pull: undefined,
    resources: { requests: NOTHING, limits: NOTHING },
    user: undefined,
    group: undefined,
    volumes: [],
    workingDir: '',
    kubernetes: undefined,
    position: POSITION,
    ...step,
  };
}

/** A service: detached, the entrypoint of its image. */
export const serviceOf = (service: Parameters<typeof stepOf>[0]): Step =>
  stepOf({ commands: [], detach: true, ...service });

export function pipelineOf(pipeline: Partial<Pipeline>): Pipeline {
  return {
    name: 'default',
    platform: { os: '', arch: '', variant: '', version: '' },
    clone: { disable: false, depth: 0, skipVerify: false, trace: false },
    workspacePath: '',
    environment: new Map(),
    resources: { requests: NOTHING, limits: NOTHING },
    services: [],
    steps: [],
    volumes: [],
    imagePullSecrets: [],
    metadata: { namespace: '', annotations: new Map(), labels: new Map() },
    nodeName: '',
    nodeSelector: new Map(),
    serviceAccountName: '',
    tolerations: [],
    dnsConfig: undefined,
    hostAliases: [],
    kubernetes: undefined,
    trigger: {},
    dependsOn: [],
    position: POSITION,
    ...pipeline,
  };
}

export const NO_CLONE: Pipeline['clone'] = {
  disable: true,
  depth: 0,
  skipVerify: false,
  trace: false,
};

/** A push to `main` of `octocat/hello`; each part takes what differs. */
export function contextOf(
  parts: {
    readonly build?: Partial<BuildContext['build']>;
    readonly repo?: Partial<BuildContext['repo']>;
    readonly stage?: Partial<BuildContext['stage']>;
    readonly netrc?: BuildContext['netrc'];
  } = {},
): BuildContext {
  return {
    netrc: parts.netrc,
    system: { proto: 'https', host: 'ci.example.com', link: '', version: '2.26.0' },
    repo: {
      id: 1,
      namespace: 'octocat',
      name: 'hello',
      slug: 'octocat/hello',
      scm: 'git',
      git_http_url: 'https://git.example.com/octocat/hello.git',
      git_ssh_url: '',
      link: '',
      default_branch: 'main',
      private: false,
      visibility: 'public',
      trusted: false,
      protected: false,
      timeout: 60,
      ...parts.repo,
    },
    build: {
      id: 7,
      number: 42,
      parent: 0,
      status: 'running',
      event: 'push',
      action: '',
      trigger: 'octocat',
      link: '',
      title: '',
      message: 'Say hello',
      before: '',
      after: 'abc123',
      ref: 'refs/heads/main',
      source_repo: '',
      source: 'main',
      target: 'main',
      author_login: 'octocat',
      author_name: 'Octo Cat',
      author_email: 'octocat@example.com',
      author_avatar: '',
      sender: '',
      params: {},
      cron: '',
      deploy_to: '',
      deploy_id: 0,
      debug: false,
      started: 1_700_000_000,
      finished: 0,
      created: 1_700_000_000,
      stages: [],
      ...parts.build,
    },
    stage: {
      id: 3,
      number: 1,
      name: 'default',
      kind: 'pipeline',
      type: 'kubernetes',
      status: 'running',
      machine: 'runner',
      os: 'linux',
      arch: 'amd64',
      variant: '',
      version: 1,
      started: 1_700_000_000,
      stopped: 0,
      depends_on: [],
      ...parts.stage,
    },
  };
}

/** Without a runner, but for what `runner` says. */
export function inputOf(
  input: Partial<Omit<CompileInput, 'options' | 'runner'>> & {
    readonly options?: Partial<CompileOptions>;
    readonly runner?: Partial<RunnerInput>;
  },
): CompileInput {
  const { options, runner, pipeline = pipelineOf({ steps: [stepOf({})] }), ...rest } = input;
  return {
    pipeline,
    context: contextOf(),
    now: 1_700_000_100,
    name: 'drone-1',
    namespace: 'builds',
    labels: {},
    secrets: new Map(),
    globalEnvironment: new Map(),
    scripts: { 'coordinator.sh': '# coordinator\n', 'step.sh': '# step\n' },
    ...rest,
    runner: { ...withoutRunner(pipeline), ...runner },
    options: {
      workspace: 'clone',
      include: [],
      exclude: [],
      security: 'default',
      coordinatorImage: 'busybox:musl',
      cloneImage: 'drone/git:latest',
      privilegedImages: [],
      ...options,
    },
  };
}
