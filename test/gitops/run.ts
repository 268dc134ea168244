/** One run with Flux or Argo CD: everything is built, begun, tried and removed again. */
import { join } from 'node:path';
import { buildProgram } from '../build.ts';
import { ClusterError } from '../cluster/errors.ts';
import { pushRunnerImage } from '../cluster/images/runner.ts';
import { withLock } from '../cluster/lock.ts';
import { phase } from '../cluster/progress.ts';
import { ownLayout } from '../cluster/settings.ts';
import { Repo } from '../e2e/daemon-repo.ts';
import { stackApi } from '../stack/drone-api.ts';
import { Deployment } from './deployment.ts';
import type { Applier, Engine } from './engine.ts';
import { environmentOf, LABEL } from './environment.ts';
import { install, refuseAnother } from './install.ts';
import { removeAll } from './remove.ts';
import { ManifestRepository, startFront } from './repository.ts';
import { lastErrors } from './servers.ts';
import { ID, NAMESPACES, openWorld, REPOSITORIES, stateFolder, type World } from './world.ts';

const tell = (line: string): void => console.log(line);

/** The whole of a command: its exit code says whether all was as it has to be. */
export async function runEngine<A extends Applier>(engine: Engine<A>): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Only the first one: what is under way then is the removal.
    process.on(name, () => stop.abort(new ClusterError('STOPPED', `ended by ${name}`)));
  }
  try {
    await withLock(
      ID,
      () => guarded(engine, stop.signal),
      () => tell('waiting for another `npm run flux` or `npm run argocd` to end'),
    );
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}

async function guarded<A extends Applier>(engine: Engine<A>, stop: AbortSignal): Promise<void> {
  const world = openWorld(stop);
  await refuseAnother(world, engine.name, engine.types);
  const state = stateFolder();
  await removeAll(world, state);
  try {
    await tryOut(engine, world, state);
  } catch (error) {
    // A signal from the terminal has ended the commands under way as well.
    stop.throwIfAborted();
    // At once: the removal may fail as well.
    report(error);
  } finally {
    await phase(tell, 'all is removed again', () => removeAll(world.unstopped, state));
  }
}

async function tryOut<A extends Applier>(
  engine: Engine<A>,
  world: World,
  state: string,
): Promise<void> {
  const { cluster, registry, stack } = world;
  const { cache } = ownLayout();
  const built = await engine.build(join(cache, engine.folder), tell);
  const image = await phase(tell, 'image of the runner', async () =>
    pushRunnerImage(registry, await buildProgram(), cache),
  );
  const front = await startFront(join(state, 'tls'), stack.gitea);
  try {
    const repository = new ManifestRepository(stack, join(state, 'manifests'));
    const access = {
      url: `https://127.0.0.1:${front.port}/${repository.path}`,
      user: stack.user,
      password: stack.giteaToken,
      certificate: front.certificate,
    };
    await phase(tell, `types of ${engine.name}`, () =>
      install(world, built.types, engine.objects(access)),
    );
    await built.start(state, cluster.kubeconfig, access, tell);
    await repository.create();
    const api = stackApi(stack);
    const made = await api.createRepo(REPOSITORIES.pipeline);
    const repo = new Repo(made, stack, api, LABEL, `the Pods of ${NAMESPACES.system}`);
    const gitops = { repository: access.url, ...engine.settings };
    const environment = await environmentOf(world, image, gitops);
    const output = join(repository.output, environment.name);
    const applier = engine.applier(world, output, () => lastErrors(state));
    const deployment = new Deployment(world, applier, repository, repo, environment);
    for (const [name, check] of engine.checks(deployment, applier)) {
      await phase(tell, name, () => named(name, check));
    }
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
