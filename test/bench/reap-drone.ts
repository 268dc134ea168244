/** The Drone server of `npm run bench:reap`: real stages of the real one, and many more that a double answers for. */
import type { ServerStep } from '../../runtime/drone/rpc.ts';
import type { Daemons } from '../e2e/daemon.ts';
import { pipeline } from '../e2e/daemon-repo.ts';
import { FIRST_STAGE, type BegunStage } from '../e2e/reap-objects.ts';
import type { FaultProxy } from '../stack/fault-proxy.ts';

const MACHINE = 'bench';
/** What a runner adds to recognise its own stages. */
const TAG = '0badcafe';
/** Those of the double; no other object has such an id. */
const FIRST_BEGUN = FIRST_STAGE - 1_000_000;
const TWO_STEPS =
  'steps:\n  - {name: first, image: busybox, commands: ["true"]}\n  - {name: second, image: busybox, commands: ["true"]}';
const NAMES = ['first', 'second'] as const;

export interface Double {
  readonly stages: readonly BegunStage[];
  /** Stages that were given an end, with the reason, and whose steps were, too. */
  closed(): number;
}

/** Answers for `count` stages that run; all else goes to the server behind the proxy. */
export function openDouble(proxy: FaultProxy, count: number): Double {
  const ends = new Map<number, string>();
  const steps = new Map<number, string>();
  const isOwn = (stage: number): boolean => stage >= FIRST_BEGUN && stage < FIRST_BEGUN + count;
  const begun = Array.from({ length: count }, (_, index) => begunStage(FIRST_BEGUN + index));
  proxy.disturb(({ body, method, path }) => {
    const [, kind, text] = /^\/rpc\/v2\/(stage|step)\/(\d+)$/.exec(path) ?? [];
    const id = Number(text);
    const stage = kind === 'step' ? Math.floor(id / 10) : id;
    if (path.startsWith('/api/repos/double/')) return { kind: 'answer', status: 404 };
    if (kind === undefined || !isOwn(stage)) return undefined;
    if (method === 'GET') return answer(details(stage, ends.get(stage)));
    const written: { status: string; error?: string; version: number } = JSON.parse(body);
    if (kind === 'step') {
      // As the server stores them: the first runs, the second waits.
      if (written.version !== (id % 10 === 1 ? 2 : 1)) return OPTIMISTIC_LOCK;
      steps.set(id, written.status);
      return answer(written);
    }
    if (ends.has(stage)) return OPTIMISTIC_LOCK;
    ends.set(stage, `${written.status} ${written.error}`);
    return answer({ ...written, version: written.version + 1, steps: [] });
  });
  return {
    stages: begun,
    closed: () =>
      begun.filter(
        ({ id }) =>
          REASON.test(ends.get(id) ?? '') &&
          steps.get(id * 10 + 1) === 'killed' &&
          steps.get(id * 10 + 2) === 'skipped',
      ).length,
  };
}

const REASON = /^error .*runner that watched/;
const OPTIMISTIC_LOCK = {
  kind: 'answer',
  status: 500,
  body: JSON.stringify({ message: 'Optimistic Lock Error' }),
} as const;

const answer = (value: object) =>
  ({ kind: 'answer', status: 200, body: JSON.stringify(value) }) as const;

const begunStage = (id: number): BegunStage => ({
  id,
  build: id,
  machine: `${MACHINE}.${TAG}`,
  steps: NAMES.map((name, index) => ({
    id: id * 10 + index + 1,
    step_id: id,
    number: index + 1,
    name,
    status: 'pending',
    exit_code: 0,
    version: 1,
  })),
});

function details(id: number, end: string | undefined): object {
  const build = { id, number: 1, status: 'running', event: 'push', stages: [] };
  const repository = { id: 1, namespace: 'double', name: 'double', slug: 'double/double' };
  const status = end?.split(' ')[0] ?? 'running';
  const machine = `${MACHINE}.${TAG}`;
  const stage = { id, build_id: id, number: 1, name: 'default', status, machine, version: 3 };
  return { repository, build, stage, config: { Data: '' }, secrets: [], system: {} };
}

export interface RealStages {
  readonly stages: readonly BegunStage[];
  /** Builds that have ended with the reason, their steps `killed` and `skipped`. */
  closed(): Promise<number>;
}

/** Builds of the real server, each with a stage that a runner has begun which is no more. */
export async function beginStages(
  {
    api,
    label,
    repo,
    stack,
  }: Pick<Daemons, 'api' | 'label' | 'stack'> & {
    readonly repo: { readonly slug: string };
  },
  count: number,
): Promise<RealStages> {
  const text = pipeline(TWO_STEPS).replaceAll('LABEL', label);
  await api.push(repo.slug, { '.drone.yml': text }, 'the pipeline [CI SKIP]');
  const numbers: number[] = [];
  const stages: BegunStage[] = [];
  const call = async (method: string, path: string, body?: object): Promise<string> => {
    const response = await fetch(`${stack.drone}/rpc/v2${path}`, {
      method,
      headers: { 'x-drone-token': stack.rpcSecret },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${said}`);
    return said;
  };
  for (let index = 0; index < count; index += 1) {
    numbers.push((await api.createBuild(repo.slug)).number);
    stages.push(await begin(call, label));
  }
  const isClosed = async (number: number): Promise<boolean> => {
    const { finished, stages: found } = await api.build(repo.slug, number);
    const [stage] = found;
    const steps = stage?.steps?.map(({ status }) => status).join(' ');
    const end = `${stage?.status} ${stage?.error}`;
    return finished > 0 && REASON.test(end) && steps === 'killed skipped';
  };
  return {
    stages,
    closed: async () => {
      let closed = 0;
      for (const number of numbers) if (await isClosed(number)) closed += 1;
      return closed;
    },
  };
}

type Call = (method: string, path: string, body?: object) => Promise<string>;

async function begin(call: Call, only: string): Promise<BegunStage> {
  const filter = { kind: 'pipeline', type: 'kubernetes', labels: { only } };
  const taken: { readonly id: number } = JSON.parse(await call('POST', '/stage', filter));
  const machine = `${MACHINE}.${TAG}`;
  await call('POST', `/stage/${taken.id}?machine=${machine}`);
  const found: { readonly stage: object; readonly build: { readonly id: number } } = JSON.parse(
    await call('GET', `/stage/${taken.id}`),
  );
  const started = Math.floor(Date.now() / 1000);
  const steps = NAMES.map((name, index) => ({
    step_id: taken.id,
    number: index + 1,
    name,
    status: 'pending',
  }));
  const running = { ...found.stage, status: 'running', started, steps };
  const written: { readonly steps: readonly ServerStep[] } = JSON.parse(
    await call('PUT', `/stage/${taken.id}`, running),
  );
  const [first] = written.steps;
  await call('PUT', `/step/${first?.id}`, { ...first, status: 'running', started });
  return { id: taken.id, build: found.build.id, machine, steps: written.steps };
}
