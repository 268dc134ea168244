/**
 * `npm run flux`: the manifests of an environment in a Git repository, and a real Flux that applies
 * them to the cluster of the tests.
 */
import { join } from 'node:path';
import { buildProgram } from '../build.ts';
import { ClusterError } from '../cluster/errors.ts';
import { pushRunnerImage } from '../cluster/images/runner.ts';
import { withLock } from '../cluster/lock.ts';
import { phase } from '../cluster/progress.ts';
import { ownLayout } from '../cluster/settings.ts';
import { Repo } from '../e2e/daemon-repo.ts';
import { stackApi } from '../stack/drone-api.ts';
import { buildControllers } from './binaries.ts';
import { Checks } from './checks.ts';
import { lastErrors, startControllers } from './controllers.ts';
import { environmentOf, LABEL } from './environment.ts';
import { Flux, installFlux, refuseOtherFlux } from './flux.ts';
import { removeAll } from './remove.ts';
import { ManifestRepository, startFront } from './repository.ts';
import { ID, NAMESPACES, openWorld, REPOSITORIES, stateFolder, type World } from './world.ts';

const tell = (line: string): void => console.log(line);

async function main(stop: AbortSignal): Promise<void> {
  const world = openWorld(stop);
  await refuseOtherFlux(world);
  const state = stateFolder();
  await removeAll(world, state);
  try {
    await tryFlux(world, state);
  } catch (error) {
    // A signal from the terminal has ended the commands under way as well.
    stop.throwIfAborted();
    throw error;
  } finally {
    await phase(tell, 'all is removed again', () => removeAll(world.unstopped, state));
  }
}

async function tryFlux(world: World, state: string): Promise<void> {
  const { cluster, registry, stack } = world;
  const { cache } = ownLayout();
  const built = await buildControllers(join(cache, 'flux'), tell);
  const image = await phase(tell, 'image of the runner', async () =>
    pushRunnerImage(registry, await buildProgram(), cache),
  );
  const front = await startFront(join(state, 'tls'), stack.gitea);
  try {
    await phase(tell, 'types of Flux', () => installFlux(world, built, front.certificate));
    await startControllers(built, state, cluster.kubeconfig, tell);
    const repository = new ManifestRepository(stack, join(state, 'manifests'));
    await repository.create();
    const api = stackApi(stack);
    const made = await api.createRepo(REPOSITORIES.pipeline);
    const repo = new Repo(made, stack, api, LABEL, `the Pods of ${NAMESPACES.system}`);
    const url = `https://127.0.0.1:${front.port}/${repository.path}`;
    const flux = new Flux(world, () => lastErrors(state));
    const environment = await environmentOf(world, url, image);
    const checks = new Checks(world, flux, repository, repo, environment);
    for (const [name, check] of checks.all) await phase(tell, name, () => named(name, check));
  } finally {
    front.close();
  }
}

async function named(name: string, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    const code = error instanceof ClusterError ? error.code : 'CHECK_FAILED';
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClusterError(code, `${name}: ${reason}`);
  }
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Only the first one: what is under way then is the removal.
  process.on(name, () => stop.abort(new ClusterError('STOPPED', `ended by ${name}`)));
}
try {
  await withLock(
    ID,
    () => main(stop.signal),
    () => tell('waiting for another `npm run flux` to end'),
  );
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
