/** A server with its dashboard, for the tests of what it answers. */
import { afterEach } from '@jest/globals';
import {
  startHttpServer,
  type HttpOptions,
  type HttpServer,
} from '../../../runtime/telemetry/http.ts';
import { LogBook } from '../../../runtime/telemetry/log-book.ts';
import { createLogger } from '../../../runtime/telemetry/logger.ts';
import { historyOf, NOW } from './stages.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** The password has a colon and a letter that is not ASCII. */
const ACCESS = { username: 'octo', password: 'pä:ss', realm: 'MyRealm' };
export const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
export const AUTHORIZED = { authorization: basic('octo:pä:ss') };

export interface Started {
  readonly server: HttpServer;
  readonly book: LogBook;
  readonly lines: string[];
  readonly get: (
    path: string,
    headers?: Record<string, string>,
    method?: string,
  ) => Promise<Response>;
}

/** Stops with the test. */
export async function start(options: Partial<HttpOptions> = {}): Promise<Started> {
  const lines: string[] = [];
  const book = new LogBook();
  const out = { write: (line: string) => void lines.push(line) };
  const now = (): number => NOW;
  const logger = createLogger({ debug: false, trace: false, secrets: [], book, now, out });
  const server = await startHttpServer({
    address: { host: '127.0.0.1', port: 0 },
    dashboard: ACCESS,
    runner: { name: 'runner-1', version: '1.2.3', capacity: 100 },
    health: () => [],
    contacts: () => [],
    metrics: { text: async () => 'a_metric 1\n', contentType: 'text/plain; version=0.0.4' },
    history: historyOf([]),
    log: book,
    logger,
    now,
    ...options,
  });
  servers.push(server);
  const get: Started['get'] = (path, headers = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { headers, method });
  return { server, book, lines, get };
}
