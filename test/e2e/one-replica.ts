/** The one replica of a file of tests, for tests that run at the same time. */
import { afterAll } from '@jest/globals';
import { openDaemons, type Daemons, type ReplicaOptions } from './daemon.ts';

/**
 * To be called at the top of the file. What it returns starts the replica with its first call:
 * concurrent tests begin before `beforeAll` does.
 */
export function oneReplica(name: string, options: ReplicaOptions = {}): () => Promise<Daemons> {
  let opened: Promise<Daemons> | undefined;
  afterAll(async () => {
    await (await opened)?.close();
  }, 60_000);
  return async () => {
    opened ??= openDaemons(name).then(async (made) => {
      await made.start(options);
      return made;
    });
    return opened;
  };
}
