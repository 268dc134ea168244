/** `npm run demo`: a cluster, a Drone server, a Git host, two runners, and a push. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../build.ts';
import { attempt, run } from '../cluster/commands.ts';
import { ClusterError } from '../cluster/errors.ts';
import { withLock } from '../cluster/lock.ts';
import { phase, type Tell } from '../cluster/progress.ts';
import { readCluster, type Cluster } from '../cluster/state.ts';
import { node } from '../steps.ts';
import { stackApi, type ApiBuild, type StackApi } from './drone-api.ts';
import { startRunners } from './runners.ts';
import { ownStackLayout, STACK_NAME } from './settings.ts';
import { down, tellAccess, up } from './stack.ts';
import { stepTable } from './step-table.ts';

const NAMESPACE = 'drone-demo';
const REPOSITORY = 'example';
const EXAMPLES = join(import.meta.dirname, '../../examples');

const USAGE = `Drone with this runner, on a cluster on this machine.

  npm run demo            make everything that is missing, push an example, show its build
  npm run demo -- down    end the runners, Drone and Gitea; the cluster stays`;

/** @returns the exit code: 0 when the build succeeded */
async function main(verb: string | undefined, tell: Tell): Promise<number> {
  const alone = (work: () => Promise<number>) =>
    withLock(STACK_NAME, work, () => tell('waiting for another `npm run stack` to end'));
  switch (verb) {
    case undefined:
      if ((await node(['test/cluster/main.ts', 'up'])) !== 0) return 1;
      return alone(() => demo(tell));
    case 'down':
      return alone(() => remove(tell));
    default:
      tell(USAGE);
      return verb === '--help' || verb === '-h' ? 0 : 2;
  }
}

async function demo(tell: Tell): Promise<number> {
  const layout = ownStackLayout();
  const stack = await up(layout, tell);
  const cluster = readCluster();
  if (cluster === undefined) throw new ClusterError('NO_CLUSTER', 'the cluster went away');
  const program = await phase(tell, 'build of the runner', buildProgram);
  await makeNamespace(cluster);
  const { state } = layout;
  const place = { state, stack, program, cluster, namespace: NAMESPACE };
  await phase(tell, 'two runners', () => startRunners(place));

  const api = stackApi(stack);
  const { slug } = await phase(tell, 'repository', () => example(api));
  const pushed = { '.drone.yml': read('.drone.yml'), 'pushed.txt': new Date().toISOString() };
  const commit = await phase(tell, 'push', () => api.push(slug, pushed, 'A push of the demo'));
  const build = await phase(tell, 'build', () => api.waitForBuild(slug, commit, isOver, 600_000));

  tell(['', ...stepTable(build), ''].join('\n'));
  tell(`the build        ${stack.drone}/${slug}/${build.number}`);
  tell(`the repository   ${stack.gitea}/${slug}`);
  tellAccess(stack, tell);
  tell(`logs of all      ${join(state, 'logs')}`);
  tell('another push     npm run demo');
  tell('end it           npm run demo -- down, and then npm run cluster -- down');
  return build.status === 'success' ? 0 : 1;
}

const isOver = (build: ApiBuild): boolean => build.finished > 0;

/** The repository, with the secret that its pipeline asks for. */
async function example(api: StackApi): Promise<{ readonly slug: string }> {
  const repo = await api.createRepo(REPOSITORY);
  for (const line of read('secrets.env').split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) await api.setSecret(repo.slug, name, value);
  }
  return repo;
}

const read = (file: string): string => readFileSync(join(EXAMPLES, file), 'utf8');

async function makeNamespace(cluster: Cluster): Promise<void> {
  const kubectl = ['--kubeconfig', cluster.kubeconfig];
  const found = await attempt(cluster.kubectl, [...kubectl, 'get', 'namespace', NAMESPACE]);
  if (found.code !== 0) await run(cluster.kubectl, [...kubectl, 'create', 'namespace', NAMESPACE]);
}

async function remove(tell: Tell): Promise<number> {
  await down(ownStackLayout(), tell);
  const cluster = readCluster();
  if (cluster !== undefined) {
    const args = ['--kubeconfig', cluster.kubeconfig, 'delete', 'namespace', NAMESPACE];
    await attempt(cluster.kubectl, [...args, '--ignore-not-found', '--wait=false']);
    tell('the cluster stays: npm run cluster -- down');
  }
  return 0;
}

try {
  process.exitCode = await main(process.argv[2], (line) => console.log(line));
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
