/** Flux as two processes beside the cluster. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { get } from '../../cluster/http.ts';
import { freePorts } from '../../cluster/ports.ts';
import type { Tell } from '../../cluster/progress.ts';
import { startServer } from '../servers.ts';
import { NAMESPACES } from '../world.ts';
import { CONTROLLERS, type ControllerName, type Controllers } from './binaries.ts';

/**
 * @param state the folder of their files
 * @throws ClusterError COMPONENT_FAILED
 */
export async function startControllers(
  built: Controllers,
  state: string,
  kubeconfig: string,
  tell: Tell,
): Promise<void> {
  const storage = join(state, 'artifacts');
  const temporary = join(state, 'tmp');
  mkdirSync(storage, { recursive: true });
  mkdirSync(temporary, { recursive: true });
  const ports = await freePorts(1 + 2 * CONTROLLERS.length);
  const [artifacts = '', ...addresses] = ports.map((port) => `127.0.0.1:${port}`);
  const own: Readonly<Record<ControllerName, readonly string[]>> = {
    'source-controller': [
      `--storage-path=${storage}`,
      `--storage-addr=${artifacts}`,
      `--storage-adv-addr=${artifacts}`,
    ],
    // Else each of the waves would wait for up to half a minute more than it has to.
    'kustomize-controller': ['--requeue-dependency=1s'],
  };
  for (const [index, name] of CONTROLLERS.entries()) {
    const health = addresses[2 * index];
    const argv = [
      join(built[name], name),
      '--watch-all-namespaces=false',
      '--events-addr=',
      `--health-addr=${health}`,
      `--metrics-addr=${addresses[2 * index + 1]}`,
      ...own[name],
    ];
    const environment = {
      KUBECONFIG: kubeconfig,
      RUNTIME_NAMESPACE: NAMESPACES.engine,
      HOME: state,
      TMPDIR: temporary,
    };
    const isHealthy = async () => (await get(`http://${health}/readyz`))?.status === 200;
    await startServer({ name, argv, environment, isHealthy }, state, tell);
  }
}
