/**
 * `npm run bench:handoff`: what the Pod costs between steps.
 *
 * - hand-over: from the end of the last command of a step to the start of the first command of the
 *   next one, over twenty steps whose containers are all up. The steps write down the time, to the
 *   microsecond; the end of one shell and the first line of the next are in it. A step sleeps for
 *   0.2 s, so that it is not the kubelet that is measured, which clears away the container before;
 * - ten and thirty steps of `true`: from the creation of the first object to the known result;
 * - requests to the API server for the ten, log streams apart.
 *
 * `-- --json` prints one JSON object instead of the table; `-- --runs N` (5) repeats everything.
 */
import { parseArgs } from 'node:util';
import { compileStage } from '../../runtime/compile/compile.ts';
import { withoutRunner } from '../../runtime/compile/runner-input.ts';
import { buildContext } from '../../runtime/cli/build-context.ts';
import { check, choose } from '../../runtime/cli/pipeline-file.ts';
import { DEFAULT_CLONE_IMAGE, DEFAULT_COORDINATOR_IMAGE } from '../../runtime/contract.ts';
import { systemClock } from '../../runtime/kube/clock.ts';
import { loadConfig } from '../../runtime/kube/config.ts';
import { Transport } from '../../runtime/kube/transport.ts';
import { scripts } from '../../runtime/pod/scripts.ts';
import { feedOfPod } from '../../runtime/stage/cluster-feed.ts';
import { runStage } from '../../runtime/stage/run.ts';
import { specOf } from '../../runtime/stage/spec.ts';
import { readCluster } from '../cluster/state.ts';

interface Measured {
  /** Seconds from the first request to the result. */
  readonly seconds: number;
  readonly requests: number;
  /** Start and end of each step that told them, in unix milliseconds. */
  readonly times: readonly (readonly number[])[];
}

const pipelineOf = (steps: readonly (readonly [string, string])[]): string =>
  [
    'kind: pipeline\ntype: kubernetes\nname: default\nclone: {disable: true}\nsteps:',
    ...steps.map(([name, run]) => `  - {name: ${name}, image: busybox, commands: ["${run}"]}`),
    '',
  ].join('\n');

const steps = (count: number, run: string): (readonly [string, string])[] =>
  Array.from({ length: count }, (_, index) => [`s${index + 1}`, run] as const);

const GIT = {
  branch: '',
  commit: '',
  before: '',
  message: '',
  authorName: '',
  authorEmail: '',
  remote: '',
};

async function measure(kubeconfig: string, text: string, id: string): Promise<Measured> {
  const access = await loadConfig({ kubeconfig });
  const transport = new Transport(access);
  const now = Math.floor(Date.now() / 1000);
  const pipeline = choose(check(text, { trusted: false }).documents, undefined);
  const stage = compileStage({
    pipeline,
    context: buildContext(new Map(), GIT, '.', 'default', now),
    now,
    name: `drone-bench-${process.pid}-${id}`,
    namespace: access.namespace,
    labels: {},
    runner: withoutRunner(pipeline),
    secrets: new Map(),
    globalEnvironment: new Map(),
    scripts: scripts(),
    options: {
      workspace: 'clone',
      include: [],
      exclude: [],
      security: 'default',
      coordinatorImage: DEFAULT_COORDINATOR_IMAGE,
      cloneImage: DEFAULT_CLONE_IMAGE,
      privilegedImages: [],
    },
  });
  // The first connection is not what is measured.
  await transport.request('GET', '/version');
  const before = requestCount(transport);
  const times = new Map<number, number[]>();
  const began = performance.now();
  let seconds = 0;
  const spec = specOf(stage);
  const result = await runStage(
    spec,
    { create: stage },
    {
      transport,
      feed: feedOfPod(transport, spec.namespace, spec.name),
      masks: [],
      longestLine: 65_536,
      patienceMs: 60_000,
      clock: { ...systemClock, wall: () => Date.now() },
      signal: new AbortController().signal,
      limits: { queued: 0, unschedulable: 60_000, starting: 60_000, timeout: 60_000 },
      observer: {
        line: (_step, { text: line }) => {
          const [, number, time] = /^(\d+) (\d{10}\.\d{6})$/.exec(line) ?? [];
          if (number === undefined) return;
          times.set(Number(number), [...(times.get(Number(number)) ?? []), Number(time) * 1000]);
        },
        hole: () => undefined,
        waiting: () => undefined,
        journal: () => undefined,
        result: async () => {
          seconds = (performance.now() - began) / 1000;
          return 'remove';
        },
      },
    },
  );
  const requests = requestCount(transport) - before;
  await transport.close();
  if (result.status !== 'success')
    throw new Error(`the stage was ${result.status}: ${result.error}`);
  return { seconds, requests, times: [...times].sort(([a], [b]) => a - b).map(([, time]) => time) };
}

const requestCount = (transport: Transport): number =>
  [...transport.counts()].reduce((sum, [what, n]) => (what === 'GET pods/log' ? sum : sum + n), 0);

const handOvers = ({ times }: Measured): number[] =>
  times.slice(1).map(([start = 0], index) => start - (times[index]?.at(-1) ?? 0));

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
});
const cluster = readCluster();
if (cluster === undefined) {
  process.stderr.write('no cluster: npm run cluster -- up\n');
  process.exit(2);
}
const runs = Number(values.runs);
const kubeconfig = cluster.kubeconfig;
// Pulls the image, so that no run is a cold one.
await measure(kubeconfig, pipelineOf(steps(1, 'true')), 'warm');
const handoffs: number[] = [];
const ten: Measured[] = [];
const thirty: Measured[] = [];
for (let run = 0; run < runs; run++) {
  // Long enough for the kubelet to have started every container.
  // The file is opened once the start is noted, and open when the end is: writing to it is cheap.
  const note = 'echo $DRONE_STEP_NUMBER';
  const stamps = `s=$EPOCHREALTIME; exec 9>>times; ${note} $s >&9; sleep 0.2; ${note} $EPOCHREALTIME >&9`;
  const work = steps(20, stamps);
  const chain = [['up', 'sleep 8'] as const, ...work, ['show', 'cat times'] as const];
  const up = await measure(kubeconfig, pipelineOf(chain), `h${run}`);
  handoffs.push(...handOvers(up));
  ten.push(await measure(kubeconfig, pipelineOf(steps(10, 'true')), `t${run}`));
  thirty.push(await measure(kubeconfig, pipelineOf(steps(30, 'true')), `m${run}`));
}
const round = (value: number): number => Math.round(value * 1000) / 1000;
const result = {
  handoff_ms: { p50: round(percentile(handoffs, 0.5)), p99: round(percentile(handoffs, 0.99)) },
  ten_steps_s: round(
    percentile(
      ten.map(({ seconds }) => seconds),
      0.5,
    ),
  ),
  thirty_steps_s: round(
    percentile(
      thirty.map(({ seconds }) => seconds),
      0.5,
    ),
  ),
  api_requests: percentile(
    ten.map(({ requests }) => requests),
    0.5,
  ),
};
if (values.json === true) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
} else {
  const rows = [
    ['hand-over, median', `${result.handoff_ms.p50} ms`, '1 ms', '2030 ms'],
    ['hand-over, 99 of 100', `${result.handoff_ms.p99} ms`, '10 ms', '3040 ms'],
    ['ten steps of `true`', `${result.ten_steps_s} s`, '2.5 s', '30.6 s'],
    ['thirty steps of `true`', `${result.thirty_steps_s} s`, '', '76.0 s'],
    ['API requests, ten steps', String(result.api_requests), '10', '27'],
  ];
  const header = ['', 'measured', 'budget', 'drone-runner-kube'];
  for (const [what = '', got = '', budget = '', original = ''] of [header, ...rows]) {
    process.stdout.write(
      `${what.padEnd(26)}${got.padStart(12)}${budget.padStart(10)}${original.padStart(20)}\n`,
    );
  }
}
