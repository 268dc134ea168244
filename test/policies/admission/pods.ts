/** Pods as the runtime makes them, and ways to spoil one. */
import type { Attempt, ContainerLike, PodLike } from '../../../policies/admission/types.ts';
import { compileStage } from '../../../runtime/compile/compile.ts';
import type { CompiledStage } from '../../../runtime/compile/types.ts';
import { podSettings } from '../../../runtime/config/policy.ts';
import { LABEL_ORIGIN, LABEL_SERVER } from '../../../runtime/contract.ts';
import type { Pipeline } from '../../../runtime/pipeline/model.ts';
import { inputOf, pipelineOf, serviceOf, stepOf } from '../../runtime/support.ts';

export const RUNNER = { namespace: 'drone', name: 'drone-runner' };
export const RUNNER_USER = 'system:serviceaccount:drone:drone-runner';
export const STAGE = 'drone-abc-3-1';

/** As the daemon compiles it. */
export const compiled = (
  pipeline: Partial<Pipeline>,
  input: Omit<Parameters<typeof inputOf>[0], 'pipeline'> = {},
): CompiledStage =>
  compileStage(
    inputOf({
      name: STAGE,
      labels: { [LABEL_ORIGIN]: 'daemon', [LABEL_SERVER]: 'abc' },
      ...input,
      pipeline: pipelineOf(pipeline),
    }),
  );

/** As JSON, which is all that the API server and the rules get to see. */
export const asJson = (object: object): PodLike => JSON.parse(JSON.stringify(object));

export const STEP = stepOf({ name: 'test', commands: ['make test'] });
export const PLUGIN = stepOf({ name: 'notify', image: 'plugins/slack', commands: [] });
export const SERVICE = serviceOf({ name: 'db', image: 'postgres' });

/** One step, after the clone step. */
export const GOOD: PodLike = asJson(compiled({ steps: [STEP] }).pod);

/** The container of the step of GOOD. */
export const CONTAINER = '2-test';

const settingsOf = (pipeline: Partial<Pipeline>, limit = 0) =>
  podSettings(pipelineOf(pipeline), undefined, {
    defaults: {
      labels: new Map([['team', 'platform']]),
      annotations: new Map(),
      nodeSelector: new Map(),
      serviceAccount: '',
    },
    resources: {
      request: { cpu: 2000, memory: 2 ** 32 },
      minRequest: { cpu: 0, memory: 0 },
      limit: { cpu: limit, memory: limit * 2 ** 20 },
    },
  });

/** A Pod that the runtime makes of a pipeline with these keys. */
export const podFor = (pipeline: Partial<Pipeline>, limit = 0): PodLike =>
  asJson(
    compiled({ steps: [STEP], ...pipeline }, { runner: { settings: settingsOf(pipeline, limit) } })
      .pod,
  );

/** GOOD with this in its `spec`. */
export const withSpec = (spec: object, pod: PodLike = GOOD): PodLike => ({
  ...pod,
  spec: { ...pod.spec, ...spec },
});

/** GOOD with this in the container of its step. */
export const withContainer = (container: object): PodLike =>
  withSpec({
    containers: GOOD.spec.containers.map((found: ContainerLike) =>
      found.name === CONTAINER ? { ...found, ...container } : found,
    ),
  });

/** GOOD with one volume more. */
export const withVolume = (volume: object, name = 'extra'): PodLike =>
  withSpec({ volumes: [...(GOOD.spec.volumes ?? []), { name, ...volume }] });

/** GOOD with other labels; one that is undefined is taken away. */
export const withLabels = (labels: Readonly<Record<string, string | undefined>>): PodLike =>
  asJson({
    ...GOOD,
    metadata: { ...GOOD.metadata, labels: { ...GOOD.metadata.labels, ...labels } },
  });

/** Made by the runner. */
export const creation = (pod: PodLike): Attempt => ({
  operation: 'CREATE',
  subresource: '',
  user: RUNNER_USER,
  pod,
});
