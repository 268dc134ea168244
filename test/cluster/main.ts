import { parseArgs } from 'node:util';
import { binaryPath } from './binary.ts';
import { downFromSource, removeState } from './down.ts';
import { ClusterError } from './errors.ts';
import { useGiven } from './given.ts';
import { dockerAnswers, downWithKind, upWithKind } from './kind.ts';
import { restartComponent } from './lifecycle.ts';
import { withLock } from './lock.ts';
import type { Tell } from './progress.ts';
import { NAME, ownLayout, type Layout } from './settings.ts';
import { upFromSource } from './source.ts';
import { readRecorded, type Way } from './state.ts';
import { status } from './status.ts';

const USAGE = `A real Kubernetes for the tests, on this machine.

  npm run cluster -- up                     make it, or repair it; by kind where Docker runs, else from source
  npm run cluster -- up --kubeconfig FILE   use a cluster that is there already
  npm run cluster -- status                 exit code 0 when it is healthy, else 1
  npm run cluster -- restart COMPONENT      one process of a cluster from source, such as kubelet
  npm run cluster -- down                   remove every trace of it but the cache`;

/** @returns the exit code */
async function main(args: readonly string[], tell: Tell): Promise<number> {
  const { values, positionals } = parseArguments(args);
  const [verb, name] = positionals;
  const layout = ownLayout();
  const alone = (work: () => Promise<void>) =>
    withLock(NAME, work, () => tell('waiting for another `npm run cluster` to end')).then(() => 0);
  switch (verb) {
    case 'up':
      return alone(() => up(layout, values.kubeconfig, tell));
    case 'down':
      return alone(() => down(layout, tell));
    case 'restart':
      return alone(() => restart(layout, name ?? '', tell));
    case 'status':
      return (await status(layout, tell)) ? 0 : 1;
    case undefined:
    default:
      tell(USAGE);
      return values.help === true ? 0 : 2;
  }
}

function parseArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kubeconfig: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ClusterError('BAD_ARGUMENTS', `${reason}\n\n${USAGE}`);
  }
}

async function up(layout: Layout, given: string | undefined, tell: Tell): Promise<void> {
  const recorded = readRecorded(layout.state)?.way;
  const way = given === undefined ? (recorded ?? (await presentWay())) : 'given';
  if (recorded !== undefined && recorded !== way) {
    throw new ClusterError(
      'OTHER_CLUSTER',
      `there is a cluster of another kind (${recorded}): run \`npm run cluster -- down\` first.`,
    );
  }
  switch (way) {
    case 'given':
      await useGiven(layout, given ?? readRecorded(layout.state)?.kubeconfig ?? '');
      break;
    case 'kind':
      await upWithKind(layout, tell);
      break;
    case 'source':
      await upFromSource(layout, tell);
      break;
  }
  tell(`export KUBECONFIG=${readRecorded(layout.state)?.kubeconfig}`);
}

async function presentWay(): Promise<Way> {
  return (await dockerAnswers()) ? 'kind' : 'source';
}

async function down(layout: Layout, tell: Tell): Promise<void> {
  switch (readRecorded(layout.state)?.way) {
    case 'source':
      await downFromSource(layout, tell);
      break;
    case 'kind':
      await downWithKind(layout, tell);
      break;
    case 'given':
      tell('the cluster was there before and stays; it is only forgotten');
      break;
    case undefined:
      tell('there is no cluster');
      break;
  }
  removeState(layout);
}

async function restart(layout: Layout, name: string, tell: Tell): Promise<void> {
  if (readRecorded(layout.state)?.way !== 'source') {
    throw new ClusterError('NO_CLUSTER', 'only a cluster from source has components to restart.');
  }
  await restartComponent(layout, name, binaryPath(layout.cache), tell);
}

try {
  process.exitCode = await main(process.argv.slice(2), (line) => console.log(line));
} catch (error) {
  if (!(error instanceof ClusterError)) {
    throw error;
  }
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = error.code === 'BAD_ARGUMENTS' ? 2 : 1;
}
