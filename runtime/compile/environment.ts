/**
 * The environment of a build: what drone-runner-kube tells every step about the server, the
 * repository, the stage and the build. Each layer is a function of its own, because pipelines may
 * place their own variables below or above a layer.
 */
import type { Build, BuildContext, Netrc, Repo, Stage, System } from '../drone/types.ts';
import { tagVariables } from './tags.ts';

export type Environment = ReadonlyMap<string, string>;

/**
 * Variables whose value is known only when a step starts; the coordinator passes them at that
 * moment. `buildEnvironment` holds most of them too, with the values at compile time.
 */
export const LATE_VARIABLES = [
  'DRONE_BUILD_STATUS',
  'DRONE_BUILD_FINISHED',
  'DRONE_STAGE_STATUS',
  'DRONE_STAGE_FINISHED',
  'DRONE_FAILED_STEPS',
  'DRONE_STEP_NUMBER',
  'CI_BUILD_STATUS',
  'CI_BUILD_FINISHED',
] as const;

export interface EnvironmentOptions {
  /** Unix seconds; stands in for times that the server does not know yet. */
  readonly now: number;
  /** The runner's own environment; only its proxy variables are read. */
  readonly proxy?: Readonly<Record<string, string | undefined>>;
  /** `clone.trace` of the pipeline. */
  readonly gitTrace: boolean;
  /** `clone.skip_verify` of the pipeline. */
  readonly skipVerify: boolean;
}

/**
 * Everything that the runner itself says to a step, lowest layer first: proxy, system, repository,
 * build, stage, link, git. A caller puts DRONE_RUNNER_ENVIRON, `build.params` and the pipeline's
 * `environment` below it, the workspace and the step's own variables above it.
 */
export function buildEnvironment(
  context: BuildContext,
  options: EnvironmentOptions,
): Map<string, string> {
  return mergeEnvironment(
    proxyEnvironment(options.proxy ?? {}),
    systemEnvironment(context.system),
    repoEnvironment(context.repo),
    buildVariables(context.build, options.now),
    stageEnvironment(context.stage, options.now),
    linkEnvironment(context),
    gitEnvironment(context.build, options),
  );
}

/**
 * The variables of `${…}` in a pipeline file. Drone's order: the runner's global map (`global`),
 * system, repository, build, stage, link, and last `build.params`, which may override all others.
 */
export function substitutionVariables(
  context: BuildContext,
  options: { readonly now: number; readonly global: Environment },
): Map<string, string> {
  return mergeEnvironment(
    options.global,
    systemEnvironment(context.system),
    repoEnvironment(context.repo),
    buildVariables(context.build, options.now),
    stageEnvironment(context.stage, options.now),
    linkEnvironment(context),
    new Map(Object.entries(context.build.params)),
  );
}

/** Later layers override earlier ones. */
export function mergeEnvironment(...layers: readonly Environment[]): Map<string, string> {
  const merged = new Map<string, string>();
  for (const layer of layers) {
    for (const [name, value] of layer) merged.set(name, value);
  }
  return merged;
}

/**
 * The proxy variables of the runner, each in both cases, because programs do not agree on one.
 * Where the two differ the upper-case one wins, as in drone-runner-kube. Empty ones are left out.
 */
export function proxyEnvironment(
  source: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const environment = new Map<string, string>();
  for (const name of ['no_proxy', 'http_proxy', 'https_proxy', 'all_proxy']) {
    const upper = name.toUpperCase();
    const value = source[upper] || source[name];
    if (value) environment.set(name, value).set(upper, value);
  }
  return environment;
}

export function systemEnvironment(system: System): Map<string, string> {
  return variables({
    CI: true,
    DRONE: true,
    DRONE_SYSTEM_PROTO: system.proto,
    DRONE_SYSTEM_HOST: system.host,
    DRONE_SYSTEM_HOSTNAME: system.host,
    DRONE_SYSTEM_VERSION: system.version,
  });
}

/** `CI_*` are names of Drone 0.8; CI_REPO_NAME is the slug there. */
export function repoEnvironment(repo: Repo): Map<string, string> {
  return variables({
    DRONE_REPO: repo.slug,
    DRONE_REPO_SCM: repo.scm,
    DRONE_REPO_OWNER: repo.namespace,
    DRONE_REPO_NAMESPACE: repo.namespace,
    DRONE_REPO_NAME: repo.name,
    DRONE_REPO_LINK: repo.link,
    DRONE_REPO_BRANCH: repo.default_branch,
    DRONE_REPO_VISIBILITY: repo.visibility,
    DRONE_REPO_PRIVATE: repo.private,
    DRONE_REMOTE_URL: repo.git_http_url,
    DRONE_GIT_HTTP_URL: repo.git_http_url,
    DRONE_GIT_SSH_URL: repo.git_ssh_url,
    CI_REPO: repo.slug,
    CI_REPO_NAME: repo.slug,
    CI_REPO_LINK: repo.link,
    CI_REPO_REMOTE: repo.git_http_url,
    CI_REMOTE_URL: repo.git_http_url,
    CI_REPO_PRIVATE: repo.private,
  });
}

/** `now` in unix seconds. DRONE_STAGE_VERSION is the version of the server's database row. */
export function stageEnvironment(stage: Stage, now: number): Map<string, string> {
  const failing = isFailing(stage.status);
  return variables({
    DRONE_STAGE_KIND: stage.kind,
    DRONE_STAGE_TYPE: stage.type,
    DRONE_STAGE_NAME: stage.name,
    DRONE_STAGE_NUMBER: stage.number,
    DRONE_STAGE_MACHINE: stage.machine,
    DRONE_STAGE_OS: stage.os,
    DRONE_STAGE_ARCH: stage.arch,
    DRONE_STAGE_VARIANT: stage.variant,
    DRONE_STAGE_VERSION: stage.version,
    DRONE_STAGE_STATUS: failing ? 'failure' : 'success',
    DRONE_STAGE_STARTED: stage.started || now,
    DRONE_STAGE_FINISHED: stage.stopped || now,
    DRONE_STAGE_DEPENDS_ON: stage.depends_on.join(','),
    DRONE_CARD_PATH: '/dev/stdout',
  });
}

/**
 * Commit, build, pull request and tag. `now` in unix seconds.
 * The `CI_*` names of Drone 0.8 carry the server's raw values: status as it is, 0 for "not yet".
 */
export function buildVariables(build: Build, now: number): Map<string, string> {
  const failedStages = build.stages.filter((stage) => isFailing(stage.status));
  const failing = isFailing(build.status) || failedStages.length > 0;
  const environment = variables({
    DRONE_BRANCH: build.target,
    DRONE_SOURCE_BRANCH: build.source,
    DRONE_TARGET_BRANCH: build.target,
    DRONE_COMMIT: build.after,
    DRONE_COMMIT_SHA: build.after,
    DRONE_COMMIT_BEFORE: build.before,
    DRONE_COMMIT_AFTER: build.after,
    DRONE_COMMIT_REF: build.ref,
    DRONE_COMMIT_BRANCH: build.target,
    DRONE_COMMIT_LINK: build.link,
    DRONE_COMMIT_MESSAGE: build.message,
    DRONE_COMMIT_AUTHOR: build.author_login,
    DRONE_COMMIT_AUTHOR_NAME: build.author_name,
    DRONE_COMMIT_AUTHOR_EMAIL: build.author_email,
    DRONE_COMMIT_AUTHOR_AVATAR: build.author_avatar,
    DRONE_BUILD_NUMBER: build.number,
    DRONE_BUILD_PARENT: build.parent,
    DRONE_BUILD_EVENT: build.event,
    DRONE_BUILD_ACTION: build.action,
    DRONE_BUILD_TRIGGER: build.trigger,
    DRONE_BUILD_DEBUG: build.debug,
    DRONE_BUILD_STATUS: failing ? 'failure' : 'success',
    DRONE_BUILD_CREATED: build.created,
    DRONE_BUILD_STARTED: build.started || now,
    DRONE_BUILD_FINISHED: build.finished || now,
    DRONE_DEPLOY_TO: build.deploy_to,
    DRONE_DEPLOY_ID: build.deploy_id,
    CI_BUILD_NUMBER: build.number,
    CI_PARENT_BUILD_NUMBER: build.parent,
    CI_BUILD_CREATED: build.created,
    CI_BUILD_STARTED: build.started,
    CI_BUILD_FINISHED: build.finished,
    CI_BUILD_STATUS: build.status,
    CI_BUILD_EVENT: build.event,
    CI_BUILD_LINK: build.link,
    CI_BUILD_TARGET: build.deploy_to,
    CI_COMMIT_SHA: build.after,
    CI_COMMIT_REF: build.ref,
    CI_COMMIT_BRANCH: build.target,
    CI_COMMIT_MESSAGE: build.message,
    CI_COMMIT_AUTHOR: build.author_login,
    CI_COMMIT_AUTHOR_NAME: build.author_name,
    CI_COMMIT_AUTHOR_EMAIL: build.author_email,
    CI_COMMIT_AUTHOR_AVATAR: build.author_avatar,
  });
  if (failing) {
    environment.set('DRONE_FAILED_STAGES', failedStages.map((stage) => stage.name).join(','));
  }
  if (build.event === 'pull_request') {
    environment.set('DRONE_PULL_REQUEST', /[0-9]+/.exec(build.ref)?.[0] ?? '');
    environment.set('DRONE_PULL_REQUEST_TITLE', build.title);
  }
  if (build.ref.startsWith(TAG_PREFIX)) {
    return mergeEnvironment(environment, tagVariables(build.ref.slice(TAG_PREFIX.length)));
  }
  return environment;
}

/** DRONE_BUILD_LINK: the build on the Drone server. */
export function linkEnvironment({ system, repo, build }: BuildContext): Map<string, string> {
  return variables({
    DRONE_BUILD_LINK: `${system.proto}://${system.host}/${repo.slug}/${build.number}`,
  });
}

/** Lets git commit as the author of the build, and fail instead of asking for a password. */
export function gitEnvironment(
  build: Build,
  options: { readonly gitTrace: boolean; readonly skipVerify: boolean },
): Map<string, string> {
  const name = build.author_name || 'drone';
  const email = build.author_email || 'noreply@drone';
  return variables({
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_TERMINAL_PROMPT: 0,
    ...(options.gitTrace ? { GIT_TRACE: true } : {}),
    ...(options.skipVerify ? { GIT_SSL_NO_VERIFY: true } : {}),
  });
}

/**
 * Credentials for git; empty where the server sent none. All values are secret: they belong into
 * a Secret, not into the Pod. DRONE_NETRC_FILE is a whole netrc file on one line.
 */
export function netrcEnvironment(netrc: Netrc | undefined): Map<string, string> {
  if (netrc === undefined || netrc.machine === '') return new Map();
  return variables({
    DRONE_NETRC_MACHINE: netrc.machine,
    DRONE_NETRC_USERNAME: netrc.login,
    DRONE_NETRC_PASSWORD: netrc.password,
    DRONE_NETRC_FILE: `machine ${netrc.machine} login ${netrc.login} password ${netrc.password}`,
  });
}

const TAG_PREFIX = 'refs/tags/';

/** Statuses of a build or stage that count as failed. */
const isFailing = (status: string): boolean =>
  status === 'failure' || status === 'error' || status === 'killed';

const variables = (
  values: Readonly<Record<string, string | number | boolean>>,
): Map<string, string> =>
  new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
