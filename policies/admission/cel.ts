/** Words that the rules share, in CEL and as functions. */
import type { ContainerLike, PodLike, VolumeLike } from './types.ts';

/** A text as CEL writes it. */
export const celText = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** The containers `c` for which the condition holds, as `container NAME`. */
export const celContainers = (condition: string): string =>
  `variables.containers.filter(c, ${condition}).map(c, 'container ' + c.name)`;

/** The volumes `v` for which the condition holds, as `volume NAME`. */
export const celVolumes = (condition: string): string =>
  `variables.volumes.filter(v, ${condition}).map(v, 'volume ' + v.name)`;

export const containersOf = ({ spec }: PodLike): readonly ContainerLike[] => [
  ...spec.containers,
  ...(spec.initContainers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

export const findContainers = (
  pod: PodLike,
  isWrong: (container: ContainerLike) => boolean,
): string[] =>
  containersOf(pod)
    .filter(isWrong)
    .map(({ name }) => `container ${name}`);

export const findVolumes = (pod: PodLike, isWrong: (volume: VolumeLike) => boolean): string[] =>
  (pod.spec.volumes ?? []).filter(isWrong).map(({ name }) => `volume ${name}`);

/** Variables of every policy, beside one for each parameter and each rule. */
export const SHARED_VARIABLES: Readonly<Record<string, string>> = {
  // A text, and not just anything, may stand in a list beside texts.
  name: 'string(object.metadata.name)',
  containers:
    'object.spec.containers + object.spec.?initContainers.orValue([]) + object.spec.?ephemeralContainers.orValue([])',
  volumes: 'object.spec.?volumes.orValue([])',
  labels: 'object.metadata.?labels.orValue({})',
  oldLabels:
    "request.operation == 'UPDATE' ? oldObject.metadata.?labels.orValue({}) : variables.labels",
};
