/** A double of the Drone server that answers as it is told, and every call of the client. */
import { expect } from '@jest/globals';
import { createServer, type RequestListener } from 'node:http';
import { createDroneClient, type DroneClient } from '../../../runtime/drone/client.ts';
import type { CallReport } from '../../../runtime/drone/http.ts';
import type { ServerStage, ServerStep } from '../../../runtime/drone/rpc.ts';
import { LimitClock } from './clocks.ts';
import { bodyOf, listen, type FakeHttp } from './fake-http.ts';

export const SECRET = 'rpc-secret';
export const FILTER = { kind: 'pipeline', type: 'kubernetes', labels: {} } as const;
export const STAGE: ServerStage = {
  id: 7,
  build_id: 3,
  number: 1,
  name: 'default',
  kind: 'pipeline',
  type: 'kubernetes',
  status: 'pending',
  machine: '',
  os: 'linux',
  arch: 'amd64',
  variant: '',
  version: 2,
  started: 0,
  stopped: 0,
  depends_on: [],
};
export const STEP: ServerStep = {
  id: 9,
  step_id: 7,
  number: 1,
  name: 'build',
  status: 'running',
  exit_code: 0,
  started: 1,
  version: 1,
};

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
  readonly token: string | string[] | undefined;
}

export const never = new AbortController().signal;
export const clean: (() => Promise<void>)[] = [];
/** After each test: ends what `double` began. */
export async function endDoubles(): Promise<void> {
  await Promise.all(clean.splice(0).map(async (end) => end()));
}

export interface Double extends FakeHttp {
  readonly drone: DroneClient;
  readonly clock: LimitClock;
  readonly seen: Seen[];
  readonly reports: CallReport[];
  readonly dumped: string[];
}

/** An HTTP double that gives the answers in turn, the last one again and again. */
export async function double(...answers: readonly RequestListener[]): Promise<Double> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { method, url, headers } = request;
      seen.push({ method, url, body, token: headers['x-drone-token'] });
      answers[Math.min(seen.length, answers.length) - 1]?.(request, response);
    });
  });
  const http = await listen(server);
  const clock = new LimitClock();
  const reports: CallReport[] = [];
  const dumped: string[] = [];
  const drone = createDroneClient({
    url: http.url,
    secret: SECRET,
    tls: { skipVerify: false },
    environment: {},
    clock,
    random: () => 0.5,
    onCall: (report) => void reports.push(report),
    dump: { write: (text) => void dumped.push(text), body: true },
  });
  clean.push(async () => {
    await drone.close();
    await http.close();
  });
  return { ...http, drone, clock, seen, reports, dumped };
}

export const says =
  (
    status: number,
    body: unknown = '',
    headers: Readonly<Record<string, string>> = {},
  ): RequestListener =>
  (_request, response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
/** The server did what it was asked, but nobody hears of it. */
export const loses: RequestListener = (request) => request.socket.destroy();
export const hangs: RequestListener = () => undefined;

/** Every call, what it sends, and an answer to it. */
export const CALLS: readonly {
  readonly name: string;
  readonly send: (drone: DroneClient, signal: AbortSignal) => Promise<unknown>;
  readonly sent: Omit<Seen, 'token' | 'body'> & { readonly body: unknown };
  readonly answer: unknown;
  readonly result: unknown;
}[] = [
  {
    name: 'ping',
    send: async (drone, signal) => drone.ping(signal),
    sent: { method: 'POST', url: '/rpc/v2/ping', body: '' },
    answer: '',
    result: undefined,
  },
  {
    name: 'request',
    send: async (drone, signal) => drone.request({ ...FILTER, labels: { a: 'b' } }, signal),
    sent: { method: 'POST', url: '/rpc/v2/stage', body: { ...FILTER, labels: { a: 'b' } } },
    answer: { ...STAGE, limit: 2 },
    result: { ...STAGE, limit: 2 },
  },
  {
    name: 'accept',
    send: async (drone, signal) => drone.accept(7, 'node 1&x', signal),
    sent: { method: 'POST', url: '/rpc/v2/stage/7?machine=node%201%26x', body: '' },
    answer: { ...STAGE, machine: 'node 1&x' },
    result: { ...STAGE, machine: 'node 1&x' },
  },
  {
    name: 'putStage',
    send: async (drone, signal) => drone.putStage(STAGE, [STEP], signal),
    sent: { method: 'PUT', url: '/rpc/v2/stage/7', body: { ...STAGE, steps: [STEP] } },
    answer: { ...STAGE, version: 3 },
    result: { stage: { ...STAGE, version: 3 }, steps: [] },
  },
  {
    name: 'putStep',
    send: async (drone, signal) => drone.putStep(STEP, signal),
    sent: { method: 'PUT', url: '/rpc/v2/step/9', body: STEP },
    answer: { ...STEP, version: 2 },
    result: expect.objectContaining({ ...STEP, version: 2, depends_on: [], stopped: 0, error: '' }),
  },
  {
    name: 'watch',
    send: async (drone, signal) => drone.watch(3, signal),
    sent: { method: 'POST', url: '/rpc/v2/build/3/watch', body: '' },
    answer: '',
    result: true,
  },
  {
    name: 'batch',
    send: async (drone, signal) => drone.batch(9, [{ pos: 0, out: 'a\n', time: 0 }], signal),
    sent: {
      method: 'POST',
      url: '/rpc/v2/step/9/logs/batch',
      body: [{ pos: 0, out: 'a\n', time: 0 }],
    },
    answer: '',
    result: undefined,
  },
  {
    name: 'upload',
    send: async (drone, signal) => drone.upload(9, [], signal),
    sent: { method: 'POST', url: '/rpc/v2/step/9/logs/upload', body: [] },
    answer: '',
    result: undefined,
  },
  {
    name: 'card',
    send: async (drone, signal) => drone.card(9, { schema: 's', data: { n: 1 } }, signal),
    sent: { method: 'POST', url: '/rpc/v2/step/9/card', body: { schema: 's', data: { n: 1 } } },
    answer: '',
    result: undefined,
  },
];
export const REPEATED = CALLS.filter(({ name }) => name !== 'watch' && name !== 'batch');
