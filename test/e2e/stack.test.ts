/** The stack for tests, without our runner: this file plays one by plain HTTP. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stackApi, type Repository, type StackApi } from '../stack/drone-api.ts';
import { readStack, type Stack } from '../stack/state.ts';

const LABEL = randomBytes(4).toString('hex');

// The label keeps it from the other runners of this server.
const PIPELINE = `
kind: pipeline
type: kubernetes
name: default
node: { only: "${LABEL}" }
steps:
  - name: greet
    image: busybox
    commands: [ echo hello ]
`;

interface RawStep {
  readonly id: number;
  readonly version: number;
}

interface RawStage {
  readonly id: number;
  readonly build_id: number;
  readonly machine?: string;
  readonly version: number;
  readonly steps?: readonly RawStep[];
}

interface RawDetails {
  readonly stage: RawStage;
  readonly config: { readonly Data: string };
  readonly netrc: { readonly login: string; readonly password: string } | null;
}

let stack: Stack;
let api: StackApi;
const made: string[] = [];

beforeAll(() => {
  const found = readStack();
  if (found === undefined) throw new Error('no stack: npm run stack -- up');
  stack = found;
  api = stackApi(stack);
});

afterAll(async () => {
  for (const slug of made) await api.deleteRepo(slug);
}, 30_000);

async function newRepo(options: { readonly private?: boolean } = {}): Promise<Repository> {
  const repo = await api.createRepo(`stack-${randomBytes(4).toString('hex')}`, options);
  made.push(repo.slug);
  return repo;
}

async function rpc(method: string, path: string, body?: object) {
  const response = await fetch(`${stack.drone}/rpc/v2${path}`, {
    method,
    headers: { 'x-drone-token': stack.rpcSecret },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

async function nextStage(): Promise<RawStage> {
  const filter = { kind: 'pipeline', type: 'kubernetes', labels: { only: LABEL } };
  const { text } = await rpc('POST', '/stage', filter);
  const stage: RawStage = JSON.parse(text);
  return stage;
}

async function details(stage: RawStage): Promise<RawDetails> {
  const { text } = await rpc('GET', `/stage/${stage.id}`);
  const found: RawDetails = JSON.parse(text);
  return found;
}

async function put<T extends RawStage | RawStep>(path: string, body: T): Promise<T> {
  const { text } = await rpc('PUT', path, body);
  const updated: T = JSON.parse(text);
  return updated;
}

describe('a pushed commit', () => {
  test('becomes a build, and what a runner reports is what the API shows', async () => {
    const repo = await newRepo();
    const commit = await api.push(repo.slug, { '.drone.yml': PIPELINE, 'a/b': 'c' }, 'first');
    await api.waitForBuild(repo.slug, commit, ({ status }) => status === 'pending', 20_000);

    const { id } = await nextStage();
    await expect(api.queue()).resolves.toContainEqual(expect.objectContaining({ id }));
    const accepted = await rpc('POST', `/stage/${id}?machine=player`);
    expect(accepted.status).toBe(200);
    await expect(rpc('POST', `/stage/${id}?machine=other`)).resolves.toMatchObject({ status: 409 });

    const { stage, config, netrc } = await details({ id, build_id: 0, version: 0 });
    expect(stage.machine).toBe('player');
    expect(Buffer.from(config.Data, 'base64').toString()).toContain('name: greet');
    expect(netrc).toBeNull();

    const now = Math.floor(Date.now() / 1000);
    const planned = { step_id: id, status: 'pending', exit_code: 0, id: 0, version: 0 };
    const running = await put(`/stage/${id}`, {
      ...stage,
      status: 'running',
      started: now,
      steps: [
        { ...planned, number: 1, name: 'clone' },
        { ...planned, number: 2, name: 'greet' },
      ],
    });
    const [clone, greet] = running.steps ?? [];
    if (clone === undefined || greet === undefined) throw new Error('the server kept no steps');
    const started = await put(`/step/${greet.id}`, { ...greet, status: 'running', started: now });
    const lines = [{ pos: 0, out: 'hello\n', time: 0 }];
    await rpc('POST', `/step/${greet.id}/logs/upload`, lines);
    const ended = { ...started, status: 'failure', exit_code: 3, stopped: now + 1 };
    await put(`/stage/${id}`, {
      ...running,
      status: 'failure',
      stopped: now + 1,
      steps: [{ ...clone, status: 'skipped' }, ended],
    });

    const build = await api.waitForBuild(repo.slug, commit, ({ finished }) => finished > 0, 20_000);
    expect(build.status).toBe('failure');
    expect(build.stages[0]?.steps).toMatchObject([
      { name: 'clone', status: 'skipped' },
      { name: 'greet', status: 'failure', exit_code: 3 },
    ]);
    await expect(api.logs(repo.slug, build.number, 1, 2)).resolves.toEqual(lines);
    await expect(api.logs(repo.slug, build.number, 1, 1)).resolves.toBeUndefined();
  }, 30_000);

  test('of a private repository comes with credentials that can clone it', async () => {
    const repo = await newRepo({ private: true });
    await api.push(repo.slug, { '.drone.yml': PIPELINE }, 'secret');
    const { netrc } = await details(await nextStage());
    const basic = Buffer.from(`${netrc?.login}:${netrc?.password}`).toString('base64');
    const clone = async (headers: Record<string, string>) =>
      (await fetch(`${repo.cloneUrl}/info/refs?service=git-upload-pack`, { headers })).status;
    await expect(clone({ authorization: `Basic ${basic}` })).resolves.toBe(200);
    await expect(clone({})).resolves.toBe(401);
  }, 30_000);
});

describe('a build without a push', () => {
  test('is made and cancelled', async () => {
    const repo = await newRepo();
    const commit = await api.push(repo.slug, { '.drone.yml': PIPELINE }, 'first [CI SKIP]');
    const build = await api.createBuild(repo.slug, { WORD: 'x y' });
    expect(build).toMatchObject({ number: 1, event: 'custom', after: commit, status: 'pending' });
    await api.cancel(repo.slug, build.number);
    await expect(api.build(repo.slug, build.number)).resolves.toMatchObject({ status: 'killed' });
  }, 30_000);
});
