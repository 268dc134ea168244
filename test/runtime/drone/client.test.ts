import { afterEach, describe, expect, test } from '@jest/globals';
import { createDroneClient } from '../../../runtime/drone/client.ts';
import {
  DroneError,
  isAlreadyStored,
  isConflict,
  isNoRows,
  isUnknownStream,
} from '../../../runtime/drone/errors.ts';
import {
  clean,
  CALLS,
  FILTER,
  SECRET,
  STAGE,
  STEP,
  double,
  endDoubles,
  never,
  says,
} from './client-double.ts';

afterEach(endDoubles);

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
