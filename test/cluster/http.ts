import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface Credentials {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** One GET; undefined when there is no answer within `timeoutMs`. */
export function get(
  url: string,
  credentials: Credentials = {},
  timeoutMs = 2000,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = url.startsWith('https:') ? tlsRequest : plainRequest;
    const outgoing = request(
      url,
      { ...credentials, agent: false, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => resolve(undefined));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.end();
  });
}

/** Whether anything accepts a connection: at a Unix socket, by its path, or at a host and port. */
export function accepts(where: string | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof where === 'string' ? connect(where) : connect(where);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
