/** Flux as two processes beside the cluster. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { get } from '../cluster/http.ts';
import { stop } from '../cluster/processes.ts';
import type { Tell } from '../cluster/progress.ts';
import { ensureService, GRACE_MS } from '../cluster/service.ts';
import { CONTROLLERS, type ControllerName, type Controllers } from './binaries.ts';
import { NAMESPACES } from './world.ts';

const recordFile = (state: string, name: string): string => join(state, 'run', name);
const logFile = (state: string, name: string): string => join(state, 'logs', `${name}.log`);

/**
 * Starts both, with all rights in the cluster, as Flux has them when it is installed there.
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
  const [artifacts = '', ...addresses] = await freeAddresses(1 + 2 * CONTROLLERS.length);
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
    await ensureService(
      {
        name,
        argv,
        environment: {
          KUBECONFIG: kubeconfig,
          RUNTIME_NAMESPACE: NAMESPACES.flux,
          HOME: state,
          TMPDIR: temporary,
        },
        files: {},
        record: recordFile(state, name),
        log: logFile(state, name),
        key: 'flux',
        isHealthy: async () => (await get(`http://${health}/readyz`))?.status === 200,
        patienceMs: 0,
      },
      tell,
    );
  }
}

/** Ends those that this run or one before has started. */
export async function stopControllers(state: string): Promise<void> {
  await Promise.all(CONTROLLERS.map((name) => stop(recordFile(state, name), GRACE_MS)));
}

/** The last errors of both logs, for the message of a failure. */
export function lastErrors(state: string): readonly string[] {
  const folder = join(state, 'logs');
  return (existsSync(folder) ? readdirSync(folder) : []).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      .slice(-3)
      .map((line) => `${file}: ${line}`),
  );
}

/** Addresses of this machine that nobody listens at. */
async function freeAddresses(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map(async (server) => once(server, 'listening')));
  return servers.map((server) => {
    const address = server.address();
    server.close();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
  });
}
