/**
 * Labels and annotations of a Pod: the ones that drone-runner-kube sets, and those of the runner's
 * defaults, the pipeline and the policy, in its order.
 */
import type { ObjectMeta } from './objects.ts';
import type { CompileInput } from './types.ts';

/** Labels of `base` cannot be replaced: they select the stage. */
export function podMetadata(input: CompileInput, base: ObjectMeta): ObjectMeta {
  const { context, pipeline, now } = input;
  const { build, repo, stage, system } = context;
  const { labels, annotations } = input.runner.settings;
  const { arch } = pipeline.platform;
  const lifetime = repo.timeout * 60 + 3600;
  return {
    ...base,
    labels: {
      ...Object.fromEntries([...labels.below, ...pipeline.metadata.labels]),
      ...(arch === 'arm' || arch === 'arm64' ? { 'kubernetes.io/arch': arch } : {}),
      'io.drone': 'true',
      'io.drone.name': input.name,
      'io.drone.repo.namespace': labelValue(repo.namespace),
      'io.drone.repo.name': labelValue(repo.name),
      'io.drone.build.number': String(build.number),
      'io.drone.build.event': labelValue(build.event),
      ...Object.fromEntries(labels.above),
      ...base.labels,
    },
    annotations: {
      ...Object.fromEntries(annotations.below),
      'io.drone': 'true',
      'io.drone.repo.namespace': repo.namespace,
      'io.drone.repo.name': repo.name,
      'io.drone.repo.slug': repo.slug,
      'io.drone.build.number': String(build.number),
      'io.drone.stage.name': stage.name,
      'io.drone.stage.number': String(stage.number),
      'io.drone.protected': String(repo.protected),
      'io.drone.system.host': system.host,
      'io.drone.system.proto': system.proto,
      'io.drone.system.version': system.version,
      'io.drone.ttl': goDuration(lifetime),
      'io.drone.expires': String(now + lifetime),
      'io.drone.created': String(now),
      ...Object.fromEntries([...pipeline.metadata.annotations, ...annotations.above]),
    },
  };
}

/** A text made fit for a label: at most 63 letters, digits, `-`, `_` and `.`, no sign at the ends. */
export const labelValue = (text: string): string =>
  text
    .replaceAll(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');

/** Whole seconds as `1h0m0s`. */
function goDuration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`;
}
