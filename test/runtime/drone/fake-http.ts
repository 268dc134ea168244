/** The fake Drone server behind HTTP, as the real one speaks it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { decodeStage, decodeStep, fieldsOf, reader } from '../../../runtime/drone/decode.ts';
import { DroneError } from '../../../runtime/drone/errors.ts';
import type { Details, Filter, Line } from '../../../runtime/drone/rpc.ts';
import type { FakeDrone } from './fake-server.ts';

export interface FakeHttp {
  readonly url: string;
  close(): Promise<void>;
}

type Answer = { readonly status: number; readonly body?: unknown };

/** Serves until it is closed; connections that hang are broken then. */
export async function serveFake(drone: FakeDrone, secret: string): Promise<FakeHttp> {
  return listen(
    createServer((request, response) => {
      void answer(drone, secret, request, response);
    }),
  );
}

/** On a free port of this machine. */
export async function listen(server: Server): Promise<FakeHttp> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${address.port}`, close };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

async function answer(
  drone: FakeDrone,
  secret: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const send = ({ status, body }: Answer): void => {
    response.statusCode = status;
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  try {
    const text = await bodyOf(request);
    if (request.headers['x-drone-token'] !== secret) send({ status: 401 });
    else send(await route(drone, request, text, gone.signal));
  } catch (error) {
    if (error instanceof DroneError && error.status !== undefined) {
      response.statusCode = error.status;
      response.end(error.text);
    } else request.socket.destroy();
  }
}

async function route(
  drone: FakeDrone,
  request: IncomingMessage,
  text: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://drone');
  const id = Number(/\/(\d+)/.exec(pathname)?.[1] ?? 0);
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  switch (`${request.method} ${pathname.replace(/\/\d+/, '/:id')}`) {
    case 'POST /rpc/v2/ping':
      await drone.ping(signal);
      return { status: 200 };
    case 'POST /rpc/v2/stage': {
      const stage = await drone.request(filterOf(body), signal);
      return stage === undefined ? { status: 204 } : { status: 200, body: stage };
    }
    case 'POST /rpc/v2/stage/:id':
      return {
        status: 200,
        body: await drone.accept(id, searchParams.get('machine') ?? '', signal),
      };
    case 'GET /rpc/v2/stage/:id':
      return { status: 200, body: encodeDetails(await drone.details(id, signal)) };
    case 'PUT /rpc/v2/stage/:id': {
      const steps = reader(fieldsOf(body, 'stage'), 'stage').list('steps');
      // The server gives the ids.
      const decoded = steps.map((step) => {
        const fields = fieldsOf(step, 'step');
        return { ...decodeStep({ ...fields, id: fields['id'] || -1 }) };
      });
      const written = await drone.putStage(decodeStage(body), decoded, signal);
      return { status: 200, body: { ...written.stage, steps: written.steps } };
    }
    case 'PUT /rpc/v2/step/:id':
      return { status: 200, body: await drone.putStep(decodeStep(body), signal) };
    case 'POST /rpc/v2/build/:id/watch':
      return { status: (await drone.watch(id, signal)) ? 200 : 204 };
    case 'POST /rpc/v2/step/:id/logs/batch':
      await drone.batch(id, linesOf(body), signal);
      return { status: 200 };
    case 'POST /rpc/v2/step/:id/logs/upload':
      await drone.upload(id, linesOf(body), signal);
      return { status: 200 };
    case 'POST /rpc/v2/step/:id/card': {
      const fields = fieldsOf(body, 'card');
      const schema = reader(fields, 'card').text('schema');
      await drone.card(id, { schema, data: fields['data'] }, signal);
      return { status: 200 };
    }
    default:
      return { status: 404 };
  }
}

function filterOf(body: unknown): Filter {
  const at = reader(fieldsOf(body, 'filter'), 'filter');
  if (at.text('kind') !== 'pipeline' || at.text('type') !== 'kubernetes') {
    throw new DroneError('drone-rejected', 'unknown filter', { status: 500 });
  }
  return { kind: 'pipeline', type: 'kubernetes', labels: at.map('labels') };
}

const linesOf = (body: unknown): Line[] =>
  reader({ lines: body }, 'log')
    .list('lines')
    .map((line) => {
      const at = reader(fieldsOf(line, 'line'), 'line');
      return { pos: at.number('pos'), out: at.text('out'), time: at.number('time') };
    });

const encodeDetails = ({ repo, repoSecret, config, netrc, ...rest }: Details): object => ({
  ...rest,
  repository: { ...repo, secret: repoSecret },
  config: { Data: Buffer.from(config).toString('base64'), Hash: null },
  netrc: netrc ?? null,
});
