/** A proxy between a runner and a Drone server that misbehaves when it is told to. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What may go wrong with one request. */
export type Fault =
  /** The server does not see it; this is the answer. */
  | { readonly kind: 'answer'; readonly status: number; readonly body?: string }
  /** The server does not see it; status 200 with something that is no JSON. */
  | { readonly kind: 'garbage' }
  /** The server does not see it, and there is never an answer. */
  | { readonly kind: 'hang' }
  /** The server does not see it; the connection is cut. */
  | { readonly kind: 'reset' }
  /** The server does what is asked; the connection is cut instead of the answer. */
  | { readonly kind: 'lost' }
  /** The server does what is asked; the answer comes later. */
  | { readonly kind: 'late'; readonly ms: number };

/** A request as a fault may be chosen by it. */
export interface Seen {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
}

/** The request waits until it is chosen. */
type Choose = (request: Seen) => Fault | undefined | Promise<Fault | undefined>;

export interface FaultProxy {
  /** `http://host:port` for the runner. */
  readonly url: string;
  /** Every request since the start, in order. */
  readonly seen: readonly Seen[];
  /** From now on each request is asked what goes wrong with it; undefined for nothing. */
  disturb(choose: Choose): void;
  /** Nothing goes wrong any more; requests that hang are cut. */
  pass(): void;
  /** Nobody listens until `listen`: new connections are refused, those that are there are cut. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens at a free port of `host`.
 * @param target `http://host:port` of the server
 */
export async function openFaultProxy(target: string, host = '127.0.0.1'): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const hanging = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let chosen: Choose = () => undefined;
  let passes = 0;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const asked = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      body: body.toString(),
    };
    seen.push(asked);
    const before = passes;
    const fault = await chosen(asked);
    switch (fault?.kind) {
      case 'answer':
        outgoing.writeHead(fault.status).end(fault.body ?? '');
        return;
      case 'garbage':
        outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{"id": 1, <html>');
        return;
      case 'hang':
        if (passes === before) hanging.add(outgoing);
        else outgoing.destroy();
        return;
      case 'reset':
        outgoing.destroy();
        return;
      case 'lost':
      case 'late':
      case undefined:
        forward(target, incoming, body, outgoing, fault);
    }
  };

  const server = createServer((incoming, outgoing) => {
    // A client that goes away in the middle of its request is no failure of the proxy.
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  let port = 0;
  const listen = async (): Promise<void> => {
    if (server.listening) return;
    server.listen(port, host);
    await once(server, 'listening');
    port = portOf(server.address());
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    sockets.forEach((socket) => socket.destroy());
    await closed;
  };
  await listen();
  return {
    url: `http://${host}:${port}`,
    seen,
    disturb: (choose) => {
      chosen = choose;
    },
    pass: () => {
      passes += 1;
      chosen = () => undefined;
      hanging.forEach((response) => response.destroy());
      hanging.clear();
    },
    refuse,
    listen,
    close: refuse,
  };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The server's side ends with the client's: a long poll that is given up must not stay open there. */
function forward(
  target: string,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
  fault: Extract<Fault, { kind: 'lost' | 'late' }> | undefined,
): void {
  const { host: _, connection: __, 'transfer-encoding': ___, ...headers } = incoming.headers;
  const upstream = request(new URL(incoming.url ?? '/', target), {
    method: incoming.method,
    headers: { ...headers, 'content-length': body.length },
    agent: false,
  });
  outgoing.on('close', () => upstream.destroy());
  upstream.on('error', () => outgoing.destroy());
  upstream.on('response', (response) => {
    const answer = (): void => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.on('error', () => outgoing.destroy());
      response.pipe(outgoing);
    };
    if (fault?.kind === 'lost') outgoing.destroy();
    else if (fault?.kind === 'late') setTimeout(answer, fault.ms);
    else answer();
  });
  upstream.end(body);
}
