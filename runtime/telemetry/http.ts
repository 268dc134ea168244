/** The HTTP server of the runner: probes, metrics and, where a password is set, the dashboard. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ListenAddress } from '../config/address-types.ts';
import type { Logger } from './logger.ts';
import { createRoutes, type Answer, type RouteOptions } from './routes.ts';

export interface HttpOptions extends RouteOptions {
  /** DRONE_SERVER_PORT; the port 0 is any that is free. */
  readonly address: ListenAddress;
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

/** The address cannot be listened on. */
export class TelemetryError extends Error {
  override readonly name = 'TelemetryError';
  readonly code = 'telemetry-listen';
  /** What to write instead. */
  readonly fix = 'set DRONE_SERVER_PORT to an address that is free, such as :3001';
}

/** Listens. Rejects with a TelemetryError where the address is taken or not of this machine. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { address } = options;
  const answer = createRoutes(options);
  const server = createServer((request, response) => {
    void handle(request, response, answer, options.logger);
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 10_000;
  // Longer than the interval of most scrapers, which keep their connection.
  server.keepAliveTimeout = 65_000;
  await listen(server, address);
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

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = 'code' in error ? String(error.code) : error.message;
      const why = code === 'EADDRINUSE' ? 'somebody listens there already' : code;
      reject(new TelemetryError(`cannot listen on ${host}:${port}: ${why}`));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
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
