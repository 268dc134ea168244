import { get } from '../cluster/http.ts';
import { contentKey } from '../cluster/keys.ts';
import { running, start } from '../cluster/processes.ts';
import { mirrorsOf, type Cluster } from '../cluster/state.ts';
import { becomesTrue } from '../cluster/wait.ts';
import { failed, logFile, recordFile, stopProcess } from './lifecycle.ts';
import { PORTS } from './settings.ts';
import type { Stack } from './state.ts';

/** Where the runners work. */
export interface RunnerPlace {
  /** The state folder of the stack, which ends them when it goes. */
  readonly state: string;
  readonly stack: Stack;
  /** Path of the built command. */
  readonly program: string;
  readonly cluster: Cluster;
  /** Of the Pods of pipelines that name none. */
  readonly namespace: string;
}

/**
 * Starts the two replicas of the demo afresh, since the program may be another one now.
 * @throws ClusterError COMPONENT_FAILED with the end of a log
 */
export async function startRunners(place: RunnerPlace): Promise<void> {
  await Promise.all(PORTS.runners.map((port, index) => startRunner(place, index + 1, port)));
}

async function startRunner(place: RunnerPlace, number: number, port: number): Promise<void> {
  const { state, stack } = place;
  const name = `runner-${number}`;
  const server = new URL(stack.drone);
  const environment = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: state,
    DRONE_RPC_PROTO: server.protocol.slice(0, -1),
    DRONE_RPC_HOST: server.host,
    DRONE_RPC_SECRET: stack.rpcSecret,
    DRONE_RUNNER_NAME: `demo-${name}`,
    DRONE_KUBERNETES_CONFIG: place.cluster.kubeconfig,
    DRONE_KUBE_REGISTRY_MIRRORS: mirrorsOf(place.cluster),
    DRONE_NAMESPACE_DEFAULT: place.namespace,
    DRONE_SERVER_PORT: `:${port}`,
  };
  const argv = [process.execPath, place.program, 'daemon'];
  const record = recordFile(state, name);
  await stopProcess(state, name);
  const key = contentKey([...argv, ...Object.entries(environment).flat()]);
  await start(argv, { record, log: logFile(state, name) }, key, environment);
  const alive = () => running(record) !== undefined;
  const answers = async () => (await get(`http://127.0.0.1:${port}/healthz`))?.status === 200;
  await becomesTrue(async () => !alive() || (await answers()), 30_000);
  if (!alive() || !(await answers())) {
    throw failed(state, name, alive() ? 'does not answer' : 'ended');
  }
}
