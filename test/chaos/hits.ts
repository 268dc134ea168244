/** Counts how often each step runs: a step asks for `/REPO/BUILD/STEP`. */
import { once } from 'node:events';
import { createServer } from 'node:http';

export interface Hits {
  /** `http://host:port`. */
  readonly url: string;
  /** By the name of the step. */
  of(repo: string, build: number): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** @param host where Pods reach this machine */
export async function countHits(host: string): Promise<Hits> {
  const counts = new Map<string, Map<string, number>>();
  const server = createServer((request, response) => {
    const [, repo = '', build = '', step = ''] = (request.url ?? '').split('/');
    const key = `${repo}/${build}`;
    const own = counts.get(key) ?? new Map<string, number>();
    counts.set(key, own.set(step, (own.get(step) ?? 0) + 1));
    response.end();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://${host}:${port}`,
    of: (repo, build) => counts.get(`${repo}/${build}`) ?? new Map(),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
