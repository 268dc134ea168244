/** The HTTP server of the runner: probes, metrics and, where a password is set, the dashboard. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parseAddress, TelemetryError } from './address.ts';
import type { Logger } from './logger.ts';
import { createRoutes, type Answer, type RouteOptions } from './routes.ts';

export interface HttpOptions extends RouteOptions {
  /** DRONE_SERVER_PORT, see {@link parseAddress}. */
  readonly address: string;
  /** For what goes wrong in an answer. */
  readonly logger: Logger;
}

export interface HttpServer {
  /** The one that was asked for, or the one that was free. */
  readonly port: number;
  /** Ends within 100 ms, whatever connections are open. */
  close(): Promise<void>;
}

/** What is being answered may end within this time; milliseconds. */
const GRACE = 50;

/** Listens. Rejects with a TelemetryError where the address is wrong or taken. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const address = parseAddress(options.address);
  const answer = createRoutes(options);
  const server = createServer((request, response) => {
    void handle(request, response, answer, options.logger);
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  // Longer than the interval of most scrapers, which keep their connection.
  server.keepAliveTimeout = 65_000;
  await listen(server, address, options.address);
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : address.port,
    close: () => close(server),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: IncomingMessage) => Promise<Answer>,
  logger: Logger,
): Promise<void> {
  let given: Answer;
  try {
    given = await answer(request);
  } catch (error) {
    logger.error('an HTTP request could not be answered', { error });
    const body = 'Something is wrong in the runner; its log tells more.\n';
    given = { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
  }
  response.writeHead(given.status, {
    ...given.headers,
    'content-length': Buffer.byteLength(given.body),
  });
  response.end(given.body);
}

function listen(
  server: Server,
  { host, port }: { readonly host: string | undefined; readonly port: number },
  asked: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      const why = code === 'EADDRINUSE' ? 'somebody listens there already' : code;
      const fix = 'set DRONE_SERVER_PORT to an address that is free, such as :3001';
      reject(new TelemetryError('telemetry-listen', `cannot listen on ${asked}: ${why}`, fix));
    });
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), GRACE);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
