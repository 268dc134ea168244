import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createDroneClient, type DroneClient } from '../../../runtime/drone/client.ts';
import {
  DroneError,
  isAlreadyStored,
  isConflict,
  isNoRows,
  isOwnConflict,
  isUnknownStream,
} from '../../../runtime/drone/errors.ts';
import type { CallReport } from '../../../runtime/drone/http.ts';
import type { ServerStage, ServerStep } from '../../../runtime/drone/rpc.ts';
import { LimitClock } from './clocks.ts';
import { bodyOf, listen, type FakeHttp } from './fake-http.ts';

const SECRET = 'rpc-secret';
const FILTER = { kind: 'pipeline', type: 'kubernetes', labels: {} } as const;
const STAGE: ServerStage = {
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
const STEP: ServerStep = {
  id: 9,
  step_id: 7,
  number: 1,
  name: 'build',
  status: 'running',
  exit_code: 0,
  started: 1,
  version: 1,
};

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
  readonly token: string | string[] | undefined;
}

const never = new AbortController().signal;
const clean: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(clean.splice(0).map(async (end) => end()));
});

interface Double extends FakeHttp {
  readonly drone: DroneClient;
  readonly clock: LimitClock;
  readonly seen: Seen[];
  readonly reports: CallReport[];
  readonly dumped: string[];
}

/** An HTTP double that gives the answers in turn, the last one again and again. */
async function double(...answers: readonly RequestListener[]): Promise<Double> {
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

const says =
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
const loses: RequestListener = (request) => request.socket.destroy();
const hangs: RequestListener = () => undefined;

/** Every call, what it sends, and an answer to it. */
const CALLS: readonly {
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
const REPEATED = CALLS.filter(({ name }) => name !== 'watch' && name !== 'batch');

describe('what is sent and read', () => {
  test.each(CALLS)('$name', async ({ send, sent, answer, result }) => {
    const { drone, seen } = await double(says(200, answer));
    expect(await send(drone, never)).toEqual(result);
    const body = typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body);
    expect(seen).toEqual([{ ...sent, body, token: SECRET }]);
  });

  test('details, with what Go leaves out as empty and without the key in the repository', async () => {
    const { drone } = await double(
      says(200, {
        repository: {
          id: 1,
          slug: 'a/b',
          timeout: 60,
          secret: 'repo-key',
          config_path: '.drone.yml',
        },
        build: {
          id: 3,
          params: { a: 'b' },
          timestamp: 5,
          stages: [{ id: 7, name: 'x', status: 'pending' }],
        },
        stage: { ...STAGE, depends_on: null, labels: { gpu: 'yes' } },
        config: { Data: Buffer.from('kind: pipeline # é').toString('base64'), Hash: null },
        secrets: [{ name: 'token', data: 'v', pull_request: true, namespace: 'a' }],
        system: { host: 'ci' },
        netrc: null,
      }),
    );
    const details = await drone.details(7, never);
    expect(details).toMatchObject({
      repo: { id: 1, slug: 'a/b', timeout: 60, trusted: false, scm: '', config_path: '.drone.yml' },
      repoSecret: 'repo-key',
      build: { id: 3, deploy_id: 0, params: { a: 'b' }, timestamp: 5, stages: [{ name: 'x' }] },
      stage: { ...STAGE, labels: { gpu: 'yes' } },
      config: 'kind: pipeline # é',
      secrets: [{ name: 'token', data: 'v', pull_request: true }],
      system: { proto: '', host: 'ci', link: '', version: '' },
    });
    expect(details.netrc).toBeUndefined();
    expect(JSON.stringify(details.repo)).not.toContain('repo-key');
  });

  test('a stage goes back as it came, fields included that are not known here', async () => {
    const wire = {
      ...STAGE,
      limit: 3,
      on_failure: true,
      labels: { a: 'b' },
      new_column: [1, null],
    };
    const { drone, seen } = await double(says(200, wire));
    const stage = await drone.request(FILTER, never);
    if (stage === undefined) throw new Error('no stage');
    await drone.putStage({ ...stage, status: 'running' }, [], never);
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ ...wire, status: 'running', steps: [] });
  });

  test('a base path is kept', async () => {
    const { url, seen } = await double(says(200));
    const options = { secret: SECRET, tls: { skipVerify: false }, environment: {} };
    const drone = createDroneClient({ ...options, url: `${url}/drone` });
    clean.push(async () => drone.close());
    await drone.ping(never);
    expect(seen[0]?.url).toBe('/drone/rpc/v2/ping');
  });
});

describe('answers that are final', () => {
  test.each([
    { status: 401, code: 'drone-unauthorized', says: /DRONE_RPC_SECRET/ },
    { status: 403, code: 'drone-unauthorized', says: /DRONE_RPC_SECRET.*DRONE_RPC_HOST/ },
    { status: 404, code: 'drone-not-found', says: /DRONE_RPC_HOST/ },
    { status: 409, code: 'drone-conflict', says: /somebody else/ },
    { status: 413, code: 'drone-rejected', says: /client_max_body_size/ },
    { status: 400, code: 'drone-rejected', says: /status 400: why/ },
    { status: 500, code: 'drone-rejected', says: /status 500\): why/ },
    { status: 501, code: 'drone-rejected', says: /status 501\): why/ },
    { status: 307, code: 'drone-bad-answer', says: /redirect to https:\/\/ci\.example\.com;/ },
  ])('$status', async ({ status, code, says: text }) => {
    const location = { location: 'https://ci.example.com/x?token=1' };
    const { drone, seen, reports } = await double(says(status, 'why', location));
    const error = await drone.putStage(STAGE, [], never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, status, afterRetry: false });
    expect(String(error)).toMatch(text);
    expect(seen).toHaveLength(1);
    expect(reports).toMatchObject([{ call: 'putStage', attempt: 1, error, retryIn: undefined }]);
  });

  test('a conflict that the server tells as a failure', async () => {
    const { drone } = await double(says(500, '1 error occurred:\n\t* Optimistic Lock Error\n\n'));
    await expect(drone.putStep(STEP, never)).rejects.toMatchObject({ code: 'drone-conflict' });
  });

  test('a card for a server that takes none', async () => {
    const { drone } = await double(says(404));
    const sending = drone.card(9, { schema: 's', data: 1 }, never);
    await expect(sending).rejects.toThrow('takes no cards; use version 2');
    await expect(sending).rejects.toMatchObject({ code: 'drone-not-found' });
  });

  test('the text of a server is one line of 300 characters at most, without the secret', async () => {
    const { drone } = await double(says(500, `a\nb\t${SECRET}\u001b[31m ${'x'.repeat(5_000)}`));
    const error = await drone.putStep(STEP, never).catch((thrown: unknown) => thrown);
    if (!(error instanceof DroneError)) throw new Error('no error');
    expect(error.message).not.toContain(SECRET);
    expect(error.message).toMatch(/^[^\p{Cc}]+: a b \*{6} \[31m x+…$/u);
    expect(error.text.length).toBeLessThanOrEqual(300);
  });

  test('an answer of the wrong shape names the field, not its value', async () => {
    const { drone, seen } = await double(says(200, { ...STAGE, version: 'hunter2' }));
    const error = drone.accept(7, 'm', never);
    await expect(error).rejects.toMatchObject({ code: 'drone-bad-answer' });
    await expect(error).rejects.toThrow(/stage\.version is not a number/);
    await expect(error).rejects.not.toThrow(/hunter2/);
    expect(seen).toHaveLength(1);
  });

  test.each([
    { text: 'UNIQUE constraint failed: logs.log_id', is: isAlreadyStored },
    { text: 'pq: duplicate key value violates unique constraint "logs_pkey"', is: isAlreadyStored },
    { text: "Error 1062: Duplicate entry '9' for key 'PRIMARY'", is: isAlreadyStored },
    { text: 'sql: no rows in result set', is: isNoRows },
    { text: 'stream: not found', is: isUnknownStream },
  ])('knows "$text"', async ({ text, is }) => {
    const { drone } = await double(says(500, text));
    const error = await drone.upload(9, [], never).catch((thrown: unknown) => thrown);
    const known = [isAlreadyStored, isNoRows, isUnknownStream].filter((isKnown) => isKnown(error));
    expect(known).toEqual([is]);
    expect(isConflict(error)).toBe(false);
  });
});

describe('a server that is not there for a while', () => {
  const TROUBLES = [
    { trouble: 'a connection that breaks', fail: loses },
    { trouble: 'a proxy without a server', fail: says(502, '<html>Bad gateway</html>') },
    { trouble: 'a service without endpoints', fail: says(503) },
    { trouble: 'a limit of a proxy', fail: says(504) },
    { trouble: 'too many requests', fail: says(429) },
    { trouble: 'a login page', fail: says(200, '<!DOCTYPE html><title>Log in</title>') },
  ];
  const cases = REPEATED.flatMap((call) => TROUBLES.map((trouble) => ({ ...call, ...trouble })));

  test.each(cases)('$name goes on after $trouble', async ({ send, fail, answer, result }) => {
    const { drone, seen } = await double(fail, fail, says(200, answer));
    expect(await send(drone, never)).toEqual(result);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
    expect(seen).toHaveLength(3);
  });

  test.each(['accept', 'putStage', 'putStep'])(
    '%s goes on after 204 and after garbage',
    async (name) => {
      const call = CALLS.find((one) => one.name === name);
      const { drone, seen } = await double(
        says(204),
        says(200, 'ok'),
        says(200, ''),
        says(200, call?.answer),
      );
      expect(await call?.send(drone, never)).toEqual(call?.result);
      expect(seen).toHaveLength(4);
    },
  );

  test.each(REPEATED)('$name goes on after a hang', async ({ send, answer, result }) => {
    let clock: LimitClock | undefined;
    const server = await double(() => setImmediate(() => clock?.expire()), says(200, answer));
    clock = server.clock;
    expect(await send(server.drone, never)).toEqual(result);
    expect(server.reports[0]?.error?.message).toMatch(/in (30|60|120) s/);
  });

  test('waits longer and longer, 10 s at most, for ever', async () => {
    const { drone, clock, reports } = await double(...Array(40).fill(says(502)), says(200));
    await drone.ping(never);
    expect(clock.pauses).toHaveLength(40);
    expect(clock.pauses.slice(0, 3)).toEqual([300, 600, 1_200]);
    expect(Math.max(...clock.pauses)).toBe(7_500);
    expect(reports.map(({ retryIn }) => retryIn)).toEqual([...clock.pauses, undefined]);
  });

  test('a retry ends with the signal, with its reason', async () => {
    const stop = new AbortController();
    const { drone } = await double(says(502), () => stop.abort(new Error('stopped')));
    await expect(drone.putStep(STEP, stop.signal)).rejects.toThrow('stopped');
    await expect(drone.ping(stop.signal)).rejects.toThrow('stopped');
  });

  test('closing ends what is under way, and what comes later', async () => {
    const { drone } = await double(hangs);
    const ping = drone.ping(never);
    const request = drone.request(FILTER, never);
    const ended = Promise.allSettled([ping, request]);
    await drone.close();
    for (const call of [ping, request, drone.putStep(STEP, never)]) {
      await expect(call).rejects.toThrow('closed here');
    }
    await ended;
  });

  test.each(['watch', 'batch'])('%s is sent once', async (name) => {
    const call = CALLS.find((one) => one.name === name);
    const { drone, seen } = await double(says(502));
    await expect(call?.send(drone, never)).rejects.toMatchObject({ code: 'drone-unavailable' });
    expect(seen).toHaveLength(1);
  });

  test('nobody listens at all', async () => {
    const http = await double();
    const { drone, url, clock } = http;
    clean.splice(0);
    await http.close();
    const call = drone.batch(9, [], never);
    await expect(call).rejects.toMatchObject({ code: 'drone-unavailable', sent: false });
    await expect(call).rejects.toThrow(
      `no answer from ${url} (ECONNREFUSED); check DRONE_RPC_HOST`,
    );
    expect(clock.pauses).toEqual([]);
    await drone.close();
  });
});

describe('a conflict', () => {
  test.each(['accept', 'putStage', 'putStep'])('of a repeated %s may be its own', async (name) => {
    const call = CALLS.find((one) => one.name === name);
    const { drone } = await double(loses, says(409));
    const error = await call?.send(drone, never).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'drone-conflict', afterRetry: true });
    expect(isOwnConflict(error)).toBe(true);
  });

  test('is somebody else’s where the server cannot have heard the first attempt', async () => {
    const first = await listen(createServer(says(409)));
    await first.close();
    const { promise: refused, resolve: onRefused } = Promise.withResolvers<void>();
    const { promise: serving, resolve: onServing } = Promise.withResolvers<void>();
    const drone = createDroneClient({
      url: first.url,
      secret: SECRET,
      tls: { skipVerify: false },
      environment: {},
      clock: {
        now: () => 0,
        sleep: async (ms, signal) => (ms < 5_000 ? serving : new LimitClock().sleep(ms, signal)),
      },
      onCall: () => onRefused(),
    });
    const accepting = drone.accept(7, 'm', never).catch((thrown: unknown) => thrown);
    await refused;
    const second = createServer(says(409)).listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(second, 'listening');
    onServing();
    expect(await accepting).toMatchObject({ code: 'drone-conflict', afterRetry: false });
    await drone.close();
    second.close();
  });
});

describe('polls', () => {
  test('nothing to do; a server that says so at once is asked once a second', async () => {
    const { drone, clock } = await double(says(204));
    expect(await drone.request(FILTER, never)).toBeUndefined();
    expect(await drone.watch(3, never)).toBe(false);
    expect(clock.pauses).toEqual([1_000, 1_000]);
  });

  test('a login page is no cancellation', async () => {
    const { drone } = await double(says(200, '<html>'));
    await expect(drone.watch(3, never)).rejects.toMatchObject({ code: 'drone-bad-answer' });
  });

  test('do not keep other calls waiting', async () => {
    const stop = new AbortController();
    const { drone, seen } = await double(...Array(50).fill(hangs), says(200));
    const polls = Array.from({ length: 50 }, async () => drone.watch(3, stop.signal));
    const ended = Promise.allSettled(polls);
    while (seen.length < 50) await new Promise((resolve) => setImmediate(resolve));
    await drone.ping(never);
    stop.abort();
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
  });
});

describe('the dump', () => {
  test('has the traffic, but no token and no secret', async () => {
    const { drone, dumped } = await double(
      says(200, {
        repository: { id: 1, secret: 'repo-key' },
        build: { id: 3 },
        stage: STAGE,
        config: { Data: 'cGlwZWxpbmU=' },
        secrets: [{ name: 'token', data: 'va"lue' }],
        netrc: { machine: 'git', login: 'me', password: 'pass-word' },
      }),
    );
    await drone.details(7, never);
    const text = dumped.join('\n');
    expect(text).toMatch(/^GET \/rpc\/v2\/stage\/7 HTTP\/1\.1\n/);
    expect(text).toContain('X-Drone-Token: ******');
    expect(text).toContain('"Data":"cGlwZWxpbmU="');
    for (const hidden of [SECRET, 'repo-key', 'lue', 'pass-word'])
      expect(text).not.toContain(hidden);
  });
});

test.each(['drone.example.com', 'ftp://drone', 'https://user:pass@drone', 'http://'])(
  'the address %s is none',
  (url) => {
    const options = { url, secret: SECRET, tls: { skipVerify: false }, environment: {} };
    expect(() => createDroneClient(options)).toThrow(/DRONE_RPC_HOST/);
  },
);
