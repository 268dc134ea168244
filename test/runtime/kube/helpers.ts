import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Clock } from '../../../runtime/kube/clock.ts';
import type { KubeAccess } from '../../../runtime/kube/config.ts';
import { Transport, type TransportOptions } from '../../../runtime/kube/transport.ts';

export const plainAccess = (server: string): KubeAccess => ({
  server,
  namespace: 'default',
  credentials: async () => ({ headers: { Authorization: 'Bearer secret-token' }, tls: {} }),
});

/** Sleeping takes no time, but the clock says that it did. */
export function instantClock(): Clock & { readonly sleeps: number[] } {
  let now = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    sleep: async (milliseconds, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      now += milliseconds;
      sleeps.push(milliseconds);
    },
  };
}

export interface FakeApi {
  readonly server: Server;
  readonly url: string;
  readonly transport: Transport;
  close(): Promise<void>;
}

/** A server on a free port and a transport to it. */
export async function fakeApi(
  listener: RequestListener,
  options: TransportOptions = {},
): Promise<FakeApi> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server)}`;
  const transport = new Transport(plainAccess(url), options);
  const close = async (): Promise<void> => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  };
  return { server, url, transport, close };
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export const failure = (code: number, reason: string, message: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
});
