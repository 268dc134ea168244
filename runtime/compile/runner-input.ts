/** What the configuration of a runner adds to the stages that it compiles. */
import type { HostVolume } from '../config/address-types.ts';
import { podSettings, type PodSettings } from '../config/policy.ts';
import type { Pipeline, ResourceAmounts } from '../pipeline/model.ts';
import { DEFAULT_STAGE_REQUEST } from './resources.ts';
import type { TmateSettings } from './debug.ts';

export interface RunnerInput {
  /** Of the Pod: what policy, pipeline and runner say, put together. */
  readonly settings: PodSettings;
  /** Requested at least, for each container of a step. */
  readonly minRequest: ResourceAmounts;
  /** In every container, services and the clone step included. */
  readonly hostVolumes: readonly HostVolume[];
  /** `http_proxy`, `https_proxy`, `no_proxy` and `all_proxy` for the steps, in either case. */
  readonly proxy: Readonly<Record<string, string>>;
  /** Like `globalEnvironment` and above it, but of values that no log may show. */
  readonly secretEnvironment: ReadonlyMap<string, string>;
  /** Do other steps than the clone step get no credentials of the Git server? */
  readonly netrcCloneOnly: boolean;
  /**
   * Credentials of registries, each a `config.json` of Docker. A later one goes over an earlier one,
   * and `image_pull_secrets` go over all.
   */
  readonly dockerConfigs: readonly string[];
  /** undefined: a build in debug mode is like any other. */
  readonly tmate: TmateSettings | undefined;
}

/** For a run that no runner configures: the Pod is as the pipeline says. */
export const withoutRunner = (pipeline: Pipeline): RunnerInput => ({
  settings: podSettings(pipeline, undefined, {
    defaults: {
      labels: new Map(),
      annotations: new Map(),
      nodeSelector: new Map(),
      serviceAccount: '',
    },
    resources: { request: DEFAULT_STAGE_REQUEST, minRequest: NOTHING, limit: NOTHING },
  }),
  minRequest: NOTHING,
  hostVolumes: [],
  proxy: {},
  secretEnvironment: new Map(),
  netrcCloneOnly: false,
  dockerConfigs: [],
  tmate: undefined,
});

const NOTHING: ResourceAmounts = { cpu: 0, memory: 0 };
