/** Variables that are known and have no effect here, so a deployment that sets them still works. */
import type { IdleVariable } from './variable.ts';

const NEVER_READ = 'drone-runner-kube takes it and never looks at it.';
const DOCUMENTED = 'Documented for drone-runner-kube, which does not know it.';

export const IDLE_VARIABLES: readonly IdleVariable[] = [
  {
    name: 'DRONE_UI_DISABLE',
    reason: 'The dashboard is there if `DRONE_UI_PASSWORD` is set, as in drone-runner-kube.',
  },
  { name: 'DRONE_SERVER_PROTO', reason: NEVER_READ },
  { name: 'DRONE_SERVER_HOST', reason: NEVER_READ },
  { name: 'DRONE_SERVER_ACME', reason: NEVER_READ },
  {
    name: 'DRONE_IMAGE_PLACEHOLDER',
    reason: 'No container starts with a placeholder; see `DRONE_KUBE_COORDINATOR_IMAGE`.',
  },
  {
    name: 'DRONE_RUNNER_MAX_PROCS',
    reason:
      'The Pod starts its steps by itself; see `DRONE_RUNNER_CAPACITY` and `DRONE_KUBE_NAMESPACE_CAPACITY`.',
  },
  {
    name: 'DRONE_ENGINE_CONTAINER_TIME_TO_WAIT_FOR_LOGS',
    reason: 'Logs are followed from their first line, so there is nothing to wait for.',
  },
  { name: 'DRONE_HTTP_BIND', reason: `${DOCUMENTED} Set \`DRONE_SERVER_PORT\`.` },
  { name: 'DRONE_HTTP_HOST', reason: DOCUMENTED },
  { name: 'DRONE_HTTP_PROTO', reason: DOCUMENTED },
  { name: 'DRONE_RUNNER_DEVICES', reason: DOCUMENTED },
];
