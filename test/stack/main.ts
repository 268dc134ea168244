import { ClusterError } from '../cluster/errors.ts';
import { withLock } from '../cluster/lock.ts';
import type { Tell } from '../cluster/progress.ts';
import { ownStackLayout, STACK_NAME } from './settings.ts';
import { down, status, tellAccess, up } from './stack.ts';

const USAGE = `A real Drone server and a real Git host (Gitea) for the tests, beside the cluster.

  npm run stack -- up       make them, or repair them; builds both from source the first time
  npm run stack -- status   exit code 0 when they are healthy, else 1
  npm run stack -- down     remove every trace of them but the cache`;

/** @returns the exit code */
async function main(verb: string | undefined, tell: Tell): Promise<number> {
  const layout = ownStackLayout();
  const alone = (work: () => Promise<void>) =>
    withLock(STACK_NAME, work, () => tell('waiting for another `npm run stack` to end'));
  switch (verb) {
    case 'up':
      await alone(async () => tellAccess(await up(layout, tell), tell));
      return 0;
    case 'down':
      await alone(() => down(layout, tell));
      return 0;
    case 'status':
      return (await status(layout, tell)) ? 0 : 1;
    case undefined:
    default:
      tell(USAGE);
      return verb === '--help' || verb === '-h' ? 0 : 2;
  }
}

try {
  process.exitCode = await main(process.argv[2], (line) => console.log(line));
} catch (error) {
  if (!(error instanceof ClusterError)) {
    throw error;
  }
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
