/** Objects as the API server gives them, for tests of what is decided on them. */
import type { KubeObject } from './world.ts';

/** `second` of some minute, as the API server writes it. */
export const time = (second: number): string => `2020-01-01T00:00:0${second}Z`;

export const object = (
  name: string,
  metadata: Partial<KubeObject['metadata']> = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name,
    namespace: 'n',
    uid: '1',
    resourceVersion: '10',
    creationTimestamp: time(1),
    ...metadata,
  },
});
