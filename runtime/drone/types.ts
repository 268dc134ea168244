/**
 * The objects of the Drone server that describe a build, as its RPC sends them.
 * Times are unix seconds; an absent time is 0, an absent text is ''.
 */

export interface Build {
  readonly id: number;
  readonly number: number;
  readonly parent: number;
  readonly status: string;
  readonly event: string;
  readonly action: string;
  readonly trigger: string;
  readonly link: string;
  readonly title: string;
  readonly message: string;
  readonly before: string;
  readonly after: string;
  readonly ref: string;
  readonly source_repo: string;
  readonly source: string;
  readonly target: string;
  readonly author_login: string;
  readonly author_name: string;
  readonly author_email: string;
  readonly author_avatar: string;
  readonly sender: string;
  readonly params: Readonly<Record<string, string>>;
  readonly cron: string;
  readonly deploy_to: string;
  readonly deploy_id: number;
  readonly debug: boolean;
  readonly started: number;
  readonly finished: number;
  readonly created: number;
  /** Names and statuses of all stages of the build. */
  readonly stages: readonly { readonly name: string; readonly status: string }[];
}

export interface Repo {
  readonly id: number;
  readonly namespace: string;
  readonly name: string;
  readonly slug: string;
  readonly scm: string;
  readonly git_http_url: string;
  readonly git_ssh_url: string;
  readonly link: string;
  readonly default_branch: string;
  readonly private: boolean;
  readonly visibility: string;
  readonly trusted: boolean;
  readonly protected: boolean;
  /** Minutes. */
  readonly timeout: number;
}

export interface Stage {
  readonly id: number;
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly status: string;
  readonly machine: string;
  readonly os: string;
  readonly arch: string;
  readonly variant: string;
  readonly version: number;
  readonly started: number;
  readonly stopped: number;
  readonly depends_on: readonly string[];
}

export interface System {
  readonly proto: string;
  readonly host: string;
  readonly link: string;
  readonly version: string;
}

export interface Netrc {
  readonly machine: string;
  readonly login: string;
  readonly password: string;
}

/** Everything about one run of one pipeline that is not in the pipeline itself. */
export interface BuildContext {
  readonly build: Build;
  readonly repo: Repo;
  readonly stage: Stage;
  readonly system: System;
  readonly netrc: Netrc | undefined;
}
